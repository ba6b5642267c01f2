"""multipart/form-data: a model, tensors and weights as files, and the options of a request as fields beside them."""

from difflib import get_close_matches
from typing import Any

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from layercalc import files
from layercalc.environment import setting
from layercalc.errors import InvalidTensors, Unreadable, faults_at, pointer
from layercalc.limits import Limits
from layercalc.options import FLAG, LIST, Option, fields_of, option
from layercalc.readers.bounds import bounded
from layercalc.readers.text import decode_text, looks_like_json, parse_json

MODELS = ("model", "baseline", "before", "after")
TENSORS = ("inputs", "expected")


def read_parts(body: bytes, boundary: str, verb: str, limits: Limits) -> dict[str, Any]:
    """The envelope that the parts make up: each is read as the field of its name wants it.

    `inputs` given several times are the inputs in their order; a part under a name that is no field's is the input of
    that name. Weights that are in the model's file are taken unless there is a part with others.
    """
    fields = fields_of(verb)
    out: dict[str, Any] = {}
    parts = split(body, boundary, limits.max_parts)
    for name, bodies in parts.items():
        with faults_at((name,)):
            if name in MODELS and name in fields:
                out[name], kept = files.read_model(only(bodies), (name,), limits)
                if kept is not None and "weights" in fields and "weights" not in parts:
                    out["weights"] = kept
            elif name == "weights" and name in fields:
                out[name] = files.read_weights_file(only(bodies), (name,), limits)
            elif name in TENSORS and name in fields:
                out[name] = tensors_of(name, bodies, limits)
            elif name in fields:
                out[name] = value_of(option(verb, name), [decode_text(one) for one in bodies], limits)
            else:
                near = get_close_matches(name[:100], [one for one in fields if one != "inputs"], n=1, cutoff=0.75)
                if near or "inputs" in parts or "inputs" not in fields:
                    meant = f" Did you mean {near[0]!r}?" if near else f" The parts are {', '.join(fields)}."
                    raise Unreadable([{"detail": f"There is no part {name!r} here.{meant}"}], status=422)
                out.setdefault("inputs", {})[name] = files.read_tensor_file(only(bodies), ("inputs", name), limits)
    return bounded(out, limits)


def split(body: bytes, boundary: str, most: int) -> dict[str, list[bytes]]:
    """The parts by name, files and fields alike."""
    parts: dict[str, list[bytes]] = {}
    try:
        decoder = MultipartDecoder(boundary.encode("latin-1"), max_parts=most)
        decoder.receive_data(body)
        decoder.receive_data(None)
        pieces: list[bytes] = []
        while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
            if isinstance(event, Field | File):
                pieces = []
                if (name := event.name) is None:
                    raise ValueError("a part has no name")
            elif isinstance(event, Data):
                pieces.append(event.data)
                if not event.more_data:
                    parts.setdefault(name, []).append(b"".join(pieces))
    except RequestEntityTooLarge:
        raise RequestEntityTooLarge(f"The body has more than {most:,} parts ({setting('max_parts')}).") from None
    except Exception as error:  # ValueError, a header that is no text …
        raise BadRequest(f"The parts of the body cannot be read: {error}.") from None
    if not parts:
        raise BadRequest("There is no part in the body; the Content-Type has to name the boundary between them.")
    return parts


def only(bodies: list[bytes]) -> bytes:
    if len(bodies) > 1:
        raise Unreadable([{"detail": f"The part is there {len(bodies)} times; expected one."}], status=422)
    return bodies[0]


def tensors_of(name: str, bodies: list[bytes], limits: Limits) -> Any:
    """What one part holds, or the tensors of several in their order."""
    if len(bodies) == 1:
        return files.read_tensor_file(bodies[0], (name,), limits)
    found = [files.read_tensor_file(one, (name, index), limits) for index, one in enumerate(bodies)]
    for index, one in enumerate(found):
        if isinstance(one, dict) and "shape" not in one:
            detail = "A file of several tensors by name has to be the only part of its name."
            raise InvalidTensors([{"pointer": pointer(name, index), "detail": detail}])
    return found


def value_of(option: Option, texts: list[str], limits: Limits) -> Any:
    """The value of an option as a form says it: as JSON, or as a query has it (`1` is true, names by commas)."""
    text = texts[-1].strip()
    if option.text is FLAG:
        return FLAG.read([text])
    if looks_like_json(text) or text[:1].isdigit():
        try:
            return parse_json(text, limits)
        except Unreadable:
            if text[0] in "[{":
                raise
    if option.text is LIST:
        return LIST.read(texts)
    return texts if len(texts) > 1 else text
