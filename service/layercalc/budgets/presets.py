"""Budgets that have a name of their own: what a class of devices can hold, by published limits.

They are held against the model as it is described: bytes are those of its own dtypes, so a float32 model that will be
quantised to int8 takes four times what it will on the device, unless a request says `weight_dtype` and
`activation_dtype`.
"""

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """A list of budgets, what it stands for, and who published the limits."""

    description: str
    source: str
    budgets: list[dict[str, Any]]


PRESETS = {
    "microcontroller": Preset(
        "A Cortex-M7 board such as the STM32F746: activations in 320 KiB of SRAM, weights in 1 MiB of flash.",
        "Lin et al. 2020, MCUNet, arXiv:2007.10319 (the constraint of its experiments); David et al. 2021, TensorFlow "
        "Lite Micro, arXiv:2010.08678, names the same order: hundreds of KB of RAM, about 1 MB of flash",
        [
            {"metric": "peak_activation_bytes", "max": "320KiB"},
            {"metric": "param_bytes", "max": "1MiB"},
        ],
    ),
    "mobile": Preset(
        "The mobile setting of ImageNet papers: fewer than 600 M multiply-accumulates. Warns of weights past 200 MB, "
        "from where an app is no longer loaded without asking or is refused.",
        "Zoph et al. 2018, NASNet, arXiv:1707.07012, and Liu et al. 2019, DARTS, arXiv:1806.09055 (600 M); Apple's App "
        "Store asks before it loads an app above 200 MB over a cellular network, iOS 13 and later",
        [
            {"metric": "macs", "max": "600M"},
            {"metric": "param_bytes", "max": "200MB", "level": "warn"},
        ],
    ),
    "edge": Preset(
        "No heavier than ResNet-50 v1.5 at 224 x 224, the image classifier of MLPerf Inference's edge suite: 4.1 G "
        "multiply-accumulates (8.2 GOPs) and 25.6 M parameters.",
        "Reddi et al. 2020, MLPerf Inference Benchmark, arXiv:1911.02549, table 1",
        [
            {"metric": "macs", "max": "4.1G"},
            {"metric": "params", "max": "25.6M"},
        ],
    ),
}
