"""From an exported program to a model: inputs, rows for calls of modules, and the tensors of its state dict."""

from collections.abc import Iterable
from typing import Any

from layercalc import deadline, ops
from layercalc.environment import setting
from layercalc.errors import ShapeError, Tokens
from layercalc.layers.base import BUFFER, CONSTANT, PARAMETER
from layercalc.layers.config import ConfigError
from layercalc.layers.stored import Array
from layercalc.layers.torch.base import TORCH
from layercalc.layers.torch.exported import ExportedCall, Held, Node, Place, Written
from layercalc.limits import UNLIMITED, Limits
from layercalc.locations import NodeLocation
from layercalc.model import Container, Model
from layercalc.ops.spec import Resident, Spec
from layercalc.readers.builder import Builder, Source
from layercalc.readers.torch.archive import Tensors, TorchProgram, unreadable
from layercalc.readers.torch.dtypes import DTYPES
from layercalc.readers.torch.frames import Row, rows
from layercalc.readers.torch.functions import found
from layercalc.readers.torch.held import Holdings, state_of
from layercalc.readers.torch.identity import Identity, lent, tied
from layercalc.readers.torch.levels import in_parts, written
from layercalc.readers.torch.nesting import Nesting
from layercalc.readers.torch.paths import outermost, stack_of
from layercalc.readers.torch.program import FAULTS, Call, Malformed, broken, text, union
from layercalc.readers.torch.regions import calls
from layercalc.readers.torch.rewriting import Rewriting, in_place, read_by
from layercalc.readers.torch.sizes import Sizes, with_apart, with_sizes
from layercalc.readers.torch.training import in_use, told_of
from layercalc.wording import nearest

ASSERTS = (
    *("_assert_tensor_metadata", "_assert_scalar", "_assert_async", "sym_constrain_range"),
    "sym_constrain_range_for_size",
)
STATES = ("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell")  # whose results are those of their modules
HELD = {"parameter": PARAMETER, "buffer": BUFFER, "tensor_constant": CONSTANT}


