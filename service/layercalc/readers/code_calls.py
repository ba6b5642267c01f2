"""What a call of Keras code means: a layer, a tensor, a model, or a change of one."""

import ast
from typing import Any

from layercalc import deadline
from layercalc.layers import Layer, fields_of
from layercalc.layers.keras.base import KERAS
from layercalc.locations import CodePlace, spot
from layercalc.readers.builder import Draft
from layercalc.readers.code_bearing import Origin, Scope, is_channels_first, known, setting_value
from layercalc.readers.code_names import PASSIVE_METHODS, ROOTS, SETTINGS
from layercalc.readers.code_values import (
    Broken,
    CallValue,
    FunctionValue,
    LayerValue,
    ModelValue,
    Named,
    Opaque,
    SequentialValue,
    TensorValue,
    first_shape,
    flat,
    of_network,
)
from layercalc.readers.keras.keras1 import KERNELS, evidence, kernel
from layercalc.readers.literals import CodeError, Literals, dotted, part_of, place_of, short
from layercalc.wording import received

SHAPES = ("input_shape", "batch_input_shape", "batch_shape", "input_dim")
SEVERAL = "layers"
CALL_KEYWORDS = {"return_attention_scores", "use_causal_mask"}  # of a layer's call, which its config keeps here


class Calls(Literals):
    """The names that the code has bound so far, and the models it has made."""

    def __init__(self, draft: Draft, tree: ast.Module):
        super().__init__()
        self.draft = draft
        self.scope = Scope(self.names)
        self.bare = SequentialValue("sequential", CodePlace(1, 1, {}))
        self.models: list[Any] = []
        self.last: Any = None
        self.faulty = False
        self.old = evidence(tree, {*KERAS.kinds, *KERAS.aliases, *KERAS.refused})
        self.told: set[str] = set()  # names that the text gives
        self.cleared = False  # whether clear_session() may have set the counters of names back

    is_network = staticmethod(of_network)

    def unbound(self, node: ast.Name) -> Any:
        """A name that no statement binds: one that is imported, a layer type, or none."""
        origin = self.scope.origin(node.id)
        assert origin is not None
        if origin.kind == "keras" or self.scope.makes(node.id):
            return Named(origin.path)
        if node.id in self.scope.imported:
            return Opaque(f"import {self.scope.imported[node.id]}", node.lineno)
        if self.scope.star is not None:
            raise CodeError(node, f"The name {node.id!r} may come from {self.scope.star}; import it by name.")
        raise CodeError(node, f"The name {node.id!r} is not bound in this code; write its value.")

    def attribute(self, node: ast.Attribute) -> Any:
        """`tf.nn.relu` as a name; of a model, its tensors; of anything else of the text, nothing is known."""
        name = dotted(node)
        origin = self.scope.origin(name) if name else None
        if origin is not None:
            if origin.kind == "foreign":
                raise CodeError(node, f"{name!r} is not of Keras, and its value is not in the text; write a literal.")
            if origin.last in SETTINGS:
                raise CodeError(node, f"{origin.last} changes the layers made after it; call it by its own name.")
            return Named(origin.path)
        value = self.value(node.value)
        if isinstance(value, Broken):
            return value
        if isinstance(value, ModelValue):
            if node.attr in ("inputs", "outputs"):
                return list(getattr(value, node.attr))
            if node.attr in ("input", "output"):
                tensors = getattr(value, f"{node.attr}s")
                return tensors[0] if len(tensors) == 1 else list(tensors)
        if isinstance(value, SequentialValue) and node.attr == SEVERAL:
            return tuple(one for one in value.items if not isinstance(one, TensorValue))
        if isinstance(value, Opaque):
            if node.attr == "model" and value.holds:
                raise CodeError(node, f"{short(node)!r} may be a model of the text; use its name.", bears=True)
            return part_of(value, node)
        what = "is not read" if of_network(value) else "cannot be followed"
        raise CodeError(node, f"Code is read, never run: {short(node)!r} {what}. Write it out.")

    def call(self, node: ast.Call) -> Any:
        """The value of a call: a layer, a tensor, a model, or what `model.add` and `model.build` change."""
        name = dotted(node.func)
        origin = self.scope.origin(name) if name else None
        if origin is None:
            return self.of_value(node)
        last = origin.last
        if origin.kind == "foreign":
            self.not_keras(node, name, origin)
        if last in SETTINGS:
            return self.setting(node, last)
        if last in KERAS.models:
            return self.model(node, last)
        kind = KERAS.get(last)
        root = name.partition(".")[0]
        if origin.kind == "unbound" and last.islower() and root != name and root not in ROOTS:
            raise CodeError(node, f"The name {root!r} is not bound in this code.", general=True)
        if kind is not None:
            self.check_root(node.func, name, origin)
            if kind.is_input:
                return self.input(node, kind)
            if ".compat.v1." in f".{origin.path}":
                raise CodeError(node, f"{last} of compat.v1 is not today's; write tf.keras.layers.{last}.", bears=True)
            return self.functional(node, kind) if last.islower() else self.layer(node, kind, origin)
        made = self.foreign(node, name)
        if made is not None:
            return made
        if last in KERAS.refused:
            raise CodeError(node, KERAS.refusal(last))
        near = KERAS.nearest(last, "Sequential", "Input", "Model")
        raise CodeError(node, f"Unknown layer type {received(name or short(node.func))}.{near}", general=True)

    def not_keras(self, node: ast.Call, name: str, origin: Origin) -> None:
        """Refuse what a name of Keras' is called, but comes from elsewhere."""
        star = self.scope.star
        if star is not None and origin.path == name:
            raise CodeError(node, f"{name!r} may come from {star}; import it by name.", bears=known(origin.last))
        raise CodeError(node, f"{name!r} is {origin.path!r}, which is not of Keras and is never run.", general=True)

    def of_value(self, node: ast.Call) -> Any:
        """A call of something that the text has made, or of a method of it."""
        function = node.func
        if isinstance(function, ast.Attribute):
            owner = self.value(function.value)
            if isinstance(owner, SequentialValue | ModelValue | LayerValue | TensorValue):
                return self.method(owner, function.attr, node)
            if isinstance(owner, list) and function.attr in ("append", "extend") and len(node.args) == 1:
                one = function.attr == "append"
                self.grow(node, owner, [self.value(node.args[0])] if one else self.items(node.args[0]))
                return None
            if isinstance(owner, Broken):
                return owner
            if isinstance(owner, Opaque):
                raise CodeError(node, f"{short(node)!r} is not known: it is of {owner}.", general=True)
            raise CodeError(node, f"Code is read, never run: {short(node)!r} cannot be followed.", general=True)
        value = self.value(function)
        if isinstance(value, LayerValue | SequentialValue | ModelValue):
            return self.apply(value, node)
        if isinstance(value, Broken):
            return value
        if isinstance(value, FunctionValue):
            where = f"the text's own, on line {value.node.lineno}"
            raise CodeError(node, f"Code is read, never run: {dotted(function)!r} is {where}. Write out what it makes.")
        if isinstance(value, Opaque):
            raise CodeError(node, f"{short(function)!r} is {value}, and is never run.", general=True)
        raise CodeError(node, f"{short(function)!r} is no layer or model; received {received(value)}.", general=True)

    def setting(self, node: ast.Call, last: str) -> None:
        """A setting of the backend: channels_first is read, another value than the default's is not."""
        first = is_channels_first(node, last)
        if not first and setting_value(node) not in SETTINGS[last]:
            raise CodeError(node, f"{short(node)} changes the layers made after it, and is not read.", bears=True)
        if "image" in last:
            self.scope.channels_first = first

    def check_root(self, node: ast.expr, name: str, origin: Origin) -> None:
        """Warn where a layer's module is none that the code imports or that people write."""
        root = name.partition(".")[0]
        if "." in name and root not in ROOTS and origin.kind == "unbound":
            self.draft.warn(spot(node), f"{root!r} read as 'tf'")

    def layer(self, node: ast.Call, kind: type[Layer], origin: Origin) -> Any:
        """A layer under construction; positional arguments are Keras' in order."""
        node = self.with_kernel(node, kind, origin)
        config, place = self.arguments(
            node, [key for key in fields_of(kind) if key not in ("name", "trainable", "dtype")]
        )
        given = config.pop("name", None)
        shape = None
        if "input_length" in config:  # Keras 2: the number of steps, beside the features where they are named
            length = [config.pop("input_length")]
            features = [config.pop("input_dim")] if "input_dim" in config and "input_dim" not in fields_of(kind) else []
            shape = self.shape([*length, *features], "input_length", place)
        for key in SHAPES:
            if key in config and key not in fields_of(kind):
                value = config.pop(key)
                shape = self.shape(value, key, place) if shape is None else shape
        if any(isinstance(value, Broken) for value in flat(list(config.values()))):
            return Broken()
        self.settled(node, kind, config, origin)
        config = {key: self.inner(value, kind.type) for key, value in config.items()}
        return LayerValue(kind, config, place, self.label(given, kind.type, place), shape)

    def settled(self, node: ast.Call, kind: type[Layer], config: dict[str, Any], origin: Origin) -> None:
        """Defaults that the backend's settings or the age of the text change."""
        if self.scope.channels_first and "data_format" in fields_of(kind) and not config.get("data_format"):
            if kind.rank == 1:  # a default of its own in Keras 2, the backend's in Keras 3
                raise CodeError(node, "Write data_format: Keras 2 and 3 differ in what it is here by default.")
            config["data_format"] = "channels_first"
        if self.old and "reset_after" in fields_of(kind) and "reset_after" not in config and not of_tensorflow(origin):
            config["reset_after"] = False
            self.draft.warn(spot(node), f"reset_after read as false, as it was before Keras 3: {self.old}")

    def with_kernel(self, node: ast.Call, kind: type[Layer], origin: Origin) -> ast.Call:
        """`Conv2D(32, 3, 3)` as what it meant where the text was written."""
        numbers = node.args[: KERNELS.get(kind.type, -1) + 1]
        values = [None if isinstance(one, ast.Starred) else self.value(one) for one in numbers]
        axes = kernel(kind.type, values)
        if not axes:
            return node
        size = ", ".join(str(one) for one in values[1 : axes + 1])
        if not self.old or of_tensorflow(origin):
            if axes == 2:
                why = "it is of tensorflow" if of_tensorflow(origin) else "nothing in the text says Keras 1"
                told = (
                    f"{size} read as kernel_size={values[1]!r}, strides={values[2]!r}, not as rows and columns: {why}"
                )
                self.draft.warn(spot(node.args[1]), told)
            return node
        told = f"{size} read as kernel_size=({size}), strides by their default, as in Keras 1: {self.old}"
        self.draft.warn(spot(node.args[1]), told)
        whole = ast.copy_location(ast.Tuple(list(node.args[1 : axes + 1]), ast.Load()), node.args[1])
        rest = node.args[axes + 1 :]
        if rest:
            raise CodeError(rest[0], "What follows the kernel's size by position is of Keras 1; write it by name.")
        return ast.copy_location(ast.Call(node.func, [node.args[0], whole], node.keywords), node)

    def inner(self, value: Any, kind: str) -> Any:
        """An argument that is a layer or a model is used by the layer that it is given to."""
        outer = KERAS.get(kind)
        for one in flat([value]):
            if isinstance(one, SequentialValue | ModelValue):
                one.uses += 1
            elif isinstance(one, LayerValue):
                one.places += 1
                one.copied |= outer is not None and outer.copies
        return value

    def label(self, given: Any, kind: str, place: CodePlace) -> str:
        """The name that the code gives, or the one Keras would."""
        if given is None or not self.draft.reserve(given, place):
            return self.draft.named(kind)
        self.told.add(str(given))
        return str(given)

    def shape(self, value: Any, key: str, place: CodePlace) -> tuple[int | None, ...] | None:
        """The shape that a layer's argument names, the batch in front."""
        sizes = [value] if key == "input_dim" or isinstance(value, int) else value
        if not isinstance(sizes, list | tuple) or not all(
            dim is None or (type(dim) is int and dim >= 0) for dim in sizes
        ):
            self.draft.fault(place.at((key,)), f"Expected a tuple of sizes; received {received(value)}.")
            return ()
        return tuple(sizes) if key.startswith("batch") else (None, *sizes)

    def input(self, node: ast.Call, kind: type[Layer]) -> TensorValue:
        """`Input(shape=…)`: a tensor that the model is given."""
        config, place = self.arguments(node, ["shape", "batch_size", "dtype", "sparse", "batch_shape", "name"])
        given = config.pop("name", None)
        made: Any = self.draft.layer(kind, config, place)
        name = self.label(given, kind.type, place)
        call = CallValue(name, place)
        if made is not None:
            call.shape, call.dtype = made.whole_shape(), made.dtype or "float32"
        return TensorValue(call, 0)

    def functional(self, node: ast.Call, kind: type[Layer]) -> Any:
        """`concatenate([a, b], axis=1)`: a layer made and called at once."""
        fields = [key for key in fields_of(kind) if key not in ("name", "trainable", "dtype")]
        config, place = self.arguments(node, ["inputs", *fields])
        inputs = config.pop("inputs", None)
        given = config.pop("name", None)
        return self.called(LayerValue(kind, config, place, self.label(given, kind.type, place)), [inputs], {}, node)

    def apply(self, layer: Any, node: ast.Call) -> Any:
        """A layer or model on tensors."""
        arguments = [self.value(argument) for argument in node.args]
        named = {
            keyword.arg: self.value(keyword.value)
            for keyword in node.keywords
            if keyword.arg and keyword.arg != "training"
        }
        return self.called(layer, arguments, named, node)

    def called(self, layer: Any, arguments: list[Any], named: dict[str, Any], node: ast.Call) -> Any:
        inputs = []
        every = flat([*arguments, *named.values()])
        if any(isinstance(one, Broken) for one in every):
            return Broken()
        for one in flat(arguments):
            if not isinstance(one, TensorValue):
                what = str(one) if isinstance(one, Opaque) else received(one)
                raise CodeError(node, f"Expected a layer called on tensors; received {what}.")
            inputs.append(one)
        if not inputs and not any(isinstance(one, TensorValue) for one in every):
            raise CodeError(node, "Expected a layer called on tensors; received none.")
        for one in every:
            if isinstance(one, Opaque):
                raise CodeError(node, f"Expected a tensor or a literal; received {one}.")
            if isinstance(one, TensorValue) and one.output < 0 and several(one.call.layer):
                raise CodeError(node, f"{one.call.name!r} has several outputs; unpack them, as in a, b = …", bears=True)
        tensors = {key: one for key, one in named.items() if all(isinstance(t, TensorValue) for t in flat([one]))}
        plain = {key: one for key, one in named.items() if key not in tensors}
        if strange := [key for key in plain if key not in CALL_KEYWORDS]:
            raise CodeError(node, f"The call of {layer.name!r} takes no argument {strange[0]!r}.", bears=True)
        if isinstance(layer, SequentialValue) and layer.called is None and inputs and inputs[0].call.layer is None:
            layer.called = inputs[0].call.shape
        if isinstance(layer, LayerValue):
            layer.config.update(plain)
            layer.places += 1
        layer.uses += 1
        return TensorValue(CallValue(layer.name, place_of(node), layer, layer.uses, inputs, tensors))

    def model(self, node: ast.Call, kind: str) -> Any:
        """`Sequential([…])` or `Model(inputs, outputs)`."""
        if kind == "Sequential":
            config, place = self.arguments(node, ["layers", "trainable", "name"])
            layers = config.get("layers") or []
            if isinstance(layers, Broken):
                return layers
            made: Any = SequentialValue(self.label(config.get("name"), "Sequential", place), place)
            for one in layers if isinstance(layers, list | tuple) else [layers]:
                self.add(made, one, node)
        else:
            config, place = self.arguments(node, ["inputs", "outputs", "name"])
            if "input" in config or "output" in config:  # Keras 1 and 2
                config = {{"input": "inputs", "output": "outputs"}.get(key, key): one for key, one in config.items()}
            if missing := [key for key in ("inputs", "outputs") if key not in config]:
                raise CodeError(node, f"Model needs {' and '.join(missing)}, as in Model(inputs=x, outputs=y).")
            values = flat([config["inputs"], config["outputs"]])
            if any(isinstance(one, Broken) for one in values):
                return Broken()
            if not all(isinstance(one, TensorValue) for one in values):
                raise CodeError(node, "Expected Model(inputs=…, outputs=…) with tensors.")
            name = self.label(config.get("name"), "Functional", place)
            made = ModelValue(name, place, flat([config["inputs"]]), flat([config["outputs"]]))
        if strange := [key for key in config if key not in ("layers", "inputs", "outputs", "name", "trainable")]:
            raise CodeError(node, f"{kind} takes no argument {strange[0]!r}.")
        if isinstance(trainable := config.get("trainable", True), bool):
            made.trainable = trainable
        self.models.append(made)
        return made

    def add(self, model: SequentialValue, one: Any, node: ast.AST) -> None:
        if not isinstance(one, LayerValue | TensorValue | SequentialValue | ModelValue | Broken):
            raise CodeError(node, f"Expected a layer; received {one if isinstance(one, Opaque) else received(one)}.")
        if not model.trainable:
            raise CodeError(node, "Keras 2 and 3 differ in whether a layer added to a locked model can be trained.")
        if isinstance(one, LayerValue):
            one.places += 1
        elif isinstance(one, SequentialValue | ModelValue):
            one.placed = True
        model.items.append(one)

    def method(self, owner: Any, name: str, node: ast.Call) -> Any:
        """`model.add(layer)`, `model.build(shape)`, `model.pop()`, `model.get_layer('a')`; others are not read."""
        if isinstance(owner, SequentialValue):
            if name in ("add", "pop") and (owner.uses or owner.placed):
                told = f"{owner.name!r} has been called or is in another model; what this changes there is not read."
                raise CodeError(node, told, bears=True)
            if name == "add" and len(node.args) == 1 and not node.keywords:
                self.add(owner, self.value(node.args[0]), node)
                return None
            if name == "build" and (node.args or node.keywords):
                self.built(owner, self.value(node.args[0] if node.args else node.keywords[0].value), node)
                return None
            if name == "pop" and not node.args and owner.items and not isinstance(owner.items[-1], TensorValue):
                owner.items.pop()
                return None
        if name == "get_layer" and isinstance(owner, SequentialValue | ModelValue):
            config, _ = self.arguments(node, ["name", "index"])
            found = [one for one in layers_of(owner) if one.name == config.get("name")]
            if len(found) == 1 and found[0].name not in self.told and (self.old or self.cleared):
                why = f"Keras 1 and 2 count from 1 ({self.old})" if self.old else "clear_session() starts to count anew"
                raise CodeError(node, f"{found[0].name!r} is a name that Keras gives, and {why}; name it.", bears=True)
            if len(found) == 1:
                return found[0]
        what = "a model" if isinstance(owner, SequentialValue | ModelValue) else "a layer or tensor"
        how = "" if name in PASSIVE_METHODS else f": .{name}() of {what} is not read"
        raise CodeError(node, f"Code is read, never run: {short(node)!r} cannot be followed{how}.")

    def built(self, owner: SequentialValue, value: Any, node: ast.Call) -> None:
        """`model.build(shape)`, which may not name another shape than the model has by then."""
        shape, known = self.shape(self.plain(node, value), "batch_shape", place_of(node)), first_shape(owner)
        if known and shape and known[1:] != shape[1:]:
            raise CodeError(node, f"The model has the input shape {list(known)} by now; received {list(shape)}.")
        owner.shape = owner.shape if known else shape

    def set_trainable(self, target: ast.Attribute, owner: Any, value: bool) -> None:
        """`x.trainable = False`: of a layer, or of a model and of every layer that is in it now."""
        if isinstance(owner, LayerValue):
            owner.config["trainable"] = value
            for one in flat(list(owner.config.values())):
                if isinstance(one, LayerValue | SequentialValue | ModelValue):
                    self.set_trainable(target, one, value)
        elif isinstance(owner, SequentialValue | ModelValue):
            owner.trainable = value
            for one in layers_of(owner):
                self.set_trainable(target, one, value)
        elif not isinstance(owner, Broken):
            raise CodeError(target, f"{short(target)} is read on layers and models only.")


