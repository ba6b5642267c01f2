"""The specs of a model's inputs: what the document names, what the request overrides, the batch in front."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from layercalc.analysis.tracing import unwieldy
from layercalc.dims import Batch, Unknown
from layercalc.errors import InvalidModel
from layercalc.formulas import named
from layercalc.model import Model
from layercalc.ops import Spec
from layercalc.readers import Builder
from layercalc.wording import is_name, nearest, received, whole


class ModelOptions(NamedTuple):
    """What a request says of a model beside its document.

    The sizes of its inputs without the batch or with it, the batch of all of them, of code the expression that makes
    the model, of Keras JSON what becomes of layers that it does not describe, and of a file the sizes it has names for.
    """

    input_shape: Any = None
    batch_size: int | None = None
    batch_shape: Any = None
    entry: str | None = None
    custom: str | None = None
    dims: Any = None

    def shapes(self, names: list[str]) -> dict[str, list[int | None]]:
        """The sizes of the inputs of these names, without the batch, as far as the request says them."""
        with_batch = shape_option("batch_shape", self.batch_shape, names)
        found = {name: sizes[1:] for name, sizes in with_batch.items()}
        return found | shape_option("input_shape", self.input_shape, names)

    def own(self, model: Model, named: Sequence[set[str]]) -> "ModelOptions":
        """The same without the sizes that only others of several models have names for."""
        if self.dims is None:
            return self
        mine = names_of(model)
        found = named_sizes(self.dims, sorted(set().union(*named)))
        return self._replace(dims={name: size for name, size in found.items() if name in mine})


NONE = ModelOptions()


def names_of(model: Model) -> set[str]:
    """The names that a document gives to sizes of the model's inputs, that of the batch too."""
    names = {dim for one in model.inputs for dim in one.shape or () if isinstance(dim, str)}
    return names | {model.batch_name} - {""}


def declared(
    model: Model, builder: Builder, asked: ModelOptions = NONE, formulas: bool = False
) -> list[tuple[str, Spec]]:
    """The specs of a model's inputs: from the document, overridden by the request, the batch in front.

    With `formulas` sizes that are names compute, else they are unknown.
    """
    asked = batch_by_name(model, asked)
    batch_size = asked.batch_size
    if batch_size is not None and not whole(batch_size, 1):
        raise InvalidModel(
            [
                {
                    "parameter": "batch_size",
                    "detail": f"Expected an integer of at least 1; received {received(batch_size)}.",
                }
            ]
        )
    shapes = {one.name: one.shape for one in model.inputs} | overrides(model, asked)
    shapes = with_names(model, shapes, asked, formulas)
    batch = next((shape[0] for shape in shapes.values() if shape and shape[0].__class__ is int), None)
    if batch is None or batch == 1:  # one of 1 goes with any, and says nothing of the others
        batch = Batch(1)
    leading = batch if batch_size is None else batch_size
    specs = []
    for one in model.inputs:
        shape = shapes[one.name]
        if one.scalar and shape == ():
            specs.append((one.name, Spec((), one.dtype)))
            continue
        if not shape:
            if shape is None and not (builder.form == "code" and builder.faults):  # a broken line may have named it
                detail = (
                    f"The document names no shape for the input {one.name!r}; add an input_shape without the batch to "
                    "the first layer or the request, such as input_shape=28,28,1."
                )
                builder.fault(one.location.at(), detail)
            shape = (None,)
            for call in model.calls:
                call.layer = None
        if fault := unwieldy(tuple(dim for dim in shape if dim.__class__ is int)):
            raise InvalidModel([{**one.location.at(), "detail": f"The input {one.name!r} has {fault}."}])
        origins = (f"axis {axis} of the input {one.name!r}" for axis in range(1, len(shape)))
        rest = (Unknown(origin) if dim is None else dim for dim, origin in zip(shape[1:], origins, strict=True))
        own = (
            leading if (batch_size is not None and not isinstance(shape[0], Unknown)) or shape[0] is None else shape[0]
        )
        specs.append((one.name, Spec((own, *rest), one.dtype)))
    return specs