class Graph:
    """A model in the making."""

    def __init__(self, document: TorchProgram, path: Tokens, limits: Limits):
        self.document, self.limits = document, limits
        module = document.program.get("graph_module")
        self.path = (*path, "graph_module")
        graph = module.get("graph") if isinstance(module, dict) else None
        if not isinstance(module, dict) or not isinstance(graph, dict) or not isinstance(graph.get("nodes"), list):
            raise unreadable(path, "An exported program without a graph: its JSON has no graph_module with one.")
        self.module, self.graph = module, module["graph"]
        self.tensors = Tensors(document)
        self.says_frozen = says_frozen(document.program.get("schema_version"))
        self.builder = Builder("model", "torch-export", TORCH)
        self.sources: dict[str, Source] = {}
        self.held: dict[str, Held] = {}  # by the name in the program
        self.sizes: frozenset[str] = frozenset()  # that rows of their own make
        self.used: set[tuple[str, int]] = set()  # names of rows, and which use of the module
        self.root = ""  # the class of the model
        self.holdings = Holdings({})
        self.modules = Identity((), {}, self.holdings)
        self.core, self.told = False, True  # see Place
        self.written: dict[int, Written] = {}  # by the numbers of nodes
        self.nesting = Nesting()
        self.outer: set[str] = set()  # the paths of modules that have modules inside
        self.owned: set[str] = set()  # names of the state dict that a row has
        self.becomes: list[str] = []  # the names of what its buffers are changed to

    def read(self) -> Model:
        """Everything of the program; faults are in the builder."""
        try:
            self.inputs()
            results = self.results()
        except FAULTS as error:
            raise broken((*self.path, "signature"), error) from None
        every = list(deadline.each(calls(self.graph, (*self.path, "graph"))))
        if len(every) > self.limits.max_layers:
            most = f"{self.limits.max_layers:,} ({setting('max_layers')})"
            raise unreadable(self.path, f"The program has more than {most} nodes.")
        every, training = in_use(every, results, {*self.held, *self.becomes})
        if training:
            self.builder.warn(self.location().at(), told_of(training))
        rewriting = Rewriting(every, results, self.dtypes())
        try:
            rewritten = list(rewriting.run())
        except ConfigError as error:
            self.builder.fault(self.location().at(), error.faults[0][1])
            rewritten = every
        if not self.document.says_ties or self.tensors.of_meta():
            self.held |= tied(rewritten, self.held)
        if not self.document.says_ties:
            self.doubtful(rewritten)
        self.holdings = Holdings(self.held)
        self.modules = Identity(rewritten, self.held, self.holdings)
        self.root = title_of(self.graph)
        self.core, self.told = in_parts(every), any(call.caller for call in every)
        self.written = written(every)
        self.builder.name = self.root.rpartition(".")[2] or "model"
        told = self.module.get("module_call_graph")
        paths = [str(one.get("fqn")) for one in told if isinstance(one, dict)] if isinstance(told, list) else []
        held = [one.path.rpartition(".")[0] for one in self.held.values()]
        self.outer = {path.rpartition(".")[0] for path in (*paths, *held)}
        self.rows([call for call in rewritten if call.target.partition(".")[0] and not asserts(call)], rewriting)
        ends = [self.end(rewriting.today(name)) for name in results]
        self.unread()
        model = self.builder.finish(ends)
        model.batch_name = self.batch
        model.state = state_of(self.held.values(), paths)
        fixed = [one.name for one in model.inputs if any(type(size) is int for size in one.shape or ())]
        if fixed:
            axes = "{0: torch.export.Dim.DYNAMIC}"
            line = f"torch.export.export(model, args, dynamic_shapes={{{fixed[0]!r}: {axes}}})"
            model.exported_for = f"The file was exported for these sizes alone; to have others, export with {line}."
        return model

    def location(self, call: Call | None = None) -> NodeLocation:
        return NodeLocation((*self.path, "graph") if call is None else call.at)

    def inputs(self) -> None:
        """The tensors that the program is given, and those that it holds."""
        values, ties = self.graph["tensor_values"], self.tensors.shared()
        given = []
        for spec in self.module["signature"]["input_specs"]:
            kind, one = union(spec)
            if kind in HELD:
                self.hold(kind, one, values, ties)
            elif kind == "user_input":
                what, value = union(one["arg"])
                if what == "as_tensor":
                    given.append(text(value["name"], "a name"))
            elif kind not in ("constant_input", "token"):
                raise Malformed(f"Inputs of the kind {kind} are not read")
        outputs = [union(spec) for spec in self.module["signature"]["output_specs"]]
        ends = [union(one["arg"]) for kind, one in outputs if kind == "user_output"]
        results = [values.get(one["name"], {}) for kind, one in ends if kind == "as_tensor"]
        if self.tensors.of_meta():
            told = "The model was on the meta device: whether weights are tied is not said, and each name is counted."
            self.builder.warn(self.location().at(), told)
        sizes = Sizes({name: values[name] for name in given}, results, self.builder)
        self.batch = sizes.batch
        for name in given:
            location = self.location()
            self.builder.reserve(name, location)
            self.used.add((name, 1))
            dtype = "float32"
            try:
                dtype = sizes.dtype(name)
            except ShapeError as error:
                self.builder.fault(location.at(), str(error))
            shape = sizes.shape(name)
            self.builder.add_input(name, shape, dtype, location)
            self.builder.inputs[-1].scalar = shape == ()
            self.sources[name] = Source(name)

    def dtypes(self) -> dict[str, str]:
        """The types of tensors as the file has them, for what depends on whether one changes."""
        values = self.graph["tensor_values"]
        return {name: DTYPES[meta["dtype"]] for name, meta in values.items() if known_type(meta)}

    def hold(self, kind: str, spec: dict[str, Any], values: dict[str, Any], ties: dict[str, str]) -> None:
        """A parameter, buffer or constant; of one that shares its tensor the first name stands for it."""
        name = text(spec["arg"]["name"], "a name")
        full = text(spec[f"{kind}_name"], "a name")
        first = ties.get(full, full)
        meta = values[name]
        try:
            array = self.tensors.array(first, meta)
        except ShapeError as error:
            self.builder.fault(self.location().at(), f"{full}: {error}")
            array = Array(first, (0,), "float32", None)
        trainable = kind == "parameter" and (not self.says_frozen or bool(meta["requires_grad"]))
        persistent = kind != "tensor_constant" and spec.get("persistent") is not False
        self.held[name] = Held(name, full, array, HELD[kind], trainable, persistent)

    def doubtful(self, every: list[Call]) -> None:
        """Warn of what is not said: whether a table and another parameter of its sizes are one tensor."""
        tables = {str(call.arguments.get("weight")) for call in every if call.word == "embedding"} & self.held.keys()
        of_size: dict[tuple[int, ...], list[Held]] = {}
        for one in self.held.values() if tables else ():
            of_size.setdefault(one.array.shape, []).append(one)
        for table in tables:
            array = self.held[table].array
            alike = next((other.path for other in of_size[array.shape] if other.array != array), None)
            if alike is not None:
                told = (
                    f"Archives of PyTorch before 2.9 do not say which weights are tied: {array.name!r} and {alike!r} "
                    "have the same sizes, and each is counted."
                )
                self.builder.warn(self.location().at(), told)

    def results(self) -> list[str]:
        """The names of the tensors that the program gives."""
        found = []
        for spec in self.module["signature"]["output_specs"]:
            kind, one = union(spec)
            what, value = union(one["arg"])
            if kind == "user_output" and what == "as_tensor":
                found.append(text(value["name"], "a name"))
            elif kind != "user_output":
                self.becomes.append(value["name"] if what == "as_tensor" else str(value))
        if self.becomes:
            changed = len(self.becomes)
            told = f"The program changes {changed} of its buffers, as in training; those changes are left out here."
            self.builder.warn(self.location().at(), told)
        if not found:
            raise Malformed("no output of the program is a tensor")
        return found

    def rows(self, every: list[Call], rewriting: Rewriting) -> None:
        """A call of the model for each row; sizes are computed in the rows that read them."""
        floating = {name: call for call in every if call.sizes for name in call.outputs}
        made = rows([call for call in every if not call.sizes], "Module", self.modules)
        apart: dict[str, Call] = {}
        for row in made:
            row.calls = with_sizes(row.calls, floating, apart)
        self.sizes = frozenset(apart)
        made.sort(key=lambda row: row.first)
        made = list(with_apart(made, apart))
        readers: dict[str, int] = {}
        for number, row in enumerate(made):
            made_here = {name for call in row.calls for name in call.outputs}
            for call in row.calls:
                readers |= dict.fromkeys([name for name in read_by(call) if name not in made_here], number)
        readers |= dict.fromkeys((rewriting.today(name) for name in rewriting.results), len(made))
        for number, row in enumerate(deadline.each(made)):
            self.row(row, number, readers)

    def row(self, row: Row, number: int, readers: dict[str, int]) -> None:
        """A call of the model: what it reads from outside, what it holds, what others read of it."""
        location = self.location(row.calls[0 if row.leaf else -1])
        nodes: list[Node] = []
        inside: set[str] = set()
        reads: dict[str, None] = {}  # in their order
        own = {one.name: one for one in (self.holdings.below(row.path) if row.leaf and row.path else ())}
        arrays = {one.array.name for one in own.values()}
        known, around = True, self.nesting.of(row)
        for call in row.calls:
            weights = set(lent(call, row.module)) if row.leaf else set()
            for name in read_by(call):
                if name in self.held and (
                    not (row.leaf and row.path) or self.held[name].array.name in arrays or name in weights
                ):
                    own.setdefault(name, self.held[name])
                elif name in self.held and name not in reads:
                    self.hand_over(name, around)
                    reads[name] = None
                elif name not in inside:
                    reads[name] = None
            try:
                nodes.append(self.node(call))
            except ConfigError as error:
                self.builder.left_out(self.location(call).at(), error.faults[0][1])
                known = False
            inside.update(call.outputs)
        last = row.calls[-1]
        whole = set(last.outputs if row.leaf and last.word in STATES else ())  # as the module gives them, read or not
        made = [name for call in row.calls for name in call.outputs if name]
        later = [name for name in made if readers.get(name, -1) > number and name not in self.sizes]
        gives = [name for name in made if name in whole or name in later]
        gives = list(dict.fromkeys(gives)) or [name for name in last.outputs if name][:1] or made[-1:]
        sources = []
        for name in reads:
            if name in self.sources:
                sources.append(self.sources[name])
            else:
                self.builder.fault(location.at(), f"There is no tensor {name[:200]!r} before this node.")
                known = False
        name, use = self.name_of(row)
        place = self.place_of(row)
        held = self.holdings.ordered(own.values())
        layer = (
            ExportedCall(
                row.kind, tuple(nodes), tuple(reads), self.sizes.intersection(reads), held, tuple(gives), place
            )
            if known
            else None
        )
        self.owned.update(one.array.name for one in held)
        self.builder.add_call(name, layer, sources, location, use=use, around=around)
        for output, one in enumerate(gives):
            self.sources[one] = Source(name, use, output)

    def node(self, call: Call) -> Node:
        """A call with the function that it is; ConfigError says why there is none."""
        function = found(call.target)
        if not any(call.outputs):
            raise ConfigError([((), f"{call.target} is not read without a result.")])
        parameters = function.parameters
        arguments = call.arguments
        if "self" in arguments and "self" not in parameters and in_place(call.target):  # as its in-place form calls it
            arguments = {next(iter(parameters)) if name == "self" else name: one for name, one in arguments.items()}
        rest = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        if strange := [name for name in arguments if name not in parameters and not rest]:
            near = nearest(strange[0], list(parameters))
            raise ConfigError([((), f"{call.target} is not read with the argument {strange[0]!r}.{near}")])
        if missing := function.missing(arguments):
            raise ConfigError([((), f"{call.target} needs the argument {missing[0]!r}.")])
        outputs, written = tuple(call.outputs), self.written.get(call.number, Written())
        return Node(call.target, function, arguments, outputs, in_place(call.target), call.caller, written)

    def place_of(self, row: Row) -> Place:
        """The module that a row is a call of, or stands in."""
        frame = row.frame
        if frame is None or frame.module is None:
            return Place(kind=self.root, core=self.core, told=self.told)
        around = (self.root, *(one.module.kind for one in frame.around if one.module is not None))
        return Place(
            frame.path,
            frame.module.kind,
            row.leaf,
            frame.path in self.outer,
            around,
            frame.path in self.modules.first.values(),
            self.core,
            self.told,
        )

    def name_of(self, row: Row) -> tuple[str, int]:
        """A row's name and which use of it this is; names are unique."""
        name, count = row.name, 0
        while (name, row.use) in self.used:
            count += 1
            name = f"{row.name}_{count}"
        self.used.add((name, row.use))
        self.builder.taken.add(name)
        return name, row.use

    def hand_over(self, name: str, around: tuple[Container, ...] = ()) -> None:
        """A row for a tensor of the state dict that a module is given as an input."""
        if name not in self.sources:
            held = self.held[name]
            row = Row(held.path, held.kind, "", 1, [], False)
            own, _ = self.name_of(row)
            self.owned.add(held.array.name)
            self.builder.add_call(own, Handed(held), [], self.location(), around=around)
            self.sources[name] = Source(own)

    def end(self, name: str) -> tuple[Source, tuple[NodeLocation, str]]:
        """Where an output comes from; a tensor that the program holds is handed on by a row of its own."""
        location = self.location()
        if name in self.held:
            self.hand_over(name)
        return self.sources.get(name, Source(name)), (location, "name")

    def unread(self) -> None:
        """Rows for the parameters and buffers that nothing reads, so that they are counted."""
        left: dict[str, list[Held]] = {}
        for one in self.held.values():
            if one.array.name not in self.owned and one.kind != CONSTANT:
                self.owned.add(one.array.name)
                left.setdefault(one.array.name.rpartition(".")[0], []).append(one)
        if not left:
            return
        listed = ", ".join(repr(name) for name in list(left)[:3]) + (" …" if len(left) > 3 else "")
        self.builder.warn(self.location().at(), f"Nothing computes with the tensors of {listed}; they are counted.")
        for path, some in left.items():
            row = Row(path or "model", "Module", path, 1, [], True)
            name, use = self.name_of(row)
            unused, around = Unused(some, self.tensors.of_meta()), self.nesting.of(row)
            self.builder.add_call(name, unused, [], self.location(), use=use, around=around)


