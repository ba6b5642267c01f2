"""Primitives: each says, side by side, what shape it returns, what it costs and how NumPy computes it."""

from layercalc.ops.activation import ACTIVATIONS
from layercalc.ops.base import FLOATS, OPS, READING, WIDTH, Cost, Running, Spec, Tensor, Tracing, constant, full, layout, scan
from layercalc.ops.convolution import conv, conv_transpose, depthwise_conv
from layercalc.ops.elementwise import (
    add,
    bias_add,
    broadcast,
    divide,
    logical_and,
    logical_or,
    maximum,
    minimum,
    multiply,
    not_equal,
    prelu,
    select,
    subtract,
)
from layercalc.ops.linear import batch_dot, gather, matmul
from layercalc.ops.normalization import batch_norm, l2_normalize, layer_norm, standardize
from layercalc.ops.pooling import average_pool, max_pool, reduce_any, reduce_max, reduce_mean, reduce_sum
from layercalc.ops.shaping import (
    broadcast_to,
    cast,
    concatenate,
    crop,
    flip,
    pad,
    repeat,
    reshape,
    resize_linear,
    step,
    take,
    transpose,
)

__all__ = [name for name in dir() if not name.startswith("_")]
