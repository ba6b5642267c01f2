"""The Open Inference Protocol's binary extension: tensors as little-endian bytes after the JSON, both ways."""

from collections.abc import Iterator
from typing import Any

from flask import Response
from werkzeug.exceptions import BadRequest

from layercalc.amounts import plain_digits
from layercalc.errors import InvalidTensors, Unreadable, unfit
from layercalc.execution.tensors import Bytes
from layercalc.limits import Limits
from layercalc.readers.text import parse_json
from layercalc.web.encoding import json_bytes
from layercalc.wording import received, whole

HEADER = "Inference-Header-Content-Length"
CARRIERS = ("inputs", "weights", "expected")  # the keys under which tensors are posted
Path = tuple[object, ...]


def read_binary(body: bytes, length: str, limits: Limits) -> Any:
    """The JSON of a request, its tensors with the bytes that came after it; `length` is that of the JSON."""
    size = int(length) if plain_digits(length, 19) else -1
    if not 0 <= size <= len(body):
        raise BadRequest(
            f"{HEADER} is the number of bytes of the JSON, from 0 to the body's {len(body)}; received {length[:40]!r}."
        )
    try:
        document = parse_json(body[:size], limits)
    except Unreadable as error:
        told = [{**fault, "detail": f"{fault['detail']} ({HEADER}: {size})"} for fault in error.every]
        raise Unreadable(told, status=error.status) from None
    attach(document, memoryview(body)[size:])
    return document


def attach(document: Any, tail: memoryview) -> None:
    """Give each tensor that names a `binary_data_size` its bytes, in the order in which they stand in the JSON."""
    begin = 0
    for container, key, path in posted(document):
        size = container[key]["parameters"]["binary_data_size"]
        if not whole(size, 0) or size > len(tail) - begin:
            detail = f"Expected a number of bytes, {len(tail) - begin} at most are left; received {received(size)}."
            raise unfit((*path, "parameters", "binary_data_size"), detail)
        tensor = Bytes(container[key])
        tensor.raw = tail[begin : begin + size]
        container[key] = tensor
        begin += size
    if begin < len(tail):
        raise InvalidTensors(
            [{"pointer": "", "detail": f"{len(tail)} bytes follow the JSON; its tensors take {begin} of them."}]
        )


def posted(document: Any) -> Iterator[tuple[Any, Any, Path]]:
    """Every posted tensor whose bytes follow: where it is kept, under which key, and its path."""
    for name in document if isinstance(document, dict) else ():
        held = document[name]
        if name not in CARRIERS or not isinstance(held, dict | list):
            continue
        for key in list(held) if isinstance(held, dict) else range(len(held)):
            one = held[key]
            parameters = one.get("parameters") if isinstance(one, dict) else None
            if isinstance(parameters, dict) and "binary_data_size" in parameters:
                yield held, key, (name, key)


def tensors_answer(body: dict[str, Any]) -> Response:
    """An answer with tensors; the bytes of those that were wanted so follow the JSON, in the order they have there."""
    head = json_bytes(body)
    found = [*body["outputs"], *body.get("returned_layers", {}).values()]
    tails = [one.raw for one in found if isinstance(one, Bytes)]
    if not tails:
        return Response(head, mimetype="application/json")
    response = Response(b"".join([head, *tails]), mimetype="application/octet-stream")
    response.headers[HEADER] = str(len(head))
    return response
