"""What can be wrong with a request, and where."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

MAX_FAULTS = 50

Tokens = tuple[object, ...]  # the keys and indices of a JSON Pointer


class Offer(str):
    """A message that offers one change: `value` in place of what it is about, or of its name where it `renames`."""

    value: Any
    renames: bool

    def __new__(cls, message: str, value: Any, renames: bool = False) -> "Offer":
        self = super().__new__(cls, message)
        self.value, self.renames = value, renames
        return self


def offering(message: str, value: Any) -> str:
    """A message that ends in what would fit, and offers it; as it is where there is no such value."""
    return message if value is None else Offer(f"{message} To fit, make it {value}.", value)


class ShapeError(ValueError):
    """Inputs that an op or a layer cannot take.

    `field` is the config field to blame, if one is; an `Offer` as the message says what it could be instead.
    `given` is the shape, without the batch, that the only input would have to have.
    """

    def __init__(self, message: str, field: str | None = None, given: list[int | None] | None = None):
        super().__init__(message)
        self.message, self.field, self.given = message, field, given


@contextmanager
def blaming(**fields: str) -> Iterator[None]:
    """Inside, a ShapeError for an argument of an op is for the field of the layer that the argument comes from."""
    try:
        yield
    except ShapeError as error:
        error.field = fields.get(error.field or "", error.field)
        raise


class UnknownWeightError(ShapeError):
    """A weight whose size depends on an unknown dimension."""

    def __init__(self, weight: str, shape: str, origin: str):
        self.rest = (
            f"needs its weight {weight} of shape {shape}, which depends on {origin}, and that is unknown: weights have "
            f"sizes, in Keras too. Name it by an input_shape, or take the unknown axes away in front of the layer, by "
            f"global pooling (GlobalAveragePooling2D, say)."
        )
        super().__init__(f"The layer {self.rest}")

    def of(self, layer: str) -> str:
        """The message with the layer's name."""
        return f"{layer!r} {self.rest}"


class Refused(ValueError):  # noqa: N818
    """A request that cannot be answered; `status` is what HTTP says, `errors` say where and why.

    Each error is `{"detail": …}` with a `pointer` (JSON Pointer into the document), `line` and `column` (code), or
    `parameter` (query).
    """

    status = 422
    title = "The request is invalid"

    def __init__(
        self,
        errors: Sequence[dict[str, Any]],
        layers: list[dict[str, Any]] | None = None,
        status: int | None = None,
    ):
        self.every = list(errors)
        self.errors = capped(self.every)
        self.layers = layers
        self.status = status or self.status
        super().__init__(self.summary())

    def summary(self) -> str:
        """The first fault in one line, and how many more there are."""
        more = len(self.errors) - 1
        return self.errors[0]["detail"] + (f" ({more} more)" if more else "")


@contextmanager
def faults_at(path: Tokens) -> Iterator[None]:
    """A fault without a place of its own is one of what stands there in a larger document."""
    try:
        yield
    except Refused as error:
        for fault in error.every:
            fault["pointer"] = fault.get("pointer") or pointer(*path)
        raise


class InvalidModel(Refused):
    """The model document is wrong. In Python, the one to catch: every other refusal is one of it."""

    title = "The model is invalid"


class InvalidTensors(InvalidModel):
    """The posted tensors or weights do not fit the model."""

    title = "The tensors do not fit the model"


class TooLarge(InvalidModel):
    """The forward pass would cost more than this process is allowed to spend."""

    title = "The forward pass is too large"


class Overdue(InvalidModel):
    """The request was not answered before its deadline."""

    status = 503
    title = "The request took too long"


class PassOverdue(Overdue):
    """The forward pass did not end before its deadline."""

    title = "The forward pass took too long"


class Busy(InvalidModel):
    """As many forward passes run already as may at a time."""

    status = 429
    title = "Too many forward passes at a time"


class UnknownModel(InvalidModel):
    """There is no model of this name among those that are served."""

    status = 404
    title = "There is no such model"


class NotReady(InvalidModel):
    """The files of a model that is served by name are not all there, or wrong."""

    status = 503
    title = "The model is not ready"


class InvalidBudgets(InvalidModel):
    """A budget is wrong, or nothing can be said of it."""

    title = "The budgets cannot be judged"


class Unreadable(InvalidModel):
    """The text is not a document at all."""

    status = 400
    title = "The document cannot be read"


def capped(errors: list[dict[str, Any]], most: int = MAX_FAULTS, setting: str = "") -> list[dict[str, Any]]:
    """The first faults, and a last line that says how many were left out, and by which setting."""
    rest = len(errors) - most
    if rest <= 0:
        return errors
    told = f"{rest} more faults are not listed (limit {most}{setting and ', ' + setting})."
    return [*errors[:most], {"pointer": "", "detail": told}]


def escape(token: object) -> str:
    """One reference token of a JSON Pointer (RFC 6901)."""
    text = str(token)
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text


def pointer(*path: object) -> str:
    """A JSON Pointer from its tokens."""
    text = "".join([f"/{token}" for token in path])
    plain = "~" not in text and text.count("/") == len(path)
    return text if plain else "".join([f"/{escape(token)}" for token in path])


def unfit(path: Tokens, detail: str) -> InvalidTensors:
    """The refusal of the tensor or the weights that stand there."""
    return InvalidTensors([{"pointer": pointer(*path), "detail": detail}])
