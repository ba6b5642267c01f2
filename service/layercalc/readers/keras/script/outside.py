"""Models that leave a text and come back: saved to a file and loaded, and those that wrappers for scikit-learn make."""

import ast
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import configs
from layercalc.readers.keras.script.values import MODELS, ConfigObject, FunctionName, Kind, LostModel
from layercalc.readers.script import Fault, Instance, Module, Native, Opaque
from layercalc.readers.script.nodes import Nodes
from layercalc.readers.script.values import Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

WRAPPERS = ("scikeras.wrappers", "keras.wrappers.scikit_learn", "tensorflow.keras.wrappers.scikit_learn")
ESTIMATORS = ("KerasClassifier", "KerasRegressor")
OF_JAX = ("relu", "relu6", "sigmoid", "silu", "swish", "softplus", "softmax", "log_softmax", "elu", "selu", "tanh")
SAVES = ("save", "save_model")
LOADS = {"load_model"}


def module(names: "KerasNames", name: str) -> Module | None:
    """A module of wrappers for scikit-learn, or JAX's activations, which compute what Keras' of that name do."""
    if name == "jax":
        return Module(name, {})
    if name == "jax.nn":
        return Module(name, {one: FunctionName(f"keras.activations.{one}") for one in OF_JAX})
    return Module(name, {one: estimator(names, one) for one in ESTIMATORS}) if name in WRAPPERS else None


def estimator(names: "KerasNames", name: str) -> Native:
    """`KerasClassifier(build_fn=f, epochs=3)`: the model that f makes of those arguments that it has."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        build = args[0] if args else kwargs.get("build_fn", kwargs.get("model"))
        if isinstance(build, MODELS):
            return build
        if type(build) is not Function:
            return Opaque("", at, holds=(*args, *kwargs.values()))
        own = build.node.args
        wanted = [*own.posonlyargs, *own.args][len(own.posonlyargs) :] + own.kwonlyargs
        given = {one.arg: kwargs[one.arg] for one in wanted if one.arg in kwargs}
        needed = [one.arg for one in own.args[: len(own.args) - len(own.defaults)] if one.arg not in given]
        if needed or own.posonlyargs:
            return Opaque("", at, holds=(*args, *kwargs.values()))
        names.warn(at, f"{name}() is read as what {build.name}() makes of these arguments.")
        return m.call(build, [], given, at)

    return Native(name, run)


def save(names: "KerasNames", model: Any, path: Any, at: Any) -> None:
    """`model.save(path)`: what a file holds from now on. An unknown path may be any."""
    if type(path) is not str:
        names.saved = {}
        return
    names.saved.pop(path, None)
    if names.loads and not names.machine.branching and isinstance(model, MODELS):
        calls, names.calls = names.calls, {}  # those of what is kept are none of the text's
        try:
            found = configs.config_now(names, model, at)
        except Fault:  # a class of the text's own, which no config holds
            return
        finally:
            names.calls = calls
        if isinstance(found, ConfigObject):
            names.saved[path] = found


def loads(nodes: Nodes) -> bool:
    """Whether a text may load what it has saved."""
    imported = map(attrgetter("name"), nodes.of(ast.alias))
    told = map(attrgetter("value"), nodes.of(ast.Constant))
    return not all(map(LOADS.isdisjoint, (nodes.ids, nodes.attrs, imported, told)))


def saver(names: "KerasNames", name: str) -> Native:
    """`save_model(model, path)`."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
        model = args[0] if args else kwargs.get("model")
        save(names, model, args[1] if len(args) > 1 else kwargs.get("filepath"), at)

    return Native(name, run)


def checkpoint(names: "KerasNames", path: str) -> Native:
    """`tf.train.Checkpoint(model=model)`: it has the models at hand; its methods set values of weights."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Opaque:
        return Opaque("", at, origin=f"{path}()", holds=(*args, *kwargs.values()))

    return Native(path.rpartition(".")[2], run)


def loader(names: "KerasNames", name: str) -> Native:
    """`load_model(path)`: a copy of the model that the text has saved there; else one that is not in the text."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        path = args[0] if args else kwargs.get("filepath")
        found = names.saved.get(path) if type(path) is str else None
        if found is None:
            lost = names.lost(name, at)
            lost.loaded = True
            return lost
        return m.call(configs.maker(names, "clone_model"), [found], {}, at)

    return Native(name, run)


def on_gpus(names: "KerasNames", name: str) -> Native:
    """`multi_gpu_model(model, gpus=2)`: a model around one, whose copies share its weights and divide the batch."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        model = args[0] if args else kwargs.get("model")
        if not isinstance(model, MODELS):
            return names.lost(name, at)
        inputs = m.attribute(model, "inputs", at)
        kind = Kind("Model", "keras.Model", names.replaced)
        around = names.construct(kind, [inputs, names.call(model, [inputs], {}, at)], {}, at)
        names.warn(at, f"{name}() is read as a model around one, of which copies on GPUs share the weights.")
        told = Opaque(f"the layers of {name}(), which are slices of the batch, the model and a Concatenate", at)
        around.extras = dict.fromkeys(("layers", "get_layer", "pop", "add"), told)
        return around

    return Native(name, run)


def either(names: "KerasNames", values: tuple[Any, ...], at: Any) -> Any:
    """A model that the text makes or else loads: what it makes. None for what is no such choice."""
    models = [one for one in values if isinstance(one, MODELS) or (type(one) is Instance and one.core is not None)]
    lost = [one for one in values if isinstance(one, LostModel) and one.loaded]
    if not lost or len(models) + len(lost) < len(values) or len({id(one) for one in models}) != 1:
        return None
    names.warn(at, f"{lost[0]!r} is taken to be like {models[0]!r}, which the text makes where there is no such file.")
    return models[0]
