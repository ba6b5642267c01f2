"""The lines of a Keras tutorial or script: parsed with `ast`, never executed.

Every object of the code is a small value here: a layer, a tensor (the output of a call), a Sequential, a Model. A
statement that is not understood is a fault unless it cannot bear on the model: then it only takes from the names that
it binds what they stood for.
"""

import ast
from typing import Any

from layercalc import deadline
from layercalc.errors import Unreadable
from layercalc.layers.keras.base import KERAS
from layercalc.limits import UNLIMITED, Limits
from layercalc.locations import spot
from layercalc.model import Model
from layercalc.readers.builder import Draft
from layercalc.readers.code_bearing import Bearing, Reason, rivals
from layercalc.readers.code_calls import Calls, layers_of, models_in
from layercalc.readers.code_effects import Effects, decorators, effects, header
from layercalc.readers.code_graph import Networks
from layercalc.readers.code_names import (
    ENDS,
    FITS,
    FOREIGN,
    KERAS_MODULES,
    PASSIVE_FUNCTIONS,
    PASSIVE_METHODS,
    PLAIN_MODULES,
    STAR,
    STRAIGHT,
)
from layercalc.readers.code_syntax import is_main, load, sets_backend
from layercalc.readers.code_values import (
    Broken,
    CallValue,
    FunctionValue,
    LayerValue,
    ModelValue,
    Opaque,
    SequentialValue,
    TensorValue,
    first_shape,
    flat,
    inside,
)
from layercalc.readers.literals import CodeError, dotted, short
from layercalc.readers.text import parse_code
from layercalc.wording import received

BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)


def read_code(code: str, limits: Limits = UNLIMITED) -> tuple[Model, Draft]:
    """The model of Keras code; faults give lines and columns."""
    draft = Draft("model", "code", KERAS)
    tree = parse_code(code, limits)
    code_reader = Code(draft, tree)
    code_reader.block(tree.body)
    return code_reader.finish()


class Stop(Exception):  # noqa: N818
    """The text ends its program here."""


