"""The roofline: the least time a device could take, by its peak of arithmetic and of bandwidth.

Williams, Waterman & Patterson 2009, doi:10.1145/1498765.1498785. It bounds from below; it predicts nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.columns import Column
from layercalc.errors import InvalidModel
from layercalc.recording import Recorded, called


@dataclass(frozen=True)
class Device:
    """Published peaks: FLOP/s by dtype (two for each fused multiply-add) and bytes/s of main memory."""

    name: str
    title: str
    peak_flops: dict[str, float]
    bandwidth: float
    source: str


def half(single: float, reduced: float) -> dict[str, float]:
    return {"float32": single, "float16": reduced, "bfloat16": reduced}


DEVICES = {
    one.name: one
    for one in (
        Device(
            "a100",
            "NVIDIA A100 80GB SXM (tensor cores in half precision, dense)",
            half(19.5e12, 312e12),
            2.039e12,
            "NVIDIA A100 Tensor Core GPU datasheet, 2021",
        ),
        Device(
            "h100",
            "NVIDIA H100 SXM (tensor cores in half precision, dense)",
            half(67e12, 989.5e12),
            3.35e12,
            "NVIDIA H100 Tensor Core GPU datasheet, 2023",
        ),
        Device(
            "v100",
            "NVIDIA V100 SXM2 (tensor cores in half precision)",
            {"float32": 15.7e12, "float16": 125e12},
            9e11,
            "NVIDIA V100 Tensor Core GPU datasheet, 2020",
        ),
        Device(
            "rtx-4090",
            "NVIDIA GeForce RTX 4090",
            half(82.6e12, 82.6e12),
            1.008e12,
            "NVIDIA Ada GPU Architecture whitepaper, 2022",
        ),
        Device(
            "jetson-agx-orin",
            "NVIDIA Jetson AGX Orin 64GB, GPU without tensor cores",
            half(5.3e12, 10.6e12),
            2.048e11,
            "NVIDIA Jetson AGX Orin Series technical brief v1.2, 2022",
        ),
        Device(
            "m2",
            "Apple M2, 10-core GPU",
            half(3.6e12, 3.6e12),
            1e11,
            "Apple newsroom, Apple unveils M2, 2022",
        ),
        Device(
            "laptop-cpu",
            "Intel Core i7-1165G7: 4 cores × 32 FLOP per cycle (AVX-512, one FMA unit) × 2.8 GHz, LPDDR4x-4266",
            {"float32": 358.4e9, "float64": 179.2e9},
            6.826e10,
            "Intel ARK, Core i7-1165G7; Intel 64 and IA-32 Optimization Reference Manual",
        ),
        Device(
            "raspberry-pi-5",
            "Raspberry Pi 5: 4 Cortex-A76 × 16 FLOP per cycle (two 128-bit pipes) × 2.4 GHz, LPDDR4X-4267 of 32 bits",
            half(153.6e9, 307.2e9),
            1.7068e10,
            "Raspberry Pi 5 product brief, 2023; Arm Cortex-A76 Software Optimization Guide",
        ),
    )
}


def device(asked: Any) -> Device:
    """A device by name, or by its peaks: `"1e12,5e10"` (FLOP/s, bytes/s) or a mapping. InvalidModel if it is none."""
    if isinstance(asked, str) and asked.lower() in DEVICES:
        return DEVICES[asked.lower()]
    numbers: list[Any] = []
    if isinstance(asked, dict):
        numbers = [asked.get("peak_flops"), asked.get("bandwidth")]
    elif isinstance(asked, str) and "," in asked:
        numbers = asked.split(",")
    peaks = [n for n in map(positive, numbers) if n is not None]
    if len(peaks) != 2 or len(numbers) != 2:
        known = ", ".join(DEVICES)
        detail = f"Expected one of {known}, or FLOP/s and bytes/s such as `1e12,5e10`; received {str(asked)[:60]!r}."
        raise InvalidModel([{"parameter": "device", "detail": detail}])
    flops, bandwidth = peaks
    return Device("given", "given by the caller", {"float32": flops}, bandwidth, "the request")


def positive(text: Any) -> float | None:
    try:
        n = float(text)
    except (TypeError, ValueError):
        return None
    return n if isfinite(n) and n > 0 else None


def bound(flops: int | None, traffic: int | None, dtype: str, on: Device) -> dict[str, Any] | None:
    """The least seconds for so many FLOPs and bytes, and which of the two sets it; None where one is not known."""
    compute, moving = terms(flops, traffic, dtype, on)
    if compute is None or moving is None:
        return None
    return {"seconds": max(compute, moving), "bound": "compute" if compute > moving else "memory"}


def computed_in(dtypes: Iterable[str], on: Device) -> str:
    """Of the dtypes that a result is stored in and read with, the first that the device computes in, else the last."""
    *_, last = known = list(dtypes)
    return next((one for one in known if one in on.peak_flops), last)


def terms(flops: int | None, traffic: int | None, dtype: str, on: Device) -> tuple[Any, Any]:
    """The least seconds for so many FLOPs, and for so many bytes."""
    return ratio(flops, on.peak_flops.get(dtype, on.peak_flops["float32"])), ratio(traffic, on.bandwidth)


def seconds(rows: Iterable[tuple[Any, Any, str]], on: Device) -> Any:
    """The least seconds of rows one after another, by the FLOPs, bytes and dtype of each; an array where some are."""
    found: Any = 0.0
    for flops, traffic, dtype in rows:
        both = terms(flops, traffic, dtype, on)
        if type(None) in map(type, both):
            return None
        found = found + np.maximum(*both)
    return found


def ratio(n: Any, by: Any) -> Any:
    """N / by; None for what is unknown, and for an integer past every float."""
    if type(n) is Recorded or type(by) is Recorded:
        return called(ratio, n, by)
    try:
        if type(n) is Column and type(by) is float:
            return n.over(by)
        return None if n is None or not by else n / by
    except OverflowError:
        return None
