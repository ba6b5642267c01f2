"""Layers that shift and scale by moments, given or computed."""

from typing import Any, ClassVar

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Shape, differ, divisor, known, text
from layercalc.errors import Offer, ShapeError, offering
from layercalc.layers import base
from layercalc.layers.array_fields import Ints, Numbers, shape_of
from layercalc.layers.base import Identity, Weight
from layercalc.layers.fields import Bool, Int, Number, ValidationError
from layercalc.layers.initializers import ONES, ZEROS, TruncatedNormal
from layercalc.layers.keras.base import KERAS, Layer, layer
from layercalc.layers.keras.fields import TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.layers.nested import LayerField
from layercalc.ops import Tensor


class Axis(Int):
    """One axis; Keras 2 writes it as a list of one."""

    def read(self, value: Any, name: str) -> int:
        return super().read(value[0] if isinstance(value, list) and len(value) == 1 else value, name)

    def schema_of(self) -> dict[str, Any]:
        one = super().schema_of()
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": 1}]}


@layer(aliases=("SyncBatchNormalization",))
class BatchNormalization(Layer):
    """Scale and shift by the moving moments of one axis (Ioffe & Szegedy 2015)."""

    axis = Axis(-1)
    momentum = Number(0.99)
    epsilon = Number(1e-3, min=0)
    center = Bool(True)
    scale = Bool(True)
    beta_initializer = InitializerField("zeros")
    gamma_initializer = InitializerField("ones")
    moving_mean_initializer = InitializerField("zeros")
    moving_variance_initializer = InitializerField("ones")
    beta_regularizer = TrainingOnly()
    gamma_regularizer = TrainingOnly()
    beta_constraint = TrainingOnly()
    gamma_constraint = TrainingOnly()
    renorm = Bool(False)
    renorm_clipping = TrainingOnly()
    renorm_momentum = Number(0.99)
    synchronized = Bool(False)

    fused: ClassVar[dict[int, tuple[int, ...]]] = {}  # by rank the axes for which Keras takes one kernel of TensorFlow
    legacy: ClassVar[dict[str, str | None]] = {"fused": None, "virtual_batch_size": None, "adjustment": None}
    supports_masking = True
    example: ClassVar[Any] = {}, (2, 4, 4, 3)

    def call(self, weight: Weight, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """A mask changes what training takes the moments of, and nothing at inference."""
        axis = self.axis_of(self.axis, x)
        if axis == 0:
            told = f"Axis 0 of {text(x.shape)} is the batch; name another one."
            raise ShapeError(offering(told, -1 if x.ndim > 1 else None), "axis")
        along = (x.shape[axis],)
        affine = []
        if self.scale:
            affine.append(weight("gamma", along, self.gamma_initializer))
        if self.center:
            affine.append(weight("beta", along, self.beta_initializer))
        mean = weight("moving_mean", along, self.moving_mean_initializer, trainable=False)
        variance = weight("moving_variance", along, self.moving_variance_initializer, trainable=False)
        if self.renorm:
            weight("moving_stddev", along, self.moving_variance_initializer, trainable=False)
            weight("renorm_mean", along, self.moving_mean_initializer, trainable=False)
            weight("renorm_stddev", along, self.moving_variance_initializer, trainable=False)
        how = {"epsilon": self.epsilon, "scale": self.scale, "center": self.center}
        if axis in self.fused.get(x.ndim, ()):
            how["fused"] = True
        return ops.batch_norm(x, mean, variance, *affine, axis=axis, **how)


def fused_batch_normalization(name: str, fused: dict[int, tuple[int, ...]]) -> None:
    """Register a batch normalisation as a Keras 2 has it: TensorFlow's kernel for some axes of some ranks."""
    KERAS.older[f"{name}.BatchNormalization"] = type("BatchNormalization", (BatchNormalization,), {"fused": fused})


fused_batch_normalization("keras2", {4: (3,)})  # from 2.2 on, on a processor
fused_batch_normalization("tf.keras1", {4: (1, 3)})  # TensorFlow 1.5 to 2.2
fused_batch_normalization("tf.keras2", {4: (1, 3), 5: (1, 4)})


@layer
class LayerNormalization(Layer):
    """Each sample to mean 0 and variance 1 over `axis`, then gamma and beta (Ba et al. 2016)."""

    axis = Ints(-1)
    epsilon = Number(1e-3, min=0)
    center = Bool(True)
    scale = Bool(True)
    beta_initializer = InitializerField("zeros")
    gamma_initializer = InitializerField("ones")
    beta_regularizer = TrainingOnly()
    gamma_regularizer = TrainingOnly()
    beta_constraint = TrainingOnly()
    gamma_constraint = TrainingOnly()
    rms_scaling = Bool(False)

    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5, 8)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        # Keras sorts the axes as they were written, so that −1 comes before 1, and lays gamma out in that order.
        axes = tuple(self.axis_of(axis, x) for axis in sorted(self.axis))
        if len(set(axes)) < len(axes):
            raise ShapeError(f"The axes {list(self.axis)} name one axis of {text(x.shape)} twice.", "axis")
        along = tuple(x.shape[axis] for axis in axes)
        scale, center = self.scale or self.rms_scaling, self.center and not self.rms_scaling
        affine = []
        if scale:
            affine.append(weight("gamma", along, self.gamma_initializer))
        if center:
            affine.append(weight("beta", along, self.beta_initializer))
        how = {"epsilon": self.epsilon, "uncentred": self.rms_scaling}
        return ops.layer_norm(x, *affine, axes=axes, scale=scale, center=center, **how)


