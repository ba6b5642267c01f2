"""Record what an installed Keras says, for the tests: run by hand, `pip install keras tensorflow-cpu` first.

    python scripts/record_keras.py tests/data

writes `keras_signatures.json` (arguments and defaults of every layer class) and `keras_activations.npz` (every
activation function on one input). It is no dependency of the package, and `make test` does not run it.
"""

import inspect
import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

ARGUMENTS = {"threshold": {"threshold": 0.5, "default_value": -1.0}}


def signatures() -> dict[str, list[list[object]]]:
    """Every public layer class: [argument, required, default] in order."""
    out = {}
    for name in sorted(dir(keras.layers)):
        kind = getattr(keras.layers, name)
        if not (inspect.isclass(kind) and issubclass(kind, keras.layers.Layer)):
            continue
        parameters = [
            p
            for p in list(inspect.signature(kind.__init__).parameters.values())[1:]
            if p.kind is p.POSITIONAL_OR_KEYWORD
        ]
        out[name] = [[p.name, p.default is p.empty, None if p.default is p.empty else p.default] for p in parameters]
    return out


def activations() -> dict[str, np.ndarray]:
    """x, and f(x) for every function of keras.activations."""
    x = np.concatenate([np.linspace(-6, 6, 61), [-30.0, -1.0, 0.0, 0.5, 1.0, 30.0, 100.0, -100.0, 3.0]])
    x = x.astype("float32").reshape(7, 10)
    out = {"x": x}
    for name in dir(keras.activations):
        function = getattr(keras.activations, name)
        if inspect.isfunction(function) and name not in ("get", "serialize", "deserialize"):
            out[name] = np.asarray(function(x, **ARGUMENTS.get(name, {})))
    return out


def main(folder: Path) -> None:
    text = json.dumps(signatures(), indent=None, separators=(",", ":"))
    (folder / "keras_signatures.json").write_text(text.replace("]],", "]],\n") + "\n")
    np.savez_compressed(folder / "keras_activations.npz", **activations())
    print(f"keras {keras.__version__}: recorded into {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
