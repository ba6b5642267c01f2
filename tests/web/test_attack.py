"""Hostile requests: never a 5xx but for a deadline, a traceback, an executed line, or an answer that is no problem."""

import json
import re
from pathlib import Path

import pytest

from layercalc.limits import Limits
from layercalc.web import create_app
from tests.web.attacks import ATTACKS


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A service with little patience, so that what is slow is seen to be ended."""
    folder = tmp_path_factory.mktemp("models")
    return create_app(Limits(max_analysis_seconds=1, max_forward_seconds=1), folder).test_client()


def test_there_are_enough_and_none_twice():
    assert len(ATTACKS) >= 450
    names = [one.name for one in ATTACKS]
    assert len(set(names)) == len(names), {name for name in names if names.count(name) > 1}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.name.encode("ascii", "replace").decode())
def test_attack_is_answered(app, attack, tmp_path, caplog):
    pwned = tmp_path / "pwned"
    body = attack.body.replace(b"{pwned}", str(pwned).encode()) if attack.name.startswith("code-") else attack.body
    headers = {**({"Content-Type": "application/octet-stream"} if attack.method == "POST" else {}), **attack.headers}
    answer = app.open(attack.path, method=attack.method, data=body, headers=headers)
    assert answer.status_code in (*attack.right, 503), f"{answer.status_code} {answer.text[:400]}"
    if answer.status_code == 503:
        assert 503 in attack.right or "deadline" in answer.text
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"
        problem = json.loads(answer.data)
        assert problem["status"] == answer.status_code
        assert problem["title"]
        assert problem["detail"]
        assert len(answer.data) < 200_000
        assert not re.search(r'Traceback|File "/|site-packages|/root/|0x[0-9a-f]{8,}', answer.text)
    assert not pwned.exists()
    assert not Path("/tmp/pwned").exists()
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