def layers_of(owner: Any) -> list[Any]:
    """The layers and models directly inside a model, each once."""
    if isinstance(owner, SequentialValue):
        found = [one for one in owner.items if isinstance(one, LayerValue | SequentialValue | ModelValue)]
    else:
        found, seen, pending = [], set(), [tensor.call for tensor in owner.outputs]
        given = {id(tensor.call) for tensor in owner.inputs}
        while pending:
            call = pending.pop()
            if id(call) in seen:
                continue
            seen.add(id(call))
            if call.layer is not None:
                found.append(call.layer)
            if id(call) not in given:
                pending += [one.call for one in flat([call.inputs, list(call.named.values())])]
    return list({id(one): one for one in found}.values())


def several(layer: Any) -> bool:
    """Whether a layer or model is known to have more than one output."""
    if isinstance(layer, ModelValue):
        return len(layer.outputs) > 1
    if isinstance(layer, SequentialValue):
        return bool(layer.items) and several(layer.items[-1])
    if not isinstance(layer, LayerValue):
        return False
    inner = layer.config.get("layer")
    return any(layer.config.get(key) is True for key in ("return_state", "return_attention_scores")) or several(inner)


def models_in(value: Any) -> list[Any]:
    """The models inside a model or a layer, at any depth, itself left out."""
    found: dict[int, Any] = {}
    pending, seen = [value], {id(value)}
    while pending:
        one = pending.pop()
        deadline.check()
        if one is not value and isinstance(one, SequentialValue | ModelValue):
            found[id(one)] = one
        parts = flat(list(one.config.values())) if isinstance(one, LayerValue) else layers_of(one)
        if isinstance(one, SequentialValue):
            parts += [each.call.layer for each in one.items if isinstance(each, TensorValue)]
        for each in parts:
            if isinstance(each, LayerValue | SequentialValue | ModelValue) and id(each) not in seen:
                seen.add(id(each))
                pending.append(each)
    return list(found.values())


def of_tensorflow(origin: Origin) -> bool:
    return origin.path.partition(".")[0] in ("tensorflow", "tf")
