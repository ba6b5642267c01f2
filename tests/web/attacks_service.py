"""What strangers may do to the service beside posting documents: connections, files and names, as tables."""

import json
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
