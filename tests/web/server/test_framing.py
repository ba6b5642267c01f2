"""HTTP itself, bent: raw bytes to a real gunicorn. It answers or hangs up soon, and goes on serving."""

import json
import re
import select
import socket
import time

import pytest

from tests.service import TINY, running
from tests.web.server.test_serving import request

BODY = json.dumps(TINY).encode()
POST = b"POST /v1/analyze HTTP/1.1\r\nHost: x\r\n"
SIZED = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(BODY), BODY)


@pytest.fixture(scope="module")
def port():
    with running(max_body_bytes=100_000, max_read_seconds=1, min_read_rate=1000) as service:
        yield service.port


def exchanged(port, *pieces, close=False, pause=0.0):
    """All that comes back for these bytes until the server hangs up, or has answered and is silent."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.settimeout(60)
        received = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
                if pause and select.select([connection], [], [], pause)[0]:
                    break  # an answer before the end
            if close:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(1 << 16):
                received += part
                connection.settimeout(0.3 if whole(received) else 60)
        except TimeoutError:
            assert whole(received), "neither an answer nor an end within 60 s"
        except (ConnectionError, BrokenPipeError):
            pass  # it hung up before all was sent
        return received


def whole(received):
    """Whether an answer is there to its end."""
    head, end, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return bool(end) and len(body) >= int(length[1] if length else 0)


def status(received):
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.") else None


# what is sent, the statuses that are right (None: it hangs up without a word)
FRAMES = {
    "fine": ([POST + SIZED + b"\r\n" + BODY], (200,)),
    "fine-chunked": ([CHUNKED + CHUNK + b"0\r\n\r\n"], (200,)),
    "no-length": ([POST + b"\r\n"], (400, 411)),
    "length-past-the-end": ([POST + b"Content-Length: 5000\r\n\r\n" + BODY], (408,)),
    "length-past-the-end-closed": ([POST + b"Content-Length: 5000\r\n\r\n" + BODY, "close"], (400, None)),
    "length-zero": ([POST + b"Content-Length: 0\r\n\r\n"], (400,)),
    "length-short": ([POST + b"Content-Length: 5\r\n\r\n" + BODY], (400,)),
    "length-negative": ([POST + b"Content-Length: -5\r\n\r\n" + BODY], (400,)),
    "length-plus": ([POST + b"Content-Length: +5\r\n\r\n" + BODY], (400,)),
    "length-words": ([POST + b"Content-Length: many\r\n\r\n" + BODY], (400,)),
    "length-huge": ([POST + b"Content-Length: 99999999999999999999\r\n\r\n"], (400, 413)),
    "length-digits": ([POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"], (400, 413)),
    "length-too-large": ([POST + b"Content-Length: 100001\r\n\r\n"], (413,)),
    "length-twice": ([POST + SIZED + b"Content-Length: 5\r\n\r\n" + BODY], (400,)),
    "length-and-chunked": ([POST + SIZED + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK + b"0\r\n\r\n"], (400, 200)),
    "coding-unknown": ([POST + b"Transfer-Encoding: gzip\r\n\r\n" + BODY], (400, 501)),
    "coding-twice": ([POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNK], (400, 501)),
    "coding-hidden": ([POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + CHUNK], (400, 501)),
    "coding-spaced": ([POST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNK], (400,)),
    "chunk-words": ([CHUNKED + b"zz\r\n" + BODY + b"\r\n0\r\n\r\n"], (400,)),
    "chunk-negative": ([CHUNKED + b"-5\r\n" + BODY + b"\r\n0\r\n\r\n"], (400,)),
    "chunk-huge": ([CHUNKED + b"ffffffffffffffffffff\r\n" + BODY], (400, 408)),
    "chunk-lies": ([CHUNKED + b"5\r\n" + BODY + b"\r\n0\r\n\r\n"], (400,)),
    "chunk-no-end": ([CHUNKED + CHUNK], (408,)),
    "chunk-cut": ([CHUNKED + CHUNK[:-9], "close"], (400, None)),
    "chunk-extension": ([CHUNKED + b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)], (200, 400)),
    "chunk-trailer": ([CHUNKED + CHUNK + b"0\r\nX-Late: 1\r\n\r\n"], (200, 400)),
    "chunk-size-line-long": ([CHUNKED + b"0" * 100_000], (400, 408, None)),
    "chunks-too-many": ([CHUNKED + b"1\r\n \r\n" * 100_001 + b"0\r\n\r\n"], (413, 408, None)),
    "drip": ([POST + b"Content-Length: 900\r\n\r\n", *[b" "] * 30], (408,)),
    "expect": ([POST + SIZED + b"Expect: 100-continue\r\n\r\n" + BODY], (100, 200)),
    "pipelined": ([POST + SIZED + b"\r\n" + BODY + POST + SIZED + b"\r\n" + BODY], (200,)),
    "smuggled": ([POST + SIZED + b"Transfer-Encoding: identity\r\n\r\n" + BODY], (200, 400, 501)),
    "no-host": ([b"POST /v1/analyze HTTP/1.1\r\n" + SIZED + b"\r\n" + BODY], (200, 400)),
    "host-twice": ([POST + b"Host: y\r\n" + SIZED + b"\r\n" + BODY], (200, 400)),
    "version": ([b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n"], (400, 505)),
    "version-none": ([b"GET /livez\r\n\r\n"], (400, None)),
    "http2": ([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], (400, 505)),
    "tls": ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n"], (400, None)),
    "noise": ([bytes(range(256)) * 4 + b"\r\n\r\n"], (400, None)),
    "method-lower": ([b"post /v1/analyze HTTP/1.1\r\nHost: x\r\n\r\n"], (400, 405, 501)),
    "method-odd": ([b"G\x00T /livez HTTP/1.1\r\nHost: x\r\n\r\n"], (400,)),
    "path-nul": ([b"GET /livez\x00 HTTP/1.1\r\nHost: x\r\n\r\n"], (400, 404)),
    "path-spaces": ([b"GET /liv ez HTTP/1.1\r\nHost: x\r\n\r\n"], (400,)),
    "path-full": ([b"GET http://evil.example/livez HTTP/1.1\r\nHost: x\r\n\r\n"], (200, 400, 404)),
    "path-star": ([b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"], (400, 404, 405)),
    "path-latin": ([b"GET /v1/layers/\xe9\xff HTTP/1.1\r\nHost: x\r\n\r\n"], (400, 404)),
    "path-long": ([b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"], (400, 414)),
    "header-long": ([POST + b"X: " + b"a" * 100_000 + b"\r\n\r\n"], (400, 431)),
    "headers-many": ([POST + b"".join(b"X%d: a\r\n" % n for n in range(500)) + b"\r\n"], (400, 431)),
    "header-nul": ([POST + b"X: a\x00b\r\n\r\n"], (400,)),
    "header-fold": ([POST + b"X: a\r\n b\r\n" + SIZED + b"\r\n" + BODY], (200, 400)),
    "header-no-colon": ([POST + b"nonsense\r\n\r\n"], (400,)),
    "header-name-odd": ([POST + b"X(y): a\r\n\r\n"], (400,)),
    "header-bare-lf": ([POST.replace(b"\r\n", b"\n") + SIZED + b"\r\n" + BODY], (200, 400, None)),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_bent_request_is_answered_or_hung_up_on(port, name):
    pieces, right = FRAMES[name]
    sent = [piece for piece in pieces if piece != "close"]
    received = exchanged(port, *sent, close="close" in pieces, pause=0.1 if name == "drip" else 0)
    assert status(received) in right, received[:300]
    assert b"Traceback" not in received
    head, _, body = received.partition(b"\r\n\r\n")
    if (status(received) or 0) >= 400 and b"json" in head:
        assert json.loads(body.split(b"HTTP/1.1")[0])["status"] == status(received)
    assert request(port, "GET", "/livez")[0] == 200


def test_slow_body_above_the_rate_is_waited_for(port):
    slow = json.dumps(TINY).encode() + b" " * 6000
    pieces = [slow[at : at + 600] for at in range(0, len(slow), 600)]
    head = POST + b"Content-Length: %d\r\n\r\n" % len(slow)
    start = time.monotonic()
    assert status(exchanged(port, head, *pieces, pause=0.15)) == 200
    assert time.monotonic() - start > 1  # longer than MAX_READ_SECONDS alone
