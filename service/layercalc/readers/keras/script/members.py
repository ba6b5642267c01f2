"""What the names of a text are: the modules of Keras and TensorFlow and their members, and names bound nowhere."""

from typing import Any

from layercalc.layers.keras.base import KERAS
from layercalc.ops import BYTES
from layercalc.readers.keras.keras1_arguments import CLASSES, MADE
from layercalc.readers.keras.script import (
    alternatives,
    configs,
    control,
    copies,
    datasets,
    everywhere,
    makers,
    networks,
    outside,
    pipelines,
    settings,
    special,
)
from layercalc.readers.keras.script.effects import ASIDE_NAMES
from layercalc.readers.keras.script.names import (
    BARE,
    CHECKPOINTS,
    INERT_PATHS,
    LIBRARIES,
    OWN_LAYERS,
    SETTERS,
    is_apart,
    is_function,
    is_module,
    is_pure,
    makes_model,
    of_layers,
)
from layercalc.readers.keras.script.protocols import Protocols
from layercalc.readers.keras.script.sizes import ShapeObject
from layercalc.readers.keras.script.values import FunctionName, Kind, LostModel, TensorObject
from layercalc.readers.script import MISSING, Module, Native, Opaque
from layercalc.readers.script.values import Class


class Members(Protocols):
    """The hooks of names."""

    def forget(self) -> None:
        for own in self.names.owned:
            vars(own).clear()
        super().forget()

    def module(self, name: str) -> Module | None:
        if name.partition(".")[0] == "keras_core":  # what Keras 3 was called before it came out
            name = name.replace("keras_core", "keras", 1)
        if not is_module(name):
            return networks.module(self.names, name) or outside.module(self.names, name)
        kinds: dict[str, Kind] = {}  # one for all times that it is asked

        def find(member: str) -> Any:
            found = kinds.get(member)
            if found is None:
                found = self.member(name, member)
                if type(found) is Kind:
                    kinds[member] = found
            return found

        return Module(name, find, names(name))

    def called(self, module: Module) -> Kind | None:
        """`keras.layers.merge` called: the function of Keras 1, where later ones have a module."""
        found = module.name.rpartition(".")[2] == MADE[0] and of_layers(module.name)
        return Kind(MADE[0], module.name, self.names.replaced) if found else None

    def same_module(self, name: str) -> str:
        """Keras itself, and the copies of it that TensorFlow has: which of them are one module depends on versions."""
        parts = name.replace("tf_keras", "keras").split(".")
        return ".".join(parts[len(parts) - 1 - parts[::-1].index("keras") :]) if "keras" in parts else name

    def member(self, module: str, name: str) -> Any:
        """A member of a module of Keras'; MISSING for what is not known there."""
        path = f"{module}.{name}"
        if path in self.names.kinds:
            return self.names.kinds[path]
        if name in SETTERS:
            return settings.setter(self.names, path)
        if (loaded := datasets.loader(self.names, path)) is not None:
            return loaded
        if name == "to_categorical":
            return datasets.to_categorical(self.names)
        if name == "pad_sequences":
            return datasets.pad_sequences(self.names)
        if path == "tensorflow.lite":
            return settings.converters(path)
        if module in ("tensorflow", "tensorflow.dtypes", "tensorflow.compat.v1") and name in BYTES | {"newaxis": 0}:
            return None if name == "newaxis" else name
        if module.endswith(("backend", "keras.config")) or name in settings.GETTERS:
            found = settings.getter(self.names, name)
            if found is not None:
                return found
        if of_layers(module):
            kind = self.kind(name, path) or self.names.slips.find(name)
            if kind is not None:
                return kind
        if path.endswith(INERT_PATHS):
            return self.names.kinds.setdefault(path, Kind(name, path, self.names.replaced))
        if name == "_Merge" and of_layers(module):
            return self.names.kinds.setdefault(path, Kind("Layer", path, self.names.replaced))
        if (".initializers" in path and name[:1].isupper()) or name in settings.TF_INITIALIZERS:
            return settings.initializer(settings.TF_INITIALIZERS.get(name, name))
        if ".initializers" in path and name == "get":
            return settings.initializer_got()
        if makers.is_maker(path):
            return FunctionName(path)
        if (made := configs.maker(self.names, name)) is not None and (
            name not in configs.OF_LAYERS or of_layers(module)
        ):
            return made
        if name == "image_dataset_from_directory":
            return pipelines.directory(self.names)
        if path in ("tensorflow.TensorShape", "tensorflow.compat.v1.TensorShape"):
            return settings.tensor_shape(self.names)
        if path == pipelines.NAME:
            return pipelines.module(self.names)
        if path in CHECKPOINTS:
            return outside.checkpoint(self.names, path)
        if name in outside.SAVES:
            return outside.saver(self.names, name)
        if name == "get_source_inputs":
            return networks.source_inputs(self.names)
        if makes_model(name):
            return self.maker(name)
        if is_function(path) or path in special.TABLE or path in control.TABLE:
            return FunctionName(path)
        return MISSING

    def kind(self, name: str, path: str) -> Kind | None:
        """A class or function that makes layers or models."""
        name = CLASSES.get(name, name)
        if (
            name in KERAS.models
            or name in KERAS.refused
            or KERAS.get(name) is not None
            or name in OWN_LAYERS - {"Callback"}
            or name in MADE[1:]
        ):
            return self.names.kinds.setdefault(path, Kind(name, path, self.names.replaced))
        return None

    def maker(self, name: str) -> Native:
        """A function that gives a model: a network, or one which is not in the text."""
        if (network := networks.network(self.names, name)) is not None:
            return network
        if name in outside.LOADS:
            return outside.loader(self.names, name)
        if name == "multi_gpu_model":
            return outside.on_gpus(self.names, name)
        return Native(name, lambda m, args, kwargs, at: self.lost(name, at))

    def lost(self, name: str, at: Any) -> LostModel:
        """A model that the text does not hold."""
        lost = LostModel(f"the model of {name}()")
        lost.spoil(Opaque(f"{name}() gives a model that is not in the text", at))
        self.names.made.append(lost)
        return lost

    def bare(self, name: str) -> Any:
        if name in self.names.roots:
            self.machine.warn(self.names.roots[name], f"{name!r} read as 'tf'")
            return self.module("tensorflow")
        if name in LIBRARIES:
            return self.machine.module(LIBRARIES[name]) or Opaque(name, None, origin=LIBRARIES[name])
        if name in BARE:
            return self.module(BARE[name])
        if name == "model" or name in ASIDE_NAMES:
            return (
                Opaque(f"{name}, which is not in the text", None, origin=f"keras.utils.{name}")
                if name != "model"
                else MISSING
            )
        if name in settings.BARE_INITIALIZERS:
            return settings.initializer(name)
        if name in SETTERS:
            return settings.setter(self.names, f"keras.backend.{name}")
        kind = self.kind(name, name)
        if kind is not None:
            return kind
        if name == MADE[0]:
            return Kind(name, f"keras.layers.{name}", self.names.replaced)
        if name in ("clone_model", "model_from_json"):
            return configs.maker(self.names, name)
        if makes_model(name):
            return self.maker(name)
        return (name in self.names.slips.called and self.names.slips.find(name)) or MISSING

    def either(self, values: tuple[Any, ...], at: Any) -> Any:
        alike = alternatives.one_layer(self.names, values)
        return self.one_name(values) or (outside.either(self.names, values, at) if alike is None else alike)

    def one_name(self, values: tuple[Any, ...]) -> Any:
        """The same name of Keras' from one or another module of it; None for anything else."""
        first = values[0]
        if all(isinstance(one, Kind) and one.spoilt is None for one in values):
            return first if len({(one.name, self.names.of_tf(one)) for one in values}) == 1 else None
        if all(isinstance(one, FunctionName) for one in values):
            same = {tuple(one.path.split(".")[-2:]) for one in values}
            return first if len(same) == 1 else None
        if all(type(one) is Module and is_module(one.name) for one in values):
            parts = {tuple(self.same_module(one.name).split(".")[:2]) for one in values}
            return values[-1] if len(parts) == 1 else None
        return None

    def is_everywhere(self, value: Any, name: str) -> bool:
        if isinstance(value, ShapeObject | TensorObject):  # of TensorFlow's own tensors and shapes
            return name not in ("as_list", "rank", "ndims", "get_shape", "_keras_shape")
        if value is None or type(value) is Module:
            return everywhere.is_everywhere(name if value is None else f"{value.name}.{name}")
        return True

    def class_member(self, cls: Class, name: str, at: Any) -> Any:
        return copies.class_member(self.names, cls, name)

    def is_pure(self, origin: str) -> bool:
        return is_pure(origin)

    def is_apart(self, origin: str) -> bool:
        return is_apart(origin)

    def ignores(self, origin: str) -> bool:
        return origin in ("tensorflow.function", "tf.function") or origin.endswith("register_keras_serializable")


def names(module: str) -> tuple[str, ...]:
    """What `from module import *` binds, as far as it is of use here."""
    if not of_layers(module):
        return ()
    every = [*KERAS.kinds, *KERAS.aliases] if module.rpartition(".")[2] != "models" else []
    return (*every, "Sequential", "Model", "Input")
