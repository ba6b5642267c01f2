"""Calls of keras.ops.numpy and linalg, as rows of a name, the inputs and the function."""

import numpy as np
from keras import ops
from record_operations import Given, floats, whole

CASES: list[tuple[str, list[Given], object]] = []


def case(name: str, function: object, *given: Given) -> None:
    CASES.append((name, list(given), function))


def holes(*shape: int, **how: bool) -> Given:
    """Numbers among which every third is none."""
    plain = floats(*shape, **how)

    def draw(generator: np.random.Generator, sizes: tuple[int, ...]) -> np.ndarray:
        array = generator.standard_normal(sizes).round(3)
        return np.where(generator.random(sizes) < 0.3, np.nan, array)

    return plain._replace(draw=draw)


def positive(*shape: int) -> Given:
    """Positive definite matrices."""

    def draw(generator: np.random.Generator, sizes: tuple[int, ...]) -> np.ndarray:
        array = generator.standard_normal(sizes)
        return array @ array.swapaxes(-1, -2) + sizes[-1] * np.eye(sizes[-1])

    return floats(*shape)._replace(draw=draw)


def regular(*shape: int) -> Given:
    """Matrices that are far from singular."""

    def draw(generator: np.random.Generator, sizes: tuple[int, ...]) -> np.ndarray:
        return generator.standard_normal(sizes) + 3 * np.eye(sizes[-2], sizes[-1])

    return floats(*shape)._replace(draw=draw)


# Reductions that pass over what is no number
for name in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian"):
    function = getattr(ops, name)
    for tag, how in {"all": {}, "axis": {"axis": 1}, "kept": {"axis": (1, 2), "keepdims": True}}.items():
        if name == "nanmedian" and tag == "all":
            continue
        case(f"{name}_{tag}", lambda x, f=function, how=how: f(x, **how), holes(4, 5))
for name in ("nanargmax", "nanargmin"):
    function = getattr(ops, name)
    case(f"{name}_all", lambda x, f=function: f(x), holes(4))
    case(f"{name}_axis", lambda x, f=function: f(x, axis=1), holes(4, 3))
    case(f"{name}_kept", lambda x, f=function: f(x, axis=-1, keepdims=True), holes(4, 3))
for name in ("nancumsum", "nancumprod"):
    function = getattr(ops, name)
    case(f"{name}_axis", lambda x, f=function: f(x, axis=1), holes(4, 3))
    case(f"{name}_all", lambda x, f=function: f(x), holes(4, batch=2))
case("nanmax_integers", lambda x: ops.nanmax(x, axis=1), whole(5, below=9))

# Quantiles
for method in ("linear", "lower", "higher", "midpoint", "nearest"):
    case(f"quantile_{method}", lambda x, m=method: ops.quantile(x, 0.3, axis=1, method=m), floats(7, 3))
case("quantile_several", lambda x: ops.quantile(x, [0.1, 0.5, 0.9], axis=-1), floats(5, 4))
case("quantile_all", lambda x: ops.quantile(x, 0.25), floats(5, batch=2))
case("quantile_kept", lambda x: ops.quantile(x, 0.25, axis=(1, 2), keepdims=True), floats(5, 3))
case("percentile", lambda x: ops.percentile(x, 30.0, axis=1), floats(7, 3))
case("nanquantile", lambda x: ops.nanquantile(x, 0.4, axis=1), holes(9, 3))
case("nanpercentile", lambda x: ops.nanpercentile(x, 40.0, axis=1), holes(9, 3))

# Made of a few numbers
for tag, how in {
    "plain": {"num": 5},
    "open": {"num": 4, "endpoint": False},
    "last": {"num": 3, "axis": -1},
    "one": {"num": 1},
}.items():
    case(f"linspace_{tag}", lambda a, b, how=how: ops.linspace(a, b, **how), floats(3), floats(3))
    case(f"logspace_{tag}", lambda a, b, how=how: ops.logspace(a, b, **how), floats(3), floats(3))
