"""The lines of a Keras tutorial: parsed with `ast`, never executed. Literals, layers, Sequential, functional calls.

Every object of the code is a small value here: a layer, a tensor (the output of a call), a Sequential, a Model. What
has no meaning for the shape of a network (`compile`, `fit`, `print`) is skipped with a warning; what would have to be
executed (loops, functions, conditions) is a fault.
"""

import ast
from typing import Any

from layercalc.errors import Unreadable
from layercalc.layers import ALIASES, LAYERS, REFUSED, Layer, fields_of, nearest, refusal
from layercalc.layers.fields import received
from layercalc.layers.nested import MODELS
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import ALL, Model
from layercalc.places import CodePlace
from layercalc.readers.code_values import (
    Broken,
    CallValue,
    LayerValue,
    ModelValue,
    SequentialValue,
    TensorValue,
    first_shape,
    flat,
    source,
    sources,
)
from layercalc.readers.draft import Draft, Source, bound
from layercalc.readers.literals import CodeError, Literals, dotted, place_of, spot
from layercalc.readers.text import parse_code

ROOTS = {"tf", "tensorflow", "keras", "tf_keras", "layers", "models", "activations", "initializers", "L", "KL"}
SHAPES = ("input_shape", "batch_input_shape", "batch_shape", "input_dim")
SKIPPED = {
    "compile",
    "fit",
    "summary",
    "evaluate",
    "predict",
    "save",
    "load_weights",
    "print",
    "plot_model",
    "set_seed",
}


def read_code(code: str, limits: Limits = UNLIMITED) -> tuple[Model, Draft]:
    """The model of Keras code; faults give lines and columns."""
    draft = Draft("model", "code")
    tree = parse_code(code, limits)
    code_reader = Code(draft)
    for statement in tree.body:
        code_reader.statement(statement)
    return code_reader.finish()


