"""What a document of an older Keras means by words that Keras 3 reads otherwise, or by leaving them out.

Sources: keras 2.0.0 to 2.3.1 (initializers.py, layers/recurrent.py, backend/tensorflow_backend.py),
tf_keras.src.layers.normalization.batch_normalization, tfjs-layers 4.22 (initializers.ts, layers/recurrent.ts).
"""

import re
from typing import Any, NamedTuple

from layercalc.layers.keras.activations import OLD_ACTIVATIONS

NUMBERS = re.compile(r"(tfjs-layers )?v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(.*)")
NORMAL = "normal"
GATED = ("LSTM", "LSTMCell", "GRU", "GRUCell", "ConvLSTM2D")  # with a hard sigmoid by default, up to Keras 2.2
HARD_SIGMOID = "keras2.hard_sigmoid"


class Writer(NamedTuple):
    """The Keras that wrote a document."""

    version: tuple[int, int, int]
    tf: bool = False  # tf.keras, which is all there is from 2.4 on
    tfjs: bool = False

    @property
    def one_bias(self) -> bool:
        """Whether a GRU that does not say `reset_after` has it off: there was none up to Keras 2.1.4 and in tf.js."""
        return self.tfjs or self.version < ((2, 1, 7) if self.tf else (2, 4, 0))

    @property
    def narrow(self) -> bool:
        """Whether variance scaling drew a truncated normal without making up for what is cut off."""
        return self.tfjs or (not self.tf and self.version < (2, 2, 0))

    def normalization(self, config: dict[str, Any]) -> str:
        """The batch normalisation that this Keras makes of a config: the inference kernel of which ranks and axes."""
        plain = "BatchNormalization"
        if self.tfjs or config.get("fused") is False or any(config.get(key) for key in UNFUSED):
            return plain
        if self.tf:
            return f"tf.keras2.{plain}" if self.version >= (2, 4, 0) else f"tf.keras1.{plain}"
        last = config.get("axis", -1)
        return f"keras2.{plain}" if self.version >= (2, 2, 0 if last == 3 else 1) else plain


UNFUSED = ("synchronized", "renorm", "virtual_batch_size")


def writer(document: dict[str, Any]) -> Writer | None:
    """The Keras that a document names, if it is older than Keras 3."""
    found = NUMBERS.match(str(document.get("keras_version"))[:100])
    if found is None:
        return None
    tfjs, *numbers, rest = found.groups()
    major, minor, patch = (int(n or 0) for n in numbers)
    version = (major, minor, patch)
    if tfjs:
        return Writer(version, tfjs=True)
    return Writer(version, rest.startswith("-tf") or version >= (2, 4, 0)) if major < 3 else None


def of_its_time(document: dict[str, Any]) -> dict[str, Any]:
    """The document in today's words; itself if no older Keras is named in it."""
    by = writer(document)
    if by is None:
        return document
    fuses = document.get("backend", "tensorflow") == "tensorflow"
    out: dict[str, Any] = reworded(document, by, fuses)
    return out


def reworded(value: Any, by: Writer, fuses: bool) -> Any:
    """A part of a document in today's words."""
    if isinstance(value, list):
        return [reworded(one, by, fuses) for one in value]
    if not isinstance(value, dict):
        return value
    out = {key: old_activation(key, one, by) or reworded(one, by, fuses) for key, one in value.items()}
    name, config = out.get("class_name"), out.get("config")
    if not isinstance(config, dict):
        return out
    if name in ("GRU", "GRUCell") and by.one_bias:
        config.setdefault("reset_after", False)
    if name in GATED and not by.tf and not by.tfjs and by.version < (2, 3, 0):
        config.setdefault("recurrent_activation", HARD_SIGMOID)
    if name == "VarianceScaling" and by.narrow and config.get("distribution", NORMAL) == NORMAL:
        config["distribution"] = "narrow_truncated_normal"
    elif name == "BatchNormalization" and fuses:
        out["class_name"] = by.normalization(config)
    elif name == "Discretization" and by.tf:
        out["class_name"] = f"tf.keras2.{name}"
    return out


def old_activation(key: str, name: Any, by: Writer) -> str:
    """The name of its own of an activation that Keras 3 computes in another way."""
    old = f"keras2.{name}" if key.endswith("activation") and isinstance(name, str) and not by.tfjs else ""
    return old if old in OLD_ACTIVATIONS else ""