def overrides(model: Model, asked: ModelOptions) -> dict[str, tuple[int | str | None, ...]]:
    """The shapes of inputs, the batch in front, that a request says in place of the document's."""
    known = {one.name: one.shape for one in model.inputs}
    out: dict[str, tuple[int | str | None, ...]] = {}
    for name, sizes in shape_option("input_shape", asked.input_shape, list(known)).items():
        shape = known[name]
        within_text(model, name, shape, sizes, "input_shape")
        out[name] = (shape[0] if shape else None, *sizes)
    for name, sizes in shape_option("batch_shape", asked.batch_shape, list(known)).items():
        if name in out:
            raise refuse("batch_shape", f"The input {name!r} has an input_shape too; say its sizes once.")
        if not sizes:
            raise refuse("batch_shape", f"Expected {SIZES['batch_shape']}; received no size for the input {name!r}.")
        if None not in (batch := sizes[0], asked.batch_size) and batch != asked.batch_size:
            detail = f"The input {name!r} has a batch of {batch:,}, and batch_size says {asked.batch_size:,}; say one."
            raise refuse("batch_shape", detail)
        within_text(model, name, known[name], sizes[1:], "batch_shape")
        out[name] = tuple(sizes)
    return out


def within_text(
    model: Model, name: str, named: tuple[int | str | None, ...] | None, sizes: Sequence[int | None], option: str
) -> None:
    """Refuse sizes, without the batch, other than those that a text computes with or that shapes were recorded for."""
    if model.sized and named and not fits(named[1:], sizes):
        known = f"[{', '.join('null' if dim is None else str(dim) for dim in named[1:])}]"
        told = f"The text computes with the sizes of {name!r}, {known}; change them there."
        if model.form != "code":
            told = f"The shapes that custom=recorded keeps were recorded for {name!r} of {known}; leave {option} out."
        raise refuse(option, told)


def fits(named: Sequence[int | str | None], sizes: Sequence[int | None]) -> bool:
    """Whether sizes are those that are named, as far as they are."""
    return len(named) == len(sizes) and all(a is None or a == b for a, b in zip(named, sizes, strict=True))


SIZES = {
    "input_shape": "sizes without the batch, such as 28,28,1 (null for an unknown one)",
    "batch_shape": "sizes with the batch first, such as 8,28,28,1 (null for an unknown one)",
}
EXAMPLES = {"input_shape": "16", "batch_shape": "8,16"}


OPEN = ("null", "none", "?")  # how texts write a size that is unknown


def refuse(option: str, detail: str) -> InvalidModel:
    return InvalidModel([{"parameter": option, "detail": detail}])