class Code(Literals):
    """The names that the code has bound so far, and the models it has made."""

    def __init__(self, draft: Draft):
        super().__init__()
        self.draft = draft
        self.bare = SequentialValue("sequential", CodePlace(1, 1, {}))
        self.models: list[Any] = []
        self.broken: list[Broken] = []
        self.last: Any = None
        self.imported: set[str] = set()
        self.nested: dict[int, Model | None] = {}

    def statement(self, node: ast.stmt) -> None:
        """Read one line; a fault in it leaves the names it would bind broken."""
        try:
            self.read(node)
        except CodeError as error:
            broken = Broken(
                spot(error.node), error.detail, used=isinstance(node, ast.For | ast.While | ast.If | ast.With)
            )
            self.broken.append(broken)
            for target in getattr(node, "targets", []):
                self.bind(target, broken)
            if isinstance(node, ast.Expr):
                broken.used = (model := self.added_to(node.value)) is not None
                (model or self.bare).items.append(broken)

    def added_to(self, node: ast.expr) -> SequentialValue | None:
        """The Sequential that `model.add(…)` adds to."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "add":
            return None
        owner = self.names.get(node.func.value.id) if isinstance(node.func.value, ast.Name) else None
        return owner if isinstance(owner, SequentialValue) else None

    def read(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                self.imported.add((alias.asname or alias.name).split(".")[0])
                if alias.asname and isinstance(node, ast.ImportFrom):
                    self.renamed[alias.asname] = alias.name
        elif isinstance(node, ast.Assign):
            value = self.value(node.value)
            for target in node.targets:
                self.bind(target, value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self.bind(node.target, self.value(node.value))
        elif isinstance(node, ast.Expr):
            self.expression(node.value)
        elif not isinstance(node, ast.Pass):
            what = type(node).__name__.removesuffix("Def").lower()
            raise CodeError(
                node,
                f"Code is read, never run: {what!r} cannot be followed. Write the layers out, or post the JSON.",
            )

    def bind(self, target: ast.expr, value: Any) -> None:
        """Assign to a name, or to several when the value is a list or a call with several outputs."""
        if isinstance(target, ast.Name):
            self.names[target.id] = value
            if isinstance(value, TensorValue):
                self.last = value
        elif isinstance(target, ast.Tuple | ast.List):
            for index, one in enumerate(target.elts):
                if isinstance(value, TensorValue):
                    self.bind(one, TensorValue(value.call, index))
                elif isinstance(value, list | tuple) and index < len(value):
                    self.bind(one, value[index])
                else:
                    self.bind(
                        one, value if isinstance(value, Broken) else Broken(spot(one), "There is nothing to unpack.")
                    )
        elif isinstance(target, ast.Attribute) and target.attr == "trainable" and isinstance(value, bool):
            owner = self.names.get(target.value.id) if isinstance(target.value, ast.Name) else None
            if isinstance(owner, LayerValue):
                owner.config["trainable"] = value
            elif not isinstance(owner, Broken):
                self.draft.warn(spot(target), f"{ast.unparse(target)[:60]} is read on layers only; skipped")
        else:
            self.draft.warn(spot(target), f"{ast.unparse(target)[:60]} has no effect on the analysis; skipped")

    def expression(self, node: ast.expr) -> None:
        """A line that is no assignment: a layer of the tutorial, `model.add(…)`, or something to skip."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in SKIPPED:
            self.draft.warn(spot(node), f"{dotted(node.func)}(…) has no effect on the analysis; skipped")
            return
        for one in node.elts if isinstance(node, ast.Tuple | ast.List) else [node]:
            value = self.value(one)
            if isinstance(value, LayerValue | CallValue):
                self.bare.items.append(value)
            elif isinstance(value, TensorValue):
                self.last = value
                if value.call.layer is None:
                    self.bare.items.append(value)

    def call(self, node: ast.Call) -> Any:
        """The value of a call: a layer, a tensor, a model, or what `model.add` and `model.build` change."""
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            owner = self.names.get(node.func.value.id)
            if isinstance(owner, SequentialValue | Broken):
                return self.method(owner, node.func.attr, node)
        function = self.function(node.func)
        if isinstance(function, LayerValue | SequentialValue | ModelValue):
            return self.apply(function, node)
        if isinstance(function, Broken):
            return function
        name = dotted(node.func)
        last = self.renamed.get(name, name.rpartition(".")[2])
        if last in MODELS:
            return self.model(node, last)
        kind = LAYERS.get(ALIASES.get(last, last))
        if kind is not None:
            self.check_root(node.func, name)
            if kind.is_input:
                return self.input(node, kind)
            return self.functional(node, kind) if last.islower() else self.layer(node, kind)
        made = self.foreign(node, name)
        if made is not None:
            return made
        if last in REFUSED:
            raise CodeError(node, refusal(last))
        known = [*LAYERS, *ALIASES, "Sequential", "Input", "Model"]
        raise CodeError(
            node, f"Unknown layer type {received(name or ast.unparse(node.func)[:60])}.{nearest(last, known)}"
        )

    def function(self, node: ast.expr) -> Any:
        """What a call's left side is, if it is a value of the code."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        return self.value(node) if isinstance(node, ast.Call) else None

    def check_root(self, node: ast.expr, name: str) -> None:
        """Warn where a layer's module is none that the code imports or that people write."""
        root = name.partition(".")[0]
        if "." in name and root not in ROOTS and root not in self.imported:
            self.draft.warn(spot(node), f"{root!r} read as 'tf'")

    def layer(self, node: ast.Call, kind: type[Layer]) -> LayerValue:
        """A layer under construction; positional arguments are Keras' in order."""
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
        for value in config.values():
            if isinstance(value, Broken):
                raise CodeError(node, f"It uses a line that cannot be read: {value.detail}")
        config = {key: self.inner(value) for key, value in config.items()}
        return LayerValue(kind, config, place, self.label(given, kind.type, place), shape)

    def inner(self, value: Any) -> Any:
        """An argument that is a layer or a model, as a config or the model itself."""
        if isinstance(value, LayerValue):
            return {"type": value.kind.type, "name": value.name, **value.config}
        if isinstance(value, SequentialValue | ModelValue):
            value.uses += 1
            return self.made(value, self.draft)
        return value

    def label(self, given: Any, kind: str, place: CodePlace) -> str:
        """The name that the code gives, or the one Keras would."""
        return str(given) if given is not None and self.draft.reserve(given, place) else self.draft.named(kind)

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
        label = given if given is not None and self.draft.reserve(given, place) else self.draft.named(kind.type)
        return self.called(LayerValue(kind, config, place, label), [inputs], {}, node)

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
        for one in flat([*arguments, *named.values()]):
            if isinstance(one, Broken):
                return one
        inputs = []
        for one in flat(arguments):
            if not isinstance(one, TensorValue):
                raise CodeError(node, f"Expected a layer called on tensors; received {received(one)}.")
            inputs.append(one)
        tensors = {key: one for key, one in named.items() if all(isinstance(t, TensorValue) for t in flat([one]))}
        if isinstance(layer, LayerValue):
            layer.config.update({key: one for key, one in named.items() if key not in tensors})
        layer.uses += 1
        return TensorValue(CallValue(layer.name, place_of(node), layer, layer.uses, inputs, tensors))

    def model(self, node: ast.Call, kind: str) -> Any:
        """`Sequential([…])` or `Model(inputs, outputs)`."""
        if kind == "Sequential":
            config, place = self.arguments(node, ["layers", "trainable", "name"])
            made: Any = SequentialValue(self.label(config.get("name"), "Sequential", place), place)
            layers = config.get("layers") or []
            for one in layers if isinstance(layers, list | tuple) else [layers]:
                self.add(made, one, node)
        else:
            config, place = self.arguments(node, ["inputs", "outputs", "name"])
            name = self.label(config.get("name"), "Functional", place)
            if missing := [key for key in ("inputs", "outputs") if key not in config]:
                raise CodeError(node, f"Model needs {' and '.join(missing)}, as in Model(inputs=x, outputs=y).")
            values = flat([config["inputs"], config["outputs"]])
            for one in values:
                if isinstance(one, Broken):
                    one.used = True
                    return one
            if not all(isinstance(one, TensorValue) for one in values):
                raise CodeError(node, "Expected Model(inputs=…, outputs=…) with tensors.")
            made = ModelValue(name, place, flat([config["inputs"]]), flat([config["outputs"]]))
        self.models.append(made)
        return made

    def add(self, model: SequentialValue, one: Any, node: ast.AST) -> None:
        if not isinstance(one, LayerValue | TensorValue | SequentialValue | ModelValue | Broken):
            raise CodeError(node, f"Expected a layer; received {received(one)}.")
        if isinstance(one, Broken):
            one.used = True
        model.items.append(one)

    def method(self, model: Any, name: str, node: ast.Call) -> Any:
        """`model.add(layer)`, `model.build(shape)`, `model(x)` by another name, or something to skip."""
        if isinstance(model, Broken):
            return model
        if name == "add" and len(node.args) == 1:
            self.add(model, self.value(node.args[0]), node)
        elif name == "build" and (node.args or node.keywords):
            place = place_of(node)
            model.shape = self.shape(
                self.value(node.args[0] if node.args else node.keywords[0].value), "batch_shape", place
            )
        elif name == "pop" and model.items:
            model.items.pop()
        else:
            self.draft.warn(spot(node), f"{dotted(node.func)}(…) has no effect on the analysis; skipped")
        return None

    def finish(self) -> tuple[Model, Draft]:
        """The model the code ends with: the last one made, else its bare lines, else its last tensor."""
        used = {id(one) for model in self.models if isinstance(model, SequentialValue) for one in model.items}
        whole = [model for model in self.models if not model.uses and id(model) not in used]
        root: Any = whole[-1] if whole else self.bare
        if not whole and self.last is not None and self.last.call.layer is not None:
            root = ModelValue("model", self.last.call.place, [], [self.last])
        for broken in self.broken:  # a line that no model uses, such as one that loads data, takes nothing from it
            if whole and not broken.used:
                self.draft.warn(broken.where, f"skipped: {broken.detail}")
            else:
                self.draft.fault(broken.where, broken.detail)
        if isinstance(root, SequentialValue) and not root.items and not self.draft.faults:
            known = "Dense(10), Sequential([…]) or Model(inputs, outputs)"
            raise Unreadable(
                [{"line": 1, "column": 1, "detail": f"No layer found: expected lines of Keras code such as {known}."}],
                status=422,
            )
        return self.build(root, self.draft), self.draft

    def build(self, value: Any, draft: Draft) -> Model:
        """The model of a Sequential or functional value, in a draft of its own."""
        draft.name = value.name
        return self.sequence(value, draft) if isinstance(value, SequentialValue) else self.graph(value, draft)

    def sequence(self, value: SequentialValue, draft: Draft) -> Model:
        items = list(value.items)
        head = items.pop(0) if items and isinstance(items[0], TensorValue) and items[0].call.layer is None else None
        if head is not None:
            draft.add_input(head.call.name, head.call.shape, head.call.dtype, head.call.place)
        else:
            first = items[0] if items else None
            shape = value.shape if value.shape is not None else first_shape(value)
            draft.add_input("input", shape, "float32", first.place if isinstance(first, LayerValue) else value.place)
        previous: Source | None = Source(draft.inputs[0].name)
        for one in items:
            if isinstance(one, TensorValue | Broken):
                if isinstance(one, TensorValue):
                    draft.fault(one.call.place.at(), "Only the first layer of a Sequential can be an input.")
                previous = None
                continue
            layer = self.made(one, draft)
            one.uses += 1
            inputs = [previous] if previous else []
            draft.add_call(one.name, layer if previous else None, inputs, one.place, use=one.uses)
            previous = Source(one.name, one.uses)
        end = (
            Source(draft.inputs[0].name) if not draft.calls else Source(draft.calls[-1].name, draft.calls[-1].use, ALL)
        )
        return draft.finish([(end, (value.place, ""))])

    def graph(self, value: ModelValue, draft: Draft) -> Model:
        calls: dict[int, CallValue] = {}
        pending = [tensor.call for tensor in value.outputs]
        given = {id(tensor.call) for tensor in value.inputs}
        while pending:
            call = pending.pop()
            if id(call) in calls:
                continue
            calls[id(call)] = call
            if id(call) not in given:
                pending += [tensor.call for tensor in flat([call.inputs, list(call.named.values())])]
        inputs = [tensor.call for tensor in value.inputs]
        inputs += [call for call in calls.values() if call.layer is None and call not in inputs]
        for call in inputs:
            draft.add_input(call.name, call.shape, call.dtype, call.place)
        for call in sorted(calls.values(), key=lambda call: call.order):
            if call not in inputs:
                kind = call.layer.kind if isinstance(call.layer, LayerValue) else Model
                named = {key: sources(one) for key, one in call.named.items()}
                positional, by_name = bound(kind, [source(one) for one in call.inputs], named)
                draft.add_call(call.name, self.made(call.layer, draft), positional, call.place, by_name, call.use)
        return draft.finish([(source(tensor, ALL), (tensor.call.place, "")) for tensor in value.outputs])

    def made(self, value: Any, draft: Draft) -> Layer | None:
        """The layer or nested model of a value, built once."""
        if isinstance(value, LayerValue):
            if not value.built:
                value.layer, value.built = self.draft.layer(value.kind, value.config, value.place), True
            return value.layer
        if id(value) not in self.nested:
            inner = Draft(value.name, "code", self.draft.memo)
            model = self.build(value, inner)
            self.draft.faults += inner.faults
            self.draft.warnings += inner.warnings
            self.nested[id(value)] = None if inner.faults else model
        return self.nested[id(value)]