case("linspace_from_0", lambda b: ops.linspace(0.0, b, num=4), floats(3))
case("geomspace", lambda a: ops.geomspace(a, a * 3.0, num=4), floats(3))
case("full_of", lambda x: ops.full((2, 3), ops.sum(x)), floats(3, batch=2))
for indexing in ("xy", "ij"):
    case(
        f"meshgrid_{indexing}",
        lambda a, b, i=indexing: ops.meshgrid(a, b, indexing=i),
        floats(4, alone=True),
        floats(3, alone=True),
    )
    case(
        f"meshgrid_3_{indexing}",
        lambda a, b, c, i=indexing: ops.meshgrid(a, b, c, indexing=i),
        floats(2, alone=True),
        floats(3, alone=True),
        floats(4, alone=True),
    )
for k in (0, 1, -2):
    case(f"diag_{k}", lambda x, k=k: ops.diag(x, k=k), floats(4, alone=True))
    case(f"diag_of_{k}", lambda x, k=k: ops.diag(x, k=k), floats(4, 5, alone=True))
    case(f"diagflat_{k}", lambda x, k=k: ops.diagflat(x, k=k), floats(2, 3, alone=True))
case("kron_blocks", ops.kron, floats(2, 3, alone=True), floats(4, 2, alone=True))
case("vander", lambda x: ops.vander(x), floats(4, alone=True))
case("vander_up", lambda x: ops.vander(x, N=3, increasing=True), floats(4, alone=True))
case("unravel_index", lambda x: ops.unravel_index(x, (3, 4)), whole(5, below=12, alone=True))

# Measured
case("allclose", lambda a, b: ops.allclose(a, b), floats(3), floats(3))
case("isin", lambda a: ops.isin(a, [1, 3]), whole(6, below=5))
case("isin_not", lambda a: ops.isin(a, [1, 3], invert=True), whole(6, below=5))
case("searchsorted", lambda x: ops.searchsorted(np.array([-1.0, 0.0, 0.5], "float32"), x), floats(4, alone=True))
case(
    "searchsorted_right",
    lambda x: ops.searchsorted(np.array([1, 2, 4], "int32"), x, side="right"),
    whole(5, below=6, alone=True),
)
case("trapezoid", lambda y: ops.trapezoid(y), floats(5, 3))
case("trapezoid_wide", lambda y: ops.trapezoid(y, dx=0.5, axis=1), floats(5, 3))
for mode in ("valid", "same", "full"):
    for n, m in ((7, 3), (7, 4)):
        function = lambda a, b, mode=mode: ops.correlate(a, b, mode=mode)  # noqa: E731
        case(f"correlate_{mode}_{n}_{m}", function, floats(n, alone=True), floats(m, alone=True))

# Matrices
case("cholesky", ops.cholesky, positive(4, 4))
case("cholesky_upper", lambda x: ops.cholesky(x, upper=True), positive(3, 3))
case("cholesky_inverse", lambda x: ops.cholesky_inverse(ops.cholesky(x)), positive(3, 3))
case("det", ops.det, regular(4, 4))
case("slogdet", lambda x: ops.slogdet(x)[1], regular(4, 4))
case("logdet", ops.logdet, positive(4, 4))
case("lu_factor", lambda x: ops.lu_factor(x)[0], regular(3, 3)._replace(shape=(3, 3)))
case("inv", ops.inv, regular(4, 4))
case("qr_values", lambda x: ops.abs(ops.qr(x)[1]), regular(5, 3))
case("qr_complete", lambda x: ops.abs(ops.qr(x, mode="complete")[1]), regular(5, 3))
case("qr_product", lambda x: ops.matmul(*ops.qr(x)), regular(5, 3))
case("solve", ops.solve, regular(4, 4), floats(4, 2))
case("solve_vector", ops.solve, regular(4, 4), floats(4))
for lower in (False, True):
    function = lambda a, b, lower=lower: ops.solve_triangular(a, b, lower=lower)  # noqa: E731
    case(f"solve_triangular_{lower}", function, regular(4, 4), floats(4, 2))
case("eigh_values", lambda x: ops.eigh(x)[0], positive(4, 4))
case("svd_values", lambda x: ops.svd(x, compute_uv=False), floats(5, 3))
case("svd_parts", lambda x: [ops.abs(one) for one in ops.svd(x, full_matrices=False)], floats(5, 3))
case("svd_full", lambda x: ops.svd(x)[1], floats(5, 3))
case("pinv", ops.pinv, floats(5, 3))
case("matrix_rank", ops.matrix_rank, floats(5, 3))
case("lstsq", ops.lstsq, floats(5, 3, alone=True), floats(5, 2, alone=True))
