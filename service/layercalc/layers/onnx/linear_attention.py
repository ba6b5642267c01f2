"""Layers with a state instead of attention: what went before is a matrix for each head, or the last few places."""

import math
from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, differ, text, unequal
from layercalc.errors import ShapeError
from layercalc.layers.channels import first, kernel, last
from layercalc.layers.onnx.base import operator, same_dtype
from layercalc.ops import Tensor
from layercalc.ops.base import OPS

RULES = {"linear": (False, False), "gated": (True, False), "delta": (False, True), "gated_delta": (True, True)}


def heads_apart(x: Tensor, heads: int, name: str) -> Tensor:
    """(batch, steps, heads · size) as (batch, steps, heads, size)."""
    if x.ndim != 3 or heads < 1 or differ(x.shape[2] % heads, 0):
        raise ShapeError(f"{name}: {heads} heads cannot share the last of three axes of {text(x.shape)}.")
    return ops.reshape(x, to=(*x.shape[:2], heads, x.shape[2] // heads))


def stepped(recall: Any, gated: bool, delta: bool, groups: int) -> Any:
    """One step: the state fades, what it recalls of the key is put right, and the query reads it."""

    def step(carry: Any, q: Tensor, k: Tensor, v: Tensor, *more: Tensor) -> Any:
        (state,) = carry  # batch, heads, keys, values
        given = list(more)
        if gated:
            fade = OPS["exp"](given.pop(0))
            state = ops.multiply(state, ops.reshape(fade, to=(*fade.shape, 1)))
        row = ops.reshape(k, to=(*k.shape[:2], 1, k.shape[2]))
        if delta:
            recalled = ops.reshape(ops.matmul(row, state), to=v.shape)
            v = ops.multiply(given.pop(0), ops.subtract(v, recalled))
        column = ops.reshape(k, to=(*k.shape, 1))
        state = ops.add(state, ops.multiply(column, ops.reshape(v, to=(*v.shape[:2], 1, v.shape[2]))))
        read = state if groups == 1 else ops.repeat(state, axis=1, times=groups)
        y = ops.matmul(ops.reshape(q, to=(*q.shape[:2], 1, q.shape[2])), read)
        return (state,), ops.multiply(ops.reshape(y, to=(*q.shape[:2], v.shape[2])), recall)

    return step


@operator(27)
def LinearAttention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    past_state: Tensor = None,
    decay: Tensor = None,
    beta: Tensor = None,
    *,
    chunk_size: int = 64,
    kv_num_heads: int,
    q_num_heads: int,
    scale: float = 0.0,
    update_rule: str = "gated_delta",
) -> Any:
    """Attention without softmax, one step after another (Yang et al. 2024, arXiv:2412.06464)."""
    if update_rule not in RULES:
        raise ShapeError(f"update_rule is one of {', '.join(RULES)}, not {update_rule!r}.", "update_rule")
    gated, delta = RULES[update_rule]
    for name, one, needed in (("decay", decay, gated), ("beta", beta, delta)):
        if (one is None) == needed:
            raise ShapeError(f"The rule {update_rule} {'needs' if needed else 'takes no'} {name}.", "update_rule")
    if kv_num_heads < 1 or q_num_heads < 1 or q_num_heads % kv_num_heads:
        raise ShapeError(f"{q_num_heads} heads of queries cannot share {kv_num_heads} of keys.", "q_num_heads")
    same_dtype(query, key, value)
    own = str(query.dtype)
    dtype = own if own in ("float32", "float64") else "float32"  # the state keeps more digits than what goes in
    query, key, value, decay, beta = (
        one if one is None or own == dtype else ops.cast(one, to=dtype) for one in (query, key, value, decay, beta)
    )
    q, k = heads_apart(query, q_num_heads, "query"), heads_apart(key, kv_num_heads, "key")
    v = heads_apart(value, kv_num_heads, "value")
    sizes = (q.shape[0], kv_num_heads, k.shape[3], v.shape[3])
    if past_state is not None and (past_state.ndim != 4 or any(map(differ, past_state.shape, sizes))):
        raise ShapeError(f"Expected a state of {text(sizes)}; received {text(past_state.shape)}.")
    xs = [q, k, v]
    for one in (decay, beta):
        if one is not None:
            wide = one.ndim == 3 and not unequal(one.shape[2], 1)
            xs.append(ops.reshape(one, to=(*one.shape, 1)) if wide else heads_apart(one, kv_num_heads, "decay or beta"))
    kept = own if past_state is None else str(past_state.dtype)
    start = ops.full(sizes, 0.0, dtype) if past_state is None else past_state
    start = start if str(start.dtype) == dtype else ops.cast(start, to=dtype)
    size = q.shape[3]
    factor = scale or (1 / math.sqrt(size) if isinstance(size, int) else 1.0)
    step = stepped(ops.known(factor, dtype), gated, delta, q_num_heads // kv_num_heads)
    (state,), y = ops.scan(step, tuple(xs), (start,))
    wide = q_num_heads * v.shape[3]
    made = ops.reshape(y, to=(*query.shape[:2], wide))
    return (
        made if own == dtype else ops.cast(made, to=own),
        state if kept == dtype else ops.cast(state, to=kept),
    )


@operator(27)
def CausalConvWithState(
    x: Tensor, weight: Tensor, bias: Tensor = None, past_state: Tensor = None, *, activation: str = "none"
) -> Any:
    """Each channel by a kernel of its own over the places up to now; the last few are handed on."""
    if activation not in ("none", "silu", "swish"):
        raise ShapeError(f"activation is none, silu or swish, not {activation!r}.", "activation")
    if x.ndim != 3 or weight.ndim != 3:
        raise ShapeError(f"Expected three axes; received {text(x.shape)} and {text(weight.shape)}.")
    batch, channels = x.shape[0], weight.shape[0]
    if not isinstance(channels, int) or isinstance(weight.shape[2], Unknown) or differ(channels, x.shape[1]):
        raise ShapeError(f"A kernel {text(weight.shape)} is not one for each channel of {text(x.shape)}.")
    before = weight.shape[2] - 1
    past = ops.full((batch, channels, before), 0.0, str(x.dtype)) if past_state is None else past_state
    whole = ops.concatenate(past, x, axis=2)
    how: Any = {"strides": (1,), "dilations": (1,), "pads": ((0, 0),)}
    y = ops.conv(last(whole), kernel(weight), groups=channels, **how)
    y = first(y if bias is None else ops.bias_add(y, bias))
    n = whole.shape[2]
    return y if activation == "none" else OPS["silu"](y), ops.take(whole, axis=2, start=n - before, stop=n)