class OptionalInts(Ints):
    """`Ints`, where null is the empty list."""

    of_null = ()


@layer
class Normalization(Layer):
    """(x − mean) / sqrt(variance), moments given in the config or kept as weights that `adapt` fills."""

    axis = OptionalInts(-1, null=True)
    mean = Numbers(None)
    variance = Numbers(None)
    invert = Bool(False)

    supports_masking = True
    example: ClassVar[Any] = {}, (2, 4, 4, 3)

    def check(self) -> None:
        if (self.mean is None) != (self.variance is None):
            given, other = ("mean", "variance") if self.variance is None else ("variance", "mean")
            raise ValidationError(f"Required with {given}: an array of the same shape.", other)
        if shape_of(self.mean) != shape_of(self.variance):
            raise ValidationError("mean and variance must have one shape.", "variance")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        axes = tuple(sorted({self.axis_of(axis, x) for axis in self.axis}))
        kept = tuple(x.shape[axis] for axis in axes)
        along = tuple(n if axis in axes else 1 for axis, n in enumerate(x.shape))
        if self.mean is None:
            mean = ops.reshape(weight("mean", kept, ZEROS, trainable=False), to=along)
            variance = ops.reshape(weight("variance", kept, ONES, trainable=False), to=along)
            weight("count", (), ZEROS, trainable=False, dtype="int64")
        else:
            given = shape_of(self.mean)
            if len(given) > len(kept) or any(
                differ(a, b) and a != 1 for a, b in zip(given[::-1], kept[::-1], strict=False)
            ):
                raise ShapeError(f"A mean of shape {list(given)} does not fit the kept axes {list(kept)}.", "mean")
            spread = [1] * x.ndim
            for axis, n in zip(axes[::-1], given[::-1], strict=False):
                spread[axis] = n
            mean = ops.constant(np.reshape(self.mean, spread), shape=along)
            variance = ops.constant(np.reshape(self.variance, spread), shape=along)
        return ops.standardize(x, mean, variance, invert=self.invert)