class Code(Calls):
    """The statements of a text, one after another."""

    def __init__(self, draft: Draft, tree: ast.Module):
        super().__init__(draft, tree)
        self.bodies: dict[int, Effects] = {}
        self.replaced: dict[int, tuple[Any, ast.Name]] = {}  # models whose name is something else's by now
        self.unread: list[tuple[dict[str, Any], str]] = []  # lines that no model needs, but bare lines might

    def block(self, statements: list[ast.stmt]) -> None:
        """Read statements up to one that ends the program."""
        try:
            for statement in statements:
                self.statement(statement)
        except Stop:
            return

    def statement(self, node: ast.stmt) -> None:
        """Read one statement; where it is not understood, what it may do decides."""
        deadline.check()
        try:
            self.read(node)
        except CodeError as error:
            self.not_understood(node, error)
        except RecursionError:
            self.fault(node, "This is nested too deeply.", {})

    def not_understood(self, node: ast.stmt, error: CodeError) -> None:
        found = effects(node)
        bearing = Bearing(self.scope, self.bodies)
        if bearing.broken(found):
            self.rebind(found.stored, Broken())
            return
        reason = bearing.reason(found)
        if reason is not None or error.bears:
            self.fault(error.node, detail(node, error, reason), found.stored)
            return
        self.given_to_fit(bearing)
        for one in bearing.every:
            self.spoil(node, one, bearing)
        for one in bearing.every:
            self.rebind(one.stored, self.opaque(node, found, bearing))
        self.import_inside(node)
        if isinstance(node, ast.Expr):
            name = dotted(node.value.func) if isinstance(node.value, ast.Call) else ""
            if name.rpartition(".")[2] in PASSIVE_METHODS | PASSIVE_FUNCTIONS | {"set_seed"}:
                self.draft.warn(spot(node), f"{name}(…) has no effect on the analysis; skipped")
            else:
                self.unread.append((spot(error.node), error.detail))

    def fault(self, node: ast.AST, told: str, stored: dict[str, ast.AST]) -> None:
        self.draft.fault(spot(node), told)
        self.faulty = True
        self.rebind(stored, Broken())

    def rebind(self, stored: dict[str, ast.AST], value: Any) -> None:
        for name in stored:
            self.scope.imported.pop(name, None)
            self.names[name] = value

    def opaque(self, node: ast.stmt, found: Effects, bearing: Bearing) -> Opaque:
        """What a statement that cannot bear on the model binds its names to."""
        from_names = [self.names.get(name) for name in (*found.seen, *found.used, *[one.name for one in found.given])]
        held = any(self.is_network(one) or (isinstance(one, Opaque) and one.holds) for one in from_names)
        value = getattr(node, "value", None) if isinstance(node, ast.Assign | ast.AnnAssign) else None
        source = value if isinstance(value, ast.expr) else node
        functions = tuple(bearing.functions(found))
        return Opaque(short(source), node.lineno, held, functions, held and bearing.fits(), plain=bearing.plain())

    def given_to_fit(self, bearing: Bearing) -> None:
        """A callback has the model from the moment that it is given to `fit`; clear_session() counts names anew."""
        for call in [call for found in bearing.every for call in found.calls]:
            if getattr(call.func, "attr", "") in FITS:
                for name in [one.id for one in ast.walk(call) if isinstance(one, ast.Name)]:
                    for one in inside(self.names.get(name)):
                        if isinstance(one, Opaque):
                            one.holds = True
                for asked in [one.value for one in call.keywords if one.arg == "callbacks"]:
                    for name in [one.id for one in ast.walk(asked) if isinstance(one, ast.Name)]:
                        for one in inside(self.names.get(name)):
                            if isinstance(one, Opaque):
                                one.callback = True
            self.cleared |= dotted(call.func).rpartition(".")[2] == "clear_session"

    def spoil(self, node: ast.stmt, found: Effects, bearing: Bearing) -> None:
        """Lists that the statement could have changed: nothing is known of them any more, by whatever name."""
        names = [*found.used, *found.patched]
        names += [one.name for one in found.given if not bearing.harmless(one)]
        for name in names:
            value = self.names.get(name)
            if isinstance(value, list | dict):
                self.spoilt(value, self.opaque(node, found, bearing))

    def read(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.imports(node)
        elif isinstance(node, ast.Assign):
            self.assign(node)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.bind(node.target, self.value(node.value))
        elif isinstance(node, ast.AugAssign):
            self.augment(node)
        elif isinstance(node, ast.Expr):
            self.expression(node.value)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if decorators(node) or isinstance(self.names.get(node.name), SequentialValue | ModelValue):
                raise CodeError(node, "Code is read, never run: what a decorator does cannot be followed.")
            self.define(node, node)
            self.scope.imported.pop(node.name, None)
            self.names[node.name] = FunctionValue(node)
        elif isinstance(node, ast.If) and is_main(node.test):
            for statement in node.body:
                self.statement(statement)
        elif isinstance(node, ast.With) and all(self.straight(item) for item in node.items):
            for item in node.items:
                if item.optional_vars is not None:
                    self.rebind(effects(item.optional_vars).stored, Opaque(short(item.context_expr), node.lineno))
            for statement in node.body:
                self.statement(statement)
        elif isinstance(node, ast.Delete) and all(isinstance(one, ast.Name) for one in node.targets):
            for target in node.targets:
                self.forget(target)
        elif isinstance(node, ast.Raise):
            raise CodeError(node, "The program ends here; what follows is never run.", bears=True)
        elif not isinstance(node, ast.Pass | ast.Global):
            what = type(node).__name__.removesuffix("Def").lower()
            raise CodeError(node, f"Code is read, never run: {what!r} cannot be followed. {WRITE_OUT}")

    def define(self, node: ast.stmt, function: ast.AST) -> None:
        """What a function or class runs when it is defined: its defaults and bases, and of a class all but methods."""
        bearing, found = Bearing(self.scope, self.bodies), effects(*header(function))
        reason = bearing.changed(found) or bearing.touched(found)
        if reason is None and isinstance(function, ast.ClassDef):
            methods = (ast.FunctionDef, ast.AsyncFunctionDef)
            reason = bearing.reason(effects(*[one for one in function.body if not isinstance(one, methods)]))
        if reason is not None:
            told = f"Code is read, never run: {short(node)!r} cannot be followed. Here {reason.told}."
            raise CodeError(node, told, bears=True)

    def assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Lambda):
            self.define(node, node.value)
            for target in node.targets:
                self.bind(target, FunctionValue(node.value))
            return
        if sets_backend(node):
            return
        several = [one for one in node.targets if isinstance(one, ast.Tuple | ast.List)]
        value = self.value(node.value)
        if several and sum(isinstance(one, SequentialValue | ModelValue) for one in flat([value])) > 1:
            raise CodeError(
                node, "Several models are bound at once, and which is meant cannot be told; bind one a line."
            )
        for target in node.targets:
            self.bind(target, value)

    def bind(self, target: ast.expr, value: Any) -> None:
        """Assign to a name, or to several when the value is a list or a call with several outputs."""
        if isinstance(target, ast.Name):
            self.bind_name(target, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target, value)
        elif isinstance(target, ast.Attribute) and target.attr == "trainable" and isinstance(value, bool):
            owner = self.value(target.value)
            if isinstance(owner, LayerValue) and owner.copied:
                raise CodeError(
                    target, "Bidirectional has copied it; set what it gave, or set this before.", bears=True
                )
            self.set_trainable(target, owner, value)
        else:
            raise CodeError(target, f"Code is read, never run: {short(target)!r} cannot be assigned to.")

    def bind_name(self, target: ast.Name, value: Any) -> None:
        if isinstance(value, Opaque) and isinstance(self.names.get(target.id), SequentialValue | ModelValue):
            raise CodeError(target, f"{target.id!r} is a model, which {value} replaces.", bears=True)
        old = self.names.get(target.id)
        if isinstance(old, SequentialValue | ModelValue) and not isinstance(value, SequentialValue | ModelValue):
            self.replaced[id(old)] = (old, target)
        self.scope.imported.pop(target.id, None)
        self.names[target.id] = value
        if isinstance(value, TensorValue):
            self.last = value
        elif isinstance(value, SequentialValue | ModelValue):
            self.models = [one for one in self.models if one is not value] + [value]

    def unpack(self, target: ast.Tuple | ast.List, value: Any) -> None:
        count = len(target.elts)
        if isinstance(value, TensorValue) and value.output < 0 and value.call.layer is not None:
            values: list[Any] = [TensorValue(value.call, index) for index in range(count)]
        elif isinstance(value, list | tuple) and len(value) == count:
            values = list(value)
        elif isinstance(value, Broken | Opaque):
            values = [value] * count
        else:
            raise CodeError(target, f"There are not {count} values to unpack; received {received(value)}.")
        if any(isinstance(one, ast.Starred) for one in target.elts):
            raise CodeError(target, "*names cannot be followed; write them out.")
        for one, item in zip(target.elts, values, strict=True):
            self.bind(one, item)

    def augment(self, node: ast.AugAssign) -> None:
        """`f *= 2` on numbers; a list grows in place, by whatever name it is known."""
        if not isinstance(node.target, ast.Name):
            raise CodeError(node, f"Code is read, never run: {short(node)!r} cannot be followed.")
        load = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
        old = self.value(load)
        if isinstance(old, list) and isinstance(node.op, ast.Add):
            self.grow(node, old, self.items(node.value))
            return
        self.bind(node.target, self.value(ast.copy_location(ast.BinOp(load, node.op, node.value), node)))

    def forget(self, target: ast.expr) -> None:
        """`del name`: a model goes only if another is left to answer for."""
        assert isinstance(target, ast.Name)
        value = self.names.pop(target.id, None)
        self.scope.imported.pop(target.id, None)
        if isinstance(value, SequentialValue | ModelValue) and not any(one is value for one in self.names.values()):
            self.models = [value] + [one for one in self.models if one is not value]

    def expression(self, node: ast.expr) -> None:
        """A line that is no assignment: a layer of the tutorial, `model.add(…)`, or something to skip."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return
        if isinstance(node, ast.Call) and dotted(node.func) in ENDS and self.scope.origin(dotted(node.func)):
            raise Stop
        for one in node.elts if isinstance(node, ast.Tuple | ast.List) else [node]:
            value = self.value(one)
            if isinstance(value, LayerValue | CallValue | Broken):
                self.bare.items.append(value)
            elif isinstance(value, TensorValue):
                self.last = value
                if value.call.layer is None:
                    self.bare.items.append(value)

    def straight(self, item: ast.withitem) -> bool:
        """Whether a `with` is of a kind that only its name matters to: a device, a scope of names, a strategy."""
        call = item.context_expr
        return (
            isinstance(call, ast.Call)
            and isinstance(item.optional_vars, ast.Name | None)
            and isinstance(call.func, ast.Attribute | ast.Name)
            and dotted(call.func).rpartition(".")[2] in STRAIGHT
            and not isinstance(self.names.get(dotted(call.func)), FunctionValue)
        )

    def imports(self, node: ast.Import | ast.ImportFrom) -> None:
        """Names of modules; one that is not Keras' is opaque, and takes the place of what had its name."""
        told = short(node)
        for alias in deadline.each(node.names):
            module = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
            if alias.name == "*":
                self.import_all(node)
                continue
            name, path = alias.asname or alias.name, f"{module}{alias.name}"
            if isinstance(node, ast.Import) and not alias.asname:
                name = path = path.partition(".")[0]
            if isinstance(self.names.get(name), SequentialValue | ModelValue):
                raise CodeError(node, f"{name!r} is a model, which this replaces.", bears=True)
            self.names.pop(name, None)
            self.scope.imported.pop(name, None)
            if isinstance(node, ast.Import) or path.partition(".")[0] in KERAS_MODULES:
                self.scope.imported[name] = path
            else:
                plain = path.partition(".")[0] in FOREIGN | PLAIN_MODULES
                self.names[name] = Opaque(told, node.lineno, plain=plain)

    def import_all(self, node: ast.ImportFrom | ast.Import) -> None:
        """`from m import *`: of a module that is not known, any name before it may be another thing after it."""
        root = (getattr(node, "module", None) or "").partition(".")[0]
        if root in KERAS_MODULES | STAR:
            return
        if any(self.is_network(value) for value in self.names.values()):
            raise CodeError(node, "It may replace any name; import names one by one.", bears=True)
        self.scope.star = unknown = Opaque(short(node), node.lineno)
        self.names = dict.fromkeys((*self.names, *self.scope.imported), unknown)
        self.scope.names, self.scope.imported = self.names, {}

    def import_inside(self, node: ast.stmt) -> None:
        """Imports in a block that was not followed: as good as one outside where all of a name are of Keras."""
        found: dict[str, list[str]] = {}
        for one in ast.walk(node) if isinstance(node, BLOCKS) else ():
            if isinstance(one, ast.Import | ast.ImportFrom):
                module = f"{one.module or ''}." if isinstance(one, ast.ImportFrom) else ""
                for alias in one.names:
                    whole = module + alias.name
                    first = isinstance(one, ast.Import) and not alias.asname
                    name = alias.name.partition(".")[0] if first else alias.asname or alias.name
                    found.setdefault(name, []).append(name if first else whole)
        for name, paths in found.items():
            if name == "*":
                for one in ast.walk(node):
                    if isinstance(one, ast.ImportFrom) and one.names[0].name == "*":
                        self.import_all(one)
            elif len({path.rpartition(".")[2] for path in paths}) == 1 and all(
                path.partition(".")[0] in KERAS_MODULES for path in paths
            ):
                self.names.pop(name, None)
                self.scope.imported[name] = paths[0]

    def finish(self) -> tuple[Model, Draft]:
        """The model the code ends with: the last one made or bound, else its bare lines, else its last tensor."""
        root: Any = self.meant()
        if root is self.bare or (isinstance(root, ModelValue) and not any(one is root for one in self.models)):
            for where, told in self.unread:
                self.draft.fault(where, told)
        else:
            self.settle(root)
        if isinstance(root, SequentialValue) and not root.items and not self.draft.faults:
            self.nothing(root)
        networks = Networks(self.draft)
        return networks.build(root, self.draft), self.draft

    def meant(self) -> Any:
        """A model that is in no other one; else what is around it: bare lines, or the network of the last tensor."""
        models = list({id(one): one for one in reversed(self.models)}.values())[::-1]
        held = {id(one) for model in models for one in models_in(model)}
        whole = [model for model in models if id(model) not in held]
        around: Any = self.bare
        if self.last is not None and self.last.call.layer is not None:
            around = ModelValue("model", self.last.call.place, [], [self.last])
        if not whole:
            return around
        inner = {id(one) for one in models_in(around)}
        if whole[-1].uses and id(whole[-1]) in inner and all(id(one) in inner for one in whole):
            direct = isinstance(around, ModelValue) and self.last.call.layer is whole[-1]
            return whole[-1] if direct else around
        outside = isinstance(around, ModelValue) and id(whole[-1]) in inner and self.last.call.layer is not whole[-1]
        if whole[-1].uses and outside:
            told = f"{whole[-1].name!r} is used here in no model, while another model stands: write Model(…) of this."
            self.draft.fault(self.last.call.place.at(), told)
        return whole[-1]

    def settle(self, root: Any) -> None:
        """What is known of a model only at the end: its name is still its own, and the models inside it are one."""
        if isinstance(root, SequentialValue) and first_shape(root) is None and root.called is not None:
            root.shape = root.called
        if id(root) in self.replaced and not any(one is root for value in self.names.values() for one in inside(value)):
            target = self.replaced[id(root)][1]
            self.draft.fault(spot(target), f"{target.id!r} is a model, which this replaces, and none follows.")
        for name, rival in rivals(self.names, root.place.line):
            told = (
                f"{name!r} may be the model that is meant, and is {rival}. Leave it out, or write it in Keras' layers."
            )
            self.draft.fault({"line": rival.line, "column": 1}, told)
        for one in models_in(root):
            layers = [each for each in [*layers_of(one), *models_in(one)] if each is not one]
            open_ = [each for each in layers if not isinstance(each, LayerValue) or each.config.get("trainable", True)]
            open_ = [each for each in open_ if isinstance(each, LayerValue) or each.trainable]
            if not one.trainable and open_:
                told = (
                    f"{one.name!r} is locked, {open_[0].name!r} in it is not: Keras 2 and 3 differ in what is trained."
                )
                self.draft.fault(one.place.at(), told)

    def nothing(self, root: SequentialValue) -> None:
        """No layer: say so, at the function that makes some where there is one."""
        known = "Dense(10), Sequential([…]) or Model(inputs, outputs)"
        fault = {"line": 1, "column": 1, "detail": f"No layer found: expected lines of Keras code such as {known}."}
        own = {name: value for name, value in self.names.items() if isinstance(value, FunctionValue)}
        makers = [name for name in own if Bearing(self.scope, self.bodies).reason(effects(load(name)))]
        if name := next(iter(makers or own), ""):
            told = f"No layer found outside {name!r}, and code is read, never run. {WRITE_OUT}"
            fault = {**spot(own[name].node), "detail": told}
        raise Unreadable([fault], status=422)


WRITE_OUT = "Write the layers out, or post the JSON."


def detail(node: ast.stmt, error: CodeError, reason: Reason | None) -> str:
    """What a fault says: why the statement is not understood, and how it bears on the model."""
    if reason is None or not (error.general or isinstance(node, BLOCKS)) or "makes layers" in reason.told:
        return error.detail
    line = getattr(reason.node, "lineno", node.lineno)
    where = f" on line {line}" if line != node.lineno else ""
    return f"{error.detail} Here{where} {reason.told}."
