"""The data sets of keras.datasets, by the shapes that their documentation names."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script import Native, Opaque
from layercalc.readers.script.modules.arrays import array, is_array

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

SHAPES = {  # of a sample, and the samples to train and test with; labels of one axis, or of two
    "mnist": ((28, 28), 60_000, 10_000, ()),
    "fashion_mnist": ((28, 28), 60_000, 10_000, ()),
    "cifar10": ((32, 32, 3), 50_000, 10_000, (1,)),
    "cifar100": ((32, 32, 3), 50_000, 10_000, (1,)),
    "boston_housing": ((13,), 404, 102, ()),
}


def loader(names: "KerasNames", path: str) -> Native | None:
    """`mnist.load_data()`; None for what is no data set of known shapes."""
    module, _, last = path.rpartition(".")
    parent, _, which = module.rpartition(".")
    if last != "load_data" or which not in SHAPES or not parent.endswith("datasets"):
        return None

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        sample, train, test, labels = SHAPES[which]
        if "test_split" in kwargs or (which == "boston_housing" and len(args) > 1):
            return Opaque("", at)

        def part(count: int) -> tuple[Any, Any]:
            return tuple(array(m, (count, *shape), Opaque("", at), at) for shape in (sample, labels))  # type: ignore[return-value]

        return part(train), part(test)

    return Native("load_data", run)


def to_categorical(names: "KerasNames") -> Native:
    """`to_categorical(labels, 10)`: a row of that many for each label."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        labels: Any = args[0] if args else kwargs.get("y", kwargs.get("x"))
        count = args[1] if len(args) > 1 else kwargs.get("num_classes", kwargs.get("nb_classes"))
        if not is_array(m, labels) or type(count) is not int or count < 1:
            return Opaque("", at)
        shape = labels.attrs["shape"]
        m.known(labels.attrs, shape)
        shape = shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
        return array(m, (*shape, count), Opaque("", at), at)

    return Native("to_categorical", run)