@layer
class GroupNormalization(Layer):
    """Scale and shift by the moments of groups of channels in each sample (Wu & He 2018)."""

    groups = Int(32)
    axis = Int(-1)
    epsilon = Number(1e-3, min=0)
    center = Bool(True)
    scale = Bool(True)
    beta_initializer = InitializerField("zeros")
    gamma_initializer = InitializerField("ones")
    beta_regularizer = TrainingOnly()
    gamma_regularizer = TrainingOnly()
    beta_constraint = TrainingOnly()
    gamma_constraint = TrainingOnly()

    supports_masking = True
    example: ClassVar[Any] = {"groups": 2}, (2, 5, 5, 4)

    def check(self) -> None:
        if self.groups < 1 and self.groups != -1:
            told = f"Expected at least 1 group, or -1; received {self.groups}."
            raise ValidationError(Offer(told, 1), "groups")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        axis = self.axis_of(self.axis, x)
        channels = x.shape[axis]
        if axis == 0 or not known((channels,)):
            raise ShapeError(f"Axis {axis} of {text(x.shape)} must be one of known size beside the batch.", "axis")
        groups = channels if self.groups == -1 else self.groups
        if not groups or channels % groups:
            told = f"{channels} channels cannot be shared out over {groups} groups."
            raise ShapeError(offering(told, divisor(channels, groups)), "groups")
        affine = []
        if self.scale:
            affine.append(weight("gamma", (channels,), self.gamma_initializer))
        if self.center:
            affine.append(weight("beta", (channels,), self.beta_initializer))
        how = {"epsilon": self.epsilon, "scale": self.scale, "center": self.center}
        return ops.group_norm(x, *affine, axis=axis, groups=groups, **how)


@layer
class RMSNormalization(Layer):
    """x / sqrt(mean(x²) + epsilon) · scale (Zhang & Sennrich 2019)."""

    axis = Ints(-1)
    epsilon = Number(1e-6, min=0)

    example: ClassVar[Any] = {}, (2, 5, 8)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        axes = tuple(self.axis_of(axis, x) for axis in sorted(self.axis))
        scale = weight("scale", tuple(x.shape[axis] for axis in axes), ONES)
        return ops.rms_norm(x, scale, axes=axes, epsilon=self.epsilon)


@layer
class UnitNormalization(Layer):
    """x divided by its Euclidean norm along the axes."""

    axis = Ints(-1)

    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5, 8)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        axes = tuple(sorted({self.axis_of(axis, x) for axis in self.axis}))
        return ops.l2_normalize(x, axes=axes, floor=1e-24)


@layer
class SpectralNormalization(Layer):
    """A layer whose kernel training divides by its largest singular value (Miyato et al. 2018); inference does not."""

    layer = LayerField()
    power_iterations = Int(1, min=1)

    example: ClassVar[Any] = {"layer": {"type": "Dense", "units": 4}}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        noting = Noting(weight, weight.scope(self.layer.name))
        y = self.layer(noting, x)
        if not noting.found:
            raise ShapeError(f"{self.layer.type} has neither a kernel nor embeddings to normalise.", "layer")
        return y


class Noting:
    """Weights of a wrapped layer, with the wrapper's vector_u asked for right behind the kernel, as Keras lists it."""

    def __init__(self, outer: Weight, inner: Weight):
        self.outer, self.inner, self.found = outer, inner, False

    def __call__(self, name: str, shape: Shape, *args: Any, **kwargs: Any) -> Tensor:
        made = self.inner(name, shape, *args, **kwargs)
        if name in ("kernel", "embeddings") and not self.found:
            self.found = True
            spread = TruncatedNormal(0.0, 0.02)
            self.outer("vector_u", (1, shape[-1]), spread, trainable=False)
        return made

    def scope(self, name: str) -> Weight:
        return self.inner.scope(name)

    def owned(self, layer: base.Layer) -> Weight:
        self.inner = self.inner.owned(layer)
        return self

    def locked(self) -> Weight:
        self.inner = self.inner.locked()
        return self

    def of(self, identity: Identity | None) -> Weight:
        return self.inner.of(identity)

    def copied(self) -> Weight:
        return self.inner.copied()