class Handed(ExportedCall):
    """A tensor of the state dict that is handed on as it lies in memory."""

    def __init__(self, held: Held):
        super().__init__(held.kind, (), (), frozenset(), (held,), (held.name,))

    def __call__(self, weight: Any, *inputs: Any, **how: Any) -> Any:
        (found,) = super().__call__(weight, **how)
        return (Resident(*found) if isinstance(found, Spec) else found,)


class Unused(ExportedCall):
    """A module that nothing calls, or not under this name: it holds tensors, and gives none."""

    def __init__(self, held: Iterable[Held], again: bool):
        super().__init__("Module", (), (), frozenset(), tuple(held), (), Place(again=again))

    def __call__(self, weight: Any, *inputs: Any, **_: Any) -> Any:
        super().__call__(weight)
        return (ops.full((0,), 0),)


def known_type(meta: Any) -> bool:
    """Whether the file names a type of a tensor that is read."""
    number = meta.get("dtype") if isinstance(meta, dict) else None
    return isinstance(number, int) and number in DTYPES


def says_frozen(schema: Any) -> bool:
    """Whether a file says which parameters are trained, as those of PyTorch 2.4 do."""
    parts = [schema.get(key) for key in ("major", "minor")] if isinstance(schema, dict) else []
    return all(type(one) is int for one in parts) and parts >= [5, 3]


def title_of(graph: Any) -> str:
    """The class of the model, as the stacks of its nodes name it."""
    titles = (outermost(stack_of(node.get("metadata"))) for node in graph["nodes"])
    return next((title for title in titles if title), "")


def asserts(call: Call) -> bool:
    """Whether a call has no result but that the program goes on."""
    return call.word.strip("_") in [one.strip("_") for one in ASSERTS] or (
        call.kinds == {"as_sym_bool"} or (not call.outputs and call.word.startswith("assert"))
    )


def read_program(document: TorchProgram, path: Tokens = (), limits: Limits = UNLIMITED) -> tuple[Model, Builder]:
    """The model of an exported program, and the builder with its faults and warnings."""
    graph = Graph(document, path, limits)
    return graph.read(), graph.builder
