"""What strangers may do to the service beside posting documents: connections, files and names, as tables."""

import json
import os
import socket
from pathlib import Path
from typing import NamedTuple


class Stall(NamedTuple):
    """What each of so many clients sends, and then no more."""

    name: str
    clients: int
    sent: bytes


def head(path="/v1/analyze", length=1000, more=""):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{more}Content-Length: {length}\r\n\r\n".encode()


LONG = {"input_shape": [1_000_000, 1], "layers": [{"type": "LSTM", "units": 1}]}  # cheap to count, slow to run
PASS = json.dumps({"model": LONG, "inputs": {"seed": 1}}).encode()
WIDE = json.dumps({"input_shape": [4], "layers": [{"type": "Dense", "units": 4}] * 15_000}).encode()
CHUNKED = b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
STALLS = [
    Stall("bodies", 24, head() + b'{"layers": ['),
    Stall("bodies-that-are-many", 2500, head()),  # more than the workers take connections
    Stall("chunks", 24, CHUNKED + b"5\r\nabc"),
    Stall("headers", 24, b"POST /v1/analyze HTTP/1.1\r\nHos"),
    Stall("half-a-probe", 24, b"GET /livez HTTP/1.1\r\nHost: x\r\n"),
    Stall("probe-with-a-body", 24, b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"),
    Stall("probe-with-chunks", 24, b"GET /readyz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"),
    Stall("silence", 2500, b""),
    Stall("passes", 12, head("/v1/forward", len(PASS)) + PASS),
    Stall("analyses", 24, head(length=len(WIDE)) + WIDE),  # Python that computes, and answers that nobody takes
    Stall("probes-not-taken", 24, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 5000),
    Stall("scrapes-not-taken", 400, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50),
]


class Oddity(NamedTuple):
    """Something in the folder of models that is no model, made by `put`; `name` is that of the model, `says` its reason."""

    name: str | None
    says: str
    put: object


def listening(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def unreadable(path):
    path.mkdir()
    (path / "model.json").write_text("{}")
    path.chmod(0)


def closed_file(path):
    path.write_text("{}")
    path.chmod(0)


def folder_of_many(path):
    path.mkdir()
    for number in range(300):
        (path / f"{number}.json").write_text("{}")


DENSE = json.dumps({"input_shape": [3], "layers": [{"type": "ReLU"}]})
READY = "ready"
ODDITIES = {
    "dangling.json": Oddity("dangling", "No such file", lambda at: at.symlink_to("nowhere.json")),
    "dangling.npz": Oddity(None, "", lambda at: at.symlink_to("nowhere.npz")),
    "circle.json": Oddity("circle", "Too many levels of symbolic links", lambda at: at.symlink_to("circle.json")),
    "self": Oddity("self", READY, lambda at: at.symlink_to(".")),
    "loop": Oddity(None, "", lambda at: at.symlink_to("loop")),
    "pipe.json": Oddity("pipe", "no regular file", os.mkfifo),
    "pipe.safetensors": Oddity(None, "", os.mkfifo),
    "socket.json": Oddity("socket", "No such device", listening),
    "device.json": Oddity("device", "no regular file", lambda at: at.symlink_to("/dev/zero")),
    "closed": Oddity("closed", "Permission denied", unreadable),
    "locked.json": Oddity("locked", "Permission denied", closed_file),
    "empty": Oddity(None, "", Path.mkdir),
    "inside.json": Oddity(None, "", Path.mkdir),
    "many": Oddity("many", "expected a document", folder_of_many),
    "zero.json": Oddity("zero", "empty", Path.touch),
    "binary.json": Oddity("binary", "", lambda at: at.write_bytes(bytes(range(256)))),
    "deep.json": Oddity("deep", "", lambda at: at.write_text("[" * 100_000)),
    "huge.json": Oddity("huge", "the limit is", lambda at: os.truncate(at, 1 << 42) if at.write_text("{") else None),
    "line\nbreak \x1b[31m::error::.json": Oddity("line\nbreak \x1b[31m::error::", "", lambda at: at.write_text("x")),
    "bytes\udcff.json": Oddity(None, "", lambda at: at.write_text(DENSE)),
    "..data": Oddity(None, "", lambda at: (at.mkdir(), (at / "a.json").write_text(DENSE))),
    "a" * 250 + ".json": Oddity("a" * 250, READY, lambda at: at.write_text(DENSE)),
}

NAMES = {
    "",
    "a/b",
    "a\nb",
    "a\r\n::stop-commands::x",
    "::stop-commands::x",
    " ::error file=a::b",
    "\u2003::set-output name=a::b",
    "##[group]x",
    "a ##vso[task.setvariable variable=PATH]x",
    "##teamcity[message text='x']",
    "###[add-path]x",
    "\x1b[2J\x1b[31mred",
    "\x9b31mred",
    "\x07\x08\x7f\0",
    "a\x85b\u2028c\u2029d\x1ce\x1df\x1eg\vh\fi",
    "\u202eesneD\u202c",
    "\u2066x\u2069\u200b\ufeff\u00ad",
    "\U000e0041\U000e0042",
    "\x1b]8;;http://evil.example\x1b\\\\link\x1b]8;;\x1b\\\\",
    "\x1b[0Ksection_start:1:a\r\x1b[0K",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    '=HYPERLINK("http://evil.example","x")',
    "[red]x[/red]",
    "[/]",
    ":bomb:",
    "a|b",
    "<script>",
    "]]>",
    "%0A::error::x",
    "é名😀",
    "x" * 500,
}

GLOBS = [
    "*/../" * 25 + "a.json",
    "*/../" * 200,
    "**/../" * 25,
    "../" * 300 + "*",
    "**/" * 300 + "m.json",
    "**/*/" * 150 + "m.json",
    "**/a/" * 200 + "m.json",
    "*" * 900,
    "*a" * 450 + "b",
    "**/" + "*a" * 400 + "b",
    "[!a-z]*" * 130,
    "[" * 900,
    "[a-" * 300,
    "?" * 900,
    "{a,b}" * 180,
    "{" * 900,
    "a" * 900,
    "a/" * 450,
    "*\0",
    "a\0b",
]


class Fill(NamedTuple):
    """A request that fills a worker as far as a limit lets it; `parts` are the lines of `capacity.parts` that it fills."""

    name: str
    path: str
    body: bytes
    parts: tuple[int, ...]


BODY, TOKENS, LAYERS, PASS_BYTES, OUTPUTS = 1 << 20, 25_000, 1_000, 128 << 20, 200_000  # the limits that they go up to
DOCUMENT, RUN = (1, 2, 4), (1, 4, 5, 6)  # beside the worker itself


def filled(begin, piece, end, size):
    """As many of a piece as there is room for."""
    return (begin + piece * ((size - len(begin) - len(end)) // len(piece)) + end).encode()


def of_layers(count, **layer):
    return json.dumps({"input_shape": [4, 4], "layers": [layer] * count}).encode()


def pass_of(shape, *layers, **more):
    return json.dumps({"model": {"input_shape": shape, "layers": layers}, "inputs": {"seed": 1}, **more}).encode()


KEYS = "".join(f'"{number:x}":1,' for number in range(1 << 18))
SIDE = int((PASS_BYTES // 4) ** 0.5) - 600
FILLS = [
    Fill("objects", "/v1/analyze", filled("[", "{},", "1]", BODY), DOCUMENT),
    Fill("objects-of-a-key", "/v1/analyze", filled("[", '{"a":1},', "1]", BODY), DOCUMENT),
    Fill("lists", "/v1/analyze", filled("[", "[],", "1]", BODY), DOCUMENT),
    Fill("keys", "/v1/analyze", ("{" + KEYS[: BODY - 100].rpartition(",")[0] + "}").encode(), DOCUMENT),
    Fill("numbers", "/v1/analyze", filled("[", "1.5,", "1]", BODY), DOCUMENT),
    Fill("texts", "/v1/analyze", filled("[", '"ab",', "1]", BODY), DOCUMENT),
    Fill("wide-text", "/v1/analyze", filled('["', "\U0001f600", '"]', BODY // 4), DOCUMENT),
    Fill("code-list", "/v1/analyze", filled("x=[", "1,", "1]", TOKENS - 10), DOCUMENT),
    Fill("code-targets", "/v1/analyze", filled("x=(", "a,", "1)=1", TOKENS - 10), DOCUMENT),
    Fill("code-calls", "/v1/analyze", filled("", "f()\n", "\n", TOKENS - 10), DOCUMENT),
    Fill("layers", "/v1/analyze?conventions=all&explain=1", of_layers(LAYERS - 1, type="Dense", units=4), DOCUMENT),
    Fill(
        "wrapped-layers", "/v1/analyze?conventions=all&explain=1",
        of_layers(LAYERS // 4, type="Bidirectional", layer={"type": "LSTM", "units": 2, "return_sequences": True}), DOCUMENT,
    ),
    Fill("weights", "/v1/forward", pass_of([SIDE], {"type": "Dense", "units": SIDE}), RUN),
    Fill("activations", "/v1/forward", pass_of([PASS_BYTES // 12], {"type": "ReLU"}, {"type": "Reshape", "target_shape": [-1, 1]}, {"type": "GlobalMaxPooling1D"}), RUN),
    Fill("outputs", "/v1/forward", pass_of([OUTPUTS - 1], {"type": "ReLU"}), RUN),
]  # fmt: skip