def shape_option(option: str, value: Any, names: list[str]) -> dict[str, list[int | None]]:
    """The shapes that an option of a request says, by input name; a list with one for each input is in their order."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        found = {str(name): parsed_shape(sizes) for name, sizes in value.items()}
    else:
        kinds = (str, list, tuple)
        several = isinstance(value, list | tuple) and value and all(isinstance(one, kinds) for one in value)
        shapes, found = value if several else [value], {}
        for index, one in enumerate(shapes):
            name, colon, sizes = one.rpartition(":") if isinstance(one, str) else ("", "", one)
            if not colon and len(names) != len(shapes):
                first = names[0] if names else "a"
                which = f"say which, as in {option}={first}:{EXAMPLES[option]}."
                one_of = f"The model has one input; received {len(shapes)} shapes."
                raise refuse(option, one_of if len(names) == 1 else f"The model has {len(names)} inputs; {which}")
            name = name if colon else names[index]
            if name in found:
                raise refuse(option, f"The input {name!r} has two shapes; say one.")
            found[name] = parsed_shape(sizes)
    for name, parsed in found.items():
        if name not in names:
            raise refuse(
                option, f"There is no input {name!r}.{nearest(name, names)} The inputs are {', '.join(names)}."
            )
        if parsed is None:
            raise refuse(option, f"Expected {SIZES[option]}; received {received(value)}.")
    return found  # type: ignore[return-value]


def parsed_shape(sizes: Any) -> list[int | None] | None:
    """Sizes from text or a sequence; None where they are none."""
    if isinstance(sizes, str):
        words = [word.strip() for word in sizes.strip().strip("[]()").rstrip(",").split(",")]
        if words == [""]:
            return []
        return parsed_shape(
            [
                int(word) if re.fullmatch(r"\d{1,300}", word, re.ASCII) else None if word.lower() in OPEN else word
                for word in words
            ]
        )
    if whole(sizes, 0):
        return [sizes]
    if isinstance(sizes, list | tuple) and all(dim is None or whole(dim, 0) or is_name(dim) for dim in sizes):
        return list(sizes)
    return None


def batch_by_name(model: Model, asked: ModelOptions) -> ModelOptions:
    """What a request says, where `dims` names the batch as batch_size."""
    if not model.batch_name or asked.dims is None:
        return asked
    found = named_sizes(asked.dims, sorted(names_of(model)))
    size = found.pop(model.batch_name, asked.batch_size)
    if asked.batch_size not in (None, size):
        detail = (
            f"dims says {model.batch_name!r}, the batch, is {size:,}, and batch_size {asked.batch_size:,}; say one."
        )
        raise refuse("dims", detail)
    return asked._replace(dims=found, batch_size=size)


def with_names(model: Model, shapes: dict[str, Any], asked: ModelOptions, formulas: bool = False) -> dict[str, Any]:
    """The shapes of inputs with a number in place of each name of a size, or an unknown size that says its name.

    A name is bound by `dims`, or where a request says the size of an axis that has it; two sizes are refused.
    """
    known = {
        dim
        for shape in (*(one.shape for one in model.inputs), *shapes.values())
        for dim in shape or ()
        if isinstance(dim, str)
    }
    given = named_sizes(asked.dims, sorted(known))
    bound: dict[str, tuple[int, str]] = {name: (size, "dims") for name, size in given.items() if size.__class__ is int}
    for one in model.inputs:
        said = shapes[one.name]
        for axis, (name, size) in enumerate(zip(one.shape or (), said or (), strict=False)):
            if isinstance(name, str) and size.__class__ is int and len(one.shape or ()) == len(said or ()):
                where = f"axis {axis} of the input {one.name!r}"
                before, by = bound.setdefault(name, (size, where))
                if before != size:
                    option = "input_shape" if asked.batch_shape is None else "batch_shape"
                    detail = f"The size {name!r} would be {before:,} by {by} and {size:,} by {where}; it is one size."
                    raise refuse(option, detail)
    sizes: dict[str, Any] = {name: size for name, (size, _) in bound.items()}
    for name in known - sizes.keys():
        low, high = given.get(name, (1, None))
        sizes[name] = named(name, low, high) if formulas else Unknown(f"the size {name!r}")
    if asked.batch_size is not None:
        for one in model.inputs:
            if shapes[one.name] and isinstance(name := shapes[one.name][0], str):
                detail = (
                    f"The first axis of the input {one.name!r} is {name!r}, and no batch; say dims={name}=… instead."
                )
                raise refuse("batch_size", detail)
    return {
        name: shape and tuple(sizes[dim] if isinstance(dim, str) else dim for dim in shape)
        for name, shape in shapes.items()
    }


def size_of(text: str) -> Any:
    """A number, or the ends of a range; else the text itself."""
    if found := re.fullmatch(r"(\d{1,300})\.\.(\d{1,300})", text, re.ASCII):
        low, high = map(int, found.groups())
        return (low, high) if 1 <= low <= high else text
    return int(text) if re.fullmatch(r"\d{1,300}", text, re.ASCII) else text


def named_sizes(value: Any, known: Sequence[str]) -> dict[str, Any]:
    """The sizes that the option `dims` says, by name: a mapping, or texts such as `height=224,width=32..512`.

    A range comes as its two ends.
    """
    if value is None:
        return {}
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list | tuple) and all(isinstance(one, str) for one in texts):
        pairs = [word.partition("=") for one in texts for word in one.split(",") if word.strip()]
        given: Any = [(name.strip(), size_of(n.strip())) for name, _, n in pairs]
    elif isinstance(value, Mapping):
        given = list(value.items())
    else:
        raise refuse("dims", f"Expected sizes by name, such as height=224,width=224; received {received(value)}.")
    found: dict[str, Any] = {}
    for name, size in given:
        if name not in known:
            listed = f" It names {', '.join(known)}." if known else " It names none."
            near = nearest(str(name), list(known))
            raise refuse("dims", f"The model names no size {str(name)[:100]!r}.{near or listed}")
        size = size_of(size) if isinstance(size, str) else size
        if not whole(size, 0) and not isinstance(size, tuple):
            least = "an integer of at least 0, or a range such as 32..512"
            raise refuse("dims", f"Expected {name!r} as {least}; received {received(size)}.")
        if found.setdefault(name, size) != size:
            raise refuse("dims", f"The size {name!r} is said twice.")
    return found
