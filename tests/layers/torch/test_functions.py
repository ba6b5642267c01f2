"""Functions have the arguments and defaults that PyTorch's own schemas say (`scripts/record_torch_functions.py`)."""

import gzip
import json

import pytest

from layercalc.layers.torch.base import TORCH
from layercalc.readers.torch import program
from tests import oracle

assert program  # registers the functions
SCHEMAS = json.loads(gzip.decompress((oracle.DATA / "torch_functions.json.gz").read_bytes()))
NOT_OF_ATEN = ("_operator.", "torch.")  # on sizes
OF_TENSORS = {"__add__", "__sub__", "__mul__", "__matmul__"}  # as a trace of Python has them
OF_MODULES = {"softsign", "tanhshrink", "weight_norm", "float", "double", "half", "long", "int"}
ELSEWHERE = {"_adaptive_avg_pool1d", "conv_transpose1d.input", "to.dtype_layout"}  # in other versions of PyTorch
REFUSED = {  # overloads with arguments that are not taken: whoever uses them is told
    *("eq.Tensor_list", "ne.Tensor_list", "mm.dtype", "bmm.dtype", "addmm.dtype", "baddbmm.dtype", "einsum.sublist"),
    *("lstm.data", "gru.data", "rnn_tanh.data", "rnn_relu.data", "_scaled_dot_product_flash_attention.quantized"),
    *("view_copy.dtype", "index.list_Tensor", "scatter.reduce", "scatter.value_reduce", "sort.Tensor"),
    *(f"{name}.generator" for name in ("rand", "randn", "rand_like", "randn_like", "randint", "randperm")),
    *("randint.low_generator", "hamming_window.periodic_alpha", "hamming_window.periodic_alpha_beta"),
    *("tensor_split.tensor_indices_or_sections", "split.", "split.sizes"),
}
SAME = {("linalg_vector_norm", "ord"), ("contiguous", "memory_format")}  # left out, it is what the schema says
SAME |= {(name, "dtype") for name in ("randint", "randperm", "tril_indices", "triu_indices")}  # int64, by its name
KINDS = [
    name
    for name in TORCH.functions
    if not name.startswith(NOT_OF_ATEN) and name not in OF_TENSORS | OF_MODULES | ELSEWHERE
]


def every(value):
    """A default for each axis as one for all."""
    value = list(value) if isinstance(value, list | tuple) else value
    return value[0] if isinstance(value, list) and value and value.count(value[0]) == len(value) else value


@pytest.mark.parametrize("key", KINDS)
def test_arguments_and_defaults_are_those_of_the_schema(key):
    name, _, overload = key.partition(".")
    function = TORCH.functions[key]
    schemas = {overload: SCHEMAS[name][overload]} if overload else SCHEMAS[name]
    for word, arguments in schemas.items():
        if f"{name}.{word}" in REFUSED or (not overload and f"{name}.{word}" in TORCH.functions):
            continue
        takes_all = any(one.kind is one.VAR_KEYWORD for one in function.parameters.values())
        for argument, required, default in arguments:
            mine = function.parameters.get(argument)
            assert mine or takes_all, f"{name}.{word}: {argument}"
            if mine is None or required or (name, argument) in SAME or argument in TORCH.ignored:
                continue
            assert mine.default is not mine.empty, f"{name}.{word}: {argument} is {default!r} where it is left out"
            if (mine.default, argument) != ((0,), "padding") or default != "valid":  # which is no padding
                assert every(mine.default) == every(default), f"{name}.{word}: {argument}"


def test_there_are_many():
    assert len(KINDS) > 440
    assert not [key for key in KINDS if key.partition(".")[0] not in SCHEMAS]
