"""The data sets of keras.datasets, by the shapes that their documentation names."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script import Native, Opaque
from layercalc.readers.script.modules.arrays import Labels, Rows, array, is_array, labels_of, numbers, of_values

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

SHAPES = {  # of a sample, and the samples to train and test with; labels of one axis, or of two, and how many classes
    "mnist": ((28, 28), 60_000, 10_000, (), 10),
    "fashion_mnist": ((28, 28), 60_000, 10_000, (), 10),
    "cifar10": ((32, 32, 3), 50_000, 10_000, (1,), 10),
    "cifar100": ((32, 32, 3), 50_000, 10_000, (1,), 100),
    "boston_housing": ((13,), 404, 102, (), 0),
    "imdb": ((), 25_000, 25_000, (), 2),
    "reuters": ((), 8_982, 2_246, (), 46),
}

CHOOSING = {"test_split": 0.2, "maxlen": None, "seed": 113}  # arguments that decide which samples there are


def loader(names: "KerasNames", path: str) -> Native | None:
    """`mnist.load_data()`; None for what is no data set of known shapes."""
    module, _, last = path.rpartition(".")
    parent, _, which = module.rpartition(".")
    if last != "load_data" or which not in SHAPES or not parent.endswith("datasets"):
        return None

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        sample, train, test, labels, classes = SHAPES[which]
        if (
            any(kwargs.get(one, usual) != usual for one, usual in CHOOSING.items())
            or (which == "boston_housing" and len(args) > 1)
            or len(args) > 3
        ):
            return Opaque("", at)
        if which == "cifar100" and (args or kwargs):
            mode = args[0] if args else kwargs.get("label_mode")
            classes = {"fine": 100, "coarse": 20}.get(mode, 0) if type(mode) is str else 0

        def part(count: int, known: bool = True) -> tuple[Any, Any]:
            values = Labels(classes) if classes and known else Opaque("", at)
            return array(m, (count, *sample), Opaque("", at), at), array(m, (count, *labels), values, at)

        return part(train), part(test, which != "reuters")

    return Native("load_data", run)


def pad_sequences(names: "KerasNames") -> Native:
    """`pad_sequences(x, maxlen=80)`: rows of that many."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        value: Any = args[0] if args else kwargs.get("sequences")
        length = args[1] if len(args) > 1 else kwargs.get("maxlen")
        if type(length) is not int:
            return Opaque("", at, holds=(value,))
        rows: Any = Opaque("", at)
        if is_array(m, value) and value.attrs["shape"]:
            rows = value.attrs["shape"][0]
        return array(m, (rows, length), Opaque("", at), at)

    return Native("pad_sequences", run)


def to_categorical(names: "KerasNames") -> Native:
    """`to_categorical(labels, 10)`: a row of that many for each label."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        if m.catching:  # labels past the count
            m.risk(at)
        labels: Any = args[0] if args else kwargs.get("y", kwargs.get("x"))
        if isinstance(labels, list | tuple):
            labels = of_values(m, [labels], {}, at)
        count = args[1] if len(args) > 1 else kwargs.get("num_classes", kwargs.get("nb_classes"))
        values = labels_of(m, labels, at) if is_array(m, labels) else None
        if count is None and type(values) is Labels:
            count = values.count
        known = numbers(m, labels) if count is None and is_array(m, labels) else None
        if known and all(type(one) is int for one in known):
            count = max(known) + 1
        if type(count) is not int or count < 1:
            return Opaque("", at, holds=(labels,))
        shape = labels.attrs["shape"] if is_array(m, labels) else None
        if shape is None:
            return Opaque("", at, holds=(labels,))
        shape = shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
        rows = Rows(count) if type(values) is Labels and values.count == count else Opaque("", at)
        return array(m, (*shape, count), rows, at)

    return Native("to_categorical", run)
