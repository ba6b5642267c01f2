"""What `make load` says of its turns."""

import pytest
from benchmarks.load import Load, line

FAST, SLOW, NONE = Load(100.0, 2.0, 8.0, 0), Load(50.0, 4.0, 8.0, 1), Load(0.0, 0.0, 0.0, 0)


@pytest.mark.parametrize(
    ("ours", "bare", "told"),
    [
        ([SLOW] * 3, [FAST] * 3, ["50/s", "100/s", "ratio 0.50 (0.50 to 0.50)", "2.00 × (bare 4.00 ×)", "failed 3"]),
        ([NONE] * 3, [FAST] * 3, ["ratio 0.00 (0.00 to 0.00)", "unknown × (bare 4.00 ×)"]),
        ([FAST] * 3, [NONE] * 3, ["ratio unknown (no turn had answers)", "4.00 × (bare unknown ×)"]),
        ([FAST, SLOW, SLOW], [NONE, FAST, FAST], ["ratio 0.50 (0.50 to 0.50)"]),
    ],
)
def test_a_turn_without_answers_ends_no_run(ours: list[Load], bare: list[Load], told: list[str]):
    said = line("20 layers", ours, bare)
    assert [one for one in told if one not in said] == []
