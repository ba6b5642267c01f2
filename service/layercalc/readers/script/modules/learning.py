"""scikit-learn, as far as it says shapes: its own data sets, what splits arrays, and what scales them."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script.modules.arrays import Args, Kwargs, Labels, array, is_array
from layercalc.readers.script.modules.system import UNKNOWN
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

LOADED = {  # samples and features of the data sets that come with it, and how many classes there are
    "load_digits": (1797, 64, 10), "load_iris": (150, 4, 3), "load_wine": (178, 13, 3),
    "load_breast_cancer": (569, 30, 2), "load_diabetes": (442, 10, 0), "load_boston": (506, 13, 0),
    "fetch_california_housing": (20_640, 8, 0),
}  # fmt: skip
MADE = {  # features of the data sets that it makes, by default; and whether an argument says others
    "make_moons": (2, False), "make_circles": (2, False), "make_blobs": (2, True),
    "make_classification": (20, True), "make_regression": (100, True),
}  # fmt: skip
SCALERS = ("StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "Normalizer", "LabelEncoder")


def loaded(name: str) -> Native:
    """`load_iris()`: an object with data and target, or both of them with return_X_y."""
    samples, features, classes = LOADED[name]

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        if args or set(kwargs) - {"return_X_y"} or type(kwargs.get("return_X_y", False)) is not bool:
            return Opaque("", at)
        data = array(m, (samples, features), Opaque("", at), at)
        target = array(m, (samples,), Labels(classes) if classes else Opaque("", at), at)
        if kwargs.get("return_X_y"):
            return data, target
        made = Instance(m.kept_class("Bunch", {"__getattr__": UNKNOWN}))
        made.attrs.update(data=data, target=target)
        if name == "load_digits":
            made.attrs["images"] = array(m, (samples, 8, 8), Opaque("", at), at)
        return made

    return Native(name, run)


def made(name: str) -> Native:
    """`make_moons(n_samples=100)`: points and their labels."""
    usual, told = MADE[name]

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        samples = args[0] if args else kwargs.get("n_samples", 100)
        features = (args[1] if len(args) > 1 else kwargs.get("n_features", usual)) if told else usual
        if type(samples) is not int or type(features) is not int or {"n_targets", "return_centers"} & set(kwargs):
            return Opaque("", at)
        shapes = (samples, features), (samples,)
        return tuple(array(m, one, Opaque("", at), at) for one in shapes)

    return Native(name, run)


def split(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """`train_test_split(x, y, test_size=0.2)`: two arrays of each, of which it is not known how the samples fall."""
    if not any(is_array(m, one) for one in args):
        name = "sklearn.model_selection.train_test_split"
        return m.unknown_call(Opaque(f"{name}, which is not in the text", at, origin=name), args, kwargs, at)
    return [
        array(m, (Opaque("", at), *one.attrs["shape"][1:]), Opaque("", at), at) if is_array(m, one) else Opaque("", at)
        for one in args
        for _ in range(2)
    ]


def scaled(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """`scaler.fit_transform(x)`: numbers in the same places."""
    value: Any = args[1] if len(args) > 1 else kwargs.get("X", kwargs.get("y"))
    return array(m, value.attrs["shape"], Opaque("", at), at) if is_array(m, value) else Opaque("", at)


def folds(name: str) -> Native:
    """`KFold(5)`: split() gives so many pairs of indices of samples, of which it is not known how they fall."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        number = args[0] if args else kwargs.get("n_splits", 5)
        if type(number) is not int or number < 2:
            return Opaque("", at)
        made = Instance(m.kept_class(name, {**FOLDS, "__getattr__": UNKNOWN}))
        made.attrs["n_splits"] = number
        return made

    return Native(name, run)


def fold(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> list[Any]:
    """The pairs of one KFold."""
    m.known(args[0].attrs)
    number = args[0].attrs["n_splits"]
    m.meter.elements(number * 3, at)
    return [
        (array(m, (Opaque("", at),), Opaque("", at), at), array(m, (Opaque("", at),), Opaque("", at), at))
        for _ in range(number)
    ]


FOLDS = {
    "split": Native("split", fold),
    "get_n_splits": Native("get_n_splits", lambda m, args, kwargs, at: args[0].attrs["n_splits"]),
}
SCALING = {
    **{name: Native(name, scaled) for name in ("fit_transform", "transform", "inverse_transform")},
    "fit": Native("fit", lambda m, args, kwargs, at: args[0]),
    "__getattr__": UNKNOWN,
}


def scaler(name: str) -> Native:
    return Native(name, lambda m, args, kwargs, at: Instance(m.kept_class(name, SCALING)))


DATASETS: dict[str, Any] = {**{name: loaded(name) for name in LOADED}, **{name: made(name) for name in MADE}}
SPLITS: dict[str, Any] = {
    "train_test_split": Native("train_test_split", split),
    **{name: folds(name) for name in ("KFold", "StratifiedKFold", "GroupKFold")},
}
PREPROCESSING: dict[str, Any] = {name: scaler(name) for name in SCALERS}
