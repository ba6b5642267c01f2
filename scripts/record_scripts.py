"""Record what Keras makes of random programs: run by hand, `pip install keras numpy scipy` first.

    KERAS_BACKEND=numpy python scripts/record_scripts.py 450

writes `tests/data/keras_scripts/programs.json.gz`: for each program of `keras_programs` its text and, for every model
that is bound to a name at the end, the parameters, those that can be trained, the shapes of its outputs and the layers
that `summary()` lists; or the exception that it raised. tests/readers/keras/script/test_recorded.py holds our reader
against them. It is no dependency of the package, and `make test` does not run it.
"""

import contextlib
import gzip
import io
import json
import math
import os
import signal
import sys
import types
import warnings
from pathlib import Path

FILE = Path(__file__).parents[1] / "tests" / "data" / "keras_scripts" / "programs.json.gz"
SECONDS = 20  # for one program


def as_tensorflow(keras):
    """`from tensorflow import keras` means the installed one, without TensorFlow."""

    def member(name):
        if name[:1].isupper():
            return type(name, (), {})  # what keras asks of a tensorflow that is imported
        raise AttributeError(name)

    tensorflow = types.ModuleType("tensorflow")
    tensorflow.__getattr__, tensorflow.keras = member, keras
    tensorflow.executing_eagerly = lambda: True
    tensorflow.random = types.SimpleNamespace(set_seed=lambda seed: None)
    sys.modules["tensorflow"] = tensorflow
    for name in [name for name in sys.modules if name == "keras" or name.startswith("keras.")]:
        sys.modules[f"tensorflow.{name}"] = sys.modules[name]


def as_keras_2(keras):
    """What Keras 2 has, people write and Keras 3 has lost: int_shape, ends of an InputLayer and of a Sequential."""
    keras.backend.int_shape = lambda x: tuple(x.shape)
    keras.layers.InputLayer.input = property(lambda layer: layer.output)
    for name in ("input", "output"):
        setattr(keras.Sequential, name, property(lambda model, name=name: only(getattr(model, f"{name}s"))))


def only(tensors):
    return tensors[0] if len(tensors) == 1 else tensors


def count(weights):
    return sum(math.prod(one.shape) for one in {id(one): one for one in weights}.values())


def shapes(tensors):
    """Shapes of an output in any structure."""
    import keras

    return [list(one.shape) for one in keras.tree.flatten(tensors)]


def layers_of(model, path=""):
    """[name, type, output shape, parameters] of every layer as `summary(expand_nested=True)` lists them."""
    import keras

    rows = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer, keras.Sequential) or type(layer).__name__ == "Functional":
            rows += layers_of(layer, f"{path}{layer.name}/")
            continue
        used = layer._inbound_nodes
        shape = shapes(used[0].output_tensors) if len(used) == 1 else None
        rows.append([path + layer.name, type(layer).__name__, shape, count(layer.weights)])
    return rows


def answer(model):
    """What Keras says of a model; None for one that is not built."""
    import keras

    if not model.built:
        return None
    kind, outputs = type(model).__name__, None
    shape = getattr(model, "_build_shapes_dict", None)
    if kind not in ("Sequential", "Functional") and shape and len(shape) == 1:
        (given,) = shape.values()
        with contextlib.suppress(Exception):  # `build` of Keras 3 alone builds no layer of a class of the text
            outputs = shapes(model(keras.KerasTensor((None, *given[1:]))))
    out = {"params": count(model.weights), "trainable": count(model.trainable_weights)}
    if kind in ("Sequential", "Functional"):
        return out | {"outputs": shapes(model.outputs), "layers": layers_of(model)}
    return None if outputs is None else out | {"outputs": outputs}


def recorded(text):
    """The answer to one program: {"models": {name: …}} or {"raises": class, "models": …}."""
    import keras

    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.backend.clear_session()
    names = {"__name__": "__main__"}
    out = {"text": text}

    def late(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(text, "program", "exec"), names)
    except Exception as error:
        return out | {"raises": type(error).__name__, "says": str(error).strip().split("\n")[0][:200]}
    finally:
        signal.alarm(0)
    models = {name: one for name, one in names.items() if isinstance(one, keras.Model)}
    out["models"] = {name: answer(one) for name, one in models.items()}
    return out


def main(wanted):
    warnings.simplefilter("ignore")
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    import keras
    from keras_programs import program

    as_keras_2(keras)
    as_tensorflow(keras)
    kept, seed, raising = [], 0, 0
    while len(kept) < wanted:
        one = recorded(program(seed))
        seed += 1
        if one.get("raises") == "TimeoutError" or ("raises" in one and raising >= wanted // 4):
            continue
        if "raises" not in one and not any(one["models"].values()):
            continue
        raising += "raises" in one
        one.pop("says", None)
        kept.append({"seed": seed - 1, **one})
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(gzip.compress(json.dumps(kept, separators=(",", ":")).encode(), mtime=0))
    print(f"keras {keras.__version__}: {len(kept)} programs, {raising} of them raise, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main(int(sys.argv[1]))
