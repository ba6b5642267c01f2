"""A fault that an op finds stands at the field of the layer, in the layer's words."""

import pytest

from layercalc import InvalidModel, analyze


@pytest.mark.parametrize(
    ("layer", "shape", "field"),
    [
        ({"type": "MelSpectrogram", "fft_length": 64, "sequence_stride": 8, "num_mel_bins": 5}, [20], "fft_length"),
        ({"type": "Conv1D", "filters": 2, "kernel_size": 9}, [4, 1], "kernel_size"),
        ({"type": "MaxPooling1D", "pool_size": 9}, [4, 1], "pool_size"),
        ({"type": "Dense", "units": 3, "dtype": "int8"}, [4], "dtype"),
    ],
)
def test_fault_of_an_op_is_at_the_field_it_comes_from(layer, shape, field):
    with pytest.raises(InvalidModel) as caught:
        analyze({"input_shape": shape, "layers": [layer]})
    assert [fault["pointer"] for fault in caught.value.errors] == [f"/layers/0/{field}"]
