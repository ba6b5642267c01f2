"""Attention whose scores and shares graphs of the node may change (Dong et al. 2024, arXiv:2412.05496)."""

import math
from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.onnx.attention import SOFTMAX, scalar
from layercalc.layers.onnx.base import Operator
from layercalc.layers.onnx.control import Body, Inside
from layercalc.ops import Tensor


class FlexAttention(Inside):
    """softmax(score(q · kᵀ · scale)), changed by a graph, times v; heads of queries may share those of keys."""

    type = "FlexAttention"

    def __init__(
        self, given: Operator, score: Body | None, share: Body | None, scale: float | None, precision: str | None
    ):
        super().__init__(given, *(one for one in (score, share) if one is not None))
        self.score, self.share, self.scale, self.precision = score, share, scale, precision

    @property
    def arguments(self) -> dict[str, Any]:  # type: ignore[override]
        return {"scale": self.scale, "softmax_precision": self.precision}

    def __call__(self, weight: Weight, *inputs: Tensor, **_: Any) -> Any:
        q, k, v = self.given(weight, *inputs)
        if {q.ndim, k.ndim, v.ndim} != {4}:
            raise ShapeError(f"Expected four axes; received {text(q.shape)}, {text(k.shape)}, {text(v.shape)}.")
        heads, shared, size = q.shape[1], k.shape[1], q.shape[3]
        if heads is not shared and heads != shared:
            if isinstance(heads, Unknown) or isinstance(shared, Unknown) or shared < 1 or heads % shared:
                raise ShapeError(f"{heads} heads of queries cannot share {shared} of keys.")
            k, v = (ops.repeat(one, axis=1, times=heads // shared) for one in (k, v))
        own = str(q.dtype)
        wide = self.precision or ("float32" if own in ("float16", "bfloat16") else own)
        scale = self.scale if self.scale is not None else 1.0 if isinstance(size, Unknown) else 1 / math.sqrt(size)
        root = math.sqrt(scale)
        turned = ops.transpose(k, axes=(0, 1, 3, 2))
        scores = ops.matmul(ops.multiply(q, scalar(root, q)), ops.multiply(turned, scalar(root, q)))
        scores = self.changed(self.score, weight, inputs, scores if wide == own else ops.cast(scores, to=wide))
        shares = self.changed(self.share, weight, inputs, SOFTMAX(scores, axis=-1))
        y = ops.matmul(shares, v if wide == own else ops.cast(v, to=wide))
        return (y if wide == own else ops.cast(y, to=own),)

    def changed(self, body: Body | None, weight: Weight, inputs: tuple[Tensor, ...], x: Tensor) -> Tensor:
        """What a graph of the node makes of a tensor: one of the same shape."""
        if body is None:
            return x
        made = body.on(weight, inputs, (x,))
        if len(made) != 1 or made[0].ndim != x.ndim:
            raise ShapeError(f"A graph of FlexAttention gives one tensor like {text(x.shape)}.")
        return made[0]
