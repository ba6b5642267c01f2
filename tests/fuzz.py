"""Fuzzing of every reader: what comes out is an answer or a refusal, whatever goes in.

`make fuzz` runs it for ten minutes (FUZZ_SECONDS), each reader its share, from the kept corpus in tests/data/fuzz; an
input that breaks a reader is printed and put there, where `test_fuzz.py` holds it from then on.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import random
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from layercalc import Refused, analyze, check, files
from layercalc.budgets import read_budgets
from layercalc.limits import Limits
from layercalc.web import create_app

CORPUS = Path(__file__).parent / "data" / "fuzz"
LIMITS = Limits(
    max_analysis_seconds=2,
    max_forward_seconds=2,
    max_forward_flops=10**7,
    max_forward_bytes=10**7,
    max_hdf5_bytes=1 << 20,
)
APP = create_app(LIMITS)
STACK = {
    "input_shape": [8, 8, 3],
    "layers": [
        {"type": "Conv2D", "filters": 2, "kernel_size": [3, 3], "padding": "same", "activation": "relu", "name": "a"},
        {"type": "MaxPooling2D", "pool_size": 2, "inputs": "a"},
        {"type": "Reshape", "target_shape": [-1]},
        {"type": "Bidirectional", "layer": {"type": "LSTM", "units": 2}, "inputs": ["a"]},
        {"type": "EinsumDense", "equation": "ab,bc->ac", "output_shape": 4},
        {"type": "Sequential", "layers": [{"type": "Dense", "units": 1, "kernel_initializer": {"class_name": "Constant", "config": {"value": 1}}}]},
    ],
    "outputs": ["a:0"],
}  # fmt: skip
CODE = """from keras import layers
inputs = layers.Input(shape=(8, 8, 3), name="x")
y = layers.Conv2D(filters=2 * 3, kernel_size=(3, 3), padding='same', activation="relu")(inputs)
z = layers.Add()([y, y])
model = keras.Model(inputs=inputs, outputs=[z, layers.Dense(4)(z)])
model.add(tf.keras.layers.Dropout(0.5)); model.compile("adam")
"""
ODD = [
    b"null", b"true", b"-1", b"0", b"1e400", b"NaN", b"9" * 400, b"1.5", b'""', b"[]", b"{}", b"[[]]", b'"a"', b'"input"', b"-0.0", b"\\ud800", b"\xff", b"\0", b"(", b")", b"[" * 200, b"**", b"lambda: 0",
    b'"layers"', b'"class_name"', b'"config"', b'"inputs"', b'"shape"', b'"name"', b"18446744073709551616", b"9223372036854775807", b"-9223372036854775808", b"4294967295", b"\x93NUMPY", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n",
]  # fmt: skip


def example(name: str) -> bytes:
    """The first recorded graph of a folder of the tests' data."""
    graphs = json.loads(gzip.decompress((CORPUS.parent / name / "models.json.gz").read_bytes()))
    first = next(iter(graphs.values())) if isinstance(graphs, dict) else graphs[0]
    return json.dumps(first["model"]).encode()


def saved(write: Callable[..., object], *args: object, **kwargs: object) -> bytes:
    out = io.BytesIO()
    write(out, *args, **kwargs)
    return out.getvalue()


def keras_file() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("config.json", example("keras_graphs"))
        archive.writestr("model.weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(64))
    return out.getvalue()


def parts() -> bytes:
    line = b'--x\r\nContent-Disposition: form-data; name="%b"; filename="f"\r\nContent-Type: text/plain\r\n\r\n%b\r\n'
    array = saved(np.save, np.ones((1, 3), "f4"))
    model = json.dumps({"input_shape": [3], "layers": [{"type": "Dense", "units": 2}]}).encode()
    return line % (b"model", model) + line % (b"inputs", array) + line % (b"stats", b"1") + b"--x--\r\n"


DENSE = {"input_shape": [3], "layers": [{"type": "Dense", "units": 2}]}
OIP = {"model": DENSE, "inputs": [{"name": "input", "shape": [1, 3], "datatype": "FP32", "parameters": {"binary_data_size": 12}}],
       "outputs": [{"name": "dense", "parameters": {"binary_data": True}}]}  # fmt: skip
HEAD = json.dumps(OIP).encode()
FORWARD = {"model": DENSE, "inputs": [{"shape": [1, 3], "datatype": "FP32", "b64": base64.b64encode(bytes(12)).decode()}],
           "weights": {"dense/kernel": [[1, 2]] * 3, "dense/bias": [0, 0]}, "expected": [[[0, 0]]], "stats": True}  # fmt: skip
BUDGETS = b"""budgets:
  - {metric: params, max: 5M, layer: "dense*", level: warn}
  - {metric: output_shape, equals: [null, 10]}
models:
  - {model: a.json, budgets: [{metric: flops, max_increase: "2%"}], baseline: b.json}
"""


def posted(path: str, body: bytes, **headers: str) -> None:
    """A request to the service: anything but a 5xx, a deadline excepted."""
    answer = APP.test_client().post(path, data=body, headers={"Content-Type": "application/octet-stream", **headers})
    assert answer.status_code < 500 or (answer.status_code == 503 and "deadline" in answer.text), answer.text[:300]
    if answer.is_json:
        json.loads(answer.data)


def budgets(body: bytes) -> None:
    """A file of budgets, as the command line reads it."""
    import yaml

    try:
        listed = yaml.safe_load(body)
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    found = listed.get("budgets") if isinstance(listed, dict) else listed
    read_budgets(found, ["params", "flops", "macs"])
    check(DENSE, found, limits=LIMITS)


def tensors(body: bytes) -> None:
    """A file of tensors, and everything in it."""
    found = files.read_tensor_file(body, ("inputs",))
    for one in found.values() if isinstance(found, dict) else [found]:
        if hasattr(one, "read") and np.prod([float(n) for n in one.shape]) < 1e6:
            one.read()


READERS: dict[str, tuple[list[bytes], Callable[[bytes], object]]] = {
    "stack": ([json.dumps(STACK).encode()], lambda body: posted("/v1/analyze", body)),
    "keras3": ([example("keras_graphs")], lambda body: posted("/v1/analyze?conventions=all", body)),
    "keras2": ([example("keras2")], lambda body: posted("/v1/analyze?explain=1", body)),
    "code": ([CODE.encode()], lambda body: posted("/v1/analyze", body, **{"Content-Type": "text/x-python"})),
    "forward": ([json.dumps(FORWARD).encode()], lambda body: posted("/v1/forward", body)),
    "diff": ([json.dumps({"before": DENSE, "after": analyze(DENSE)}).encode()], lambda body: posted("/v1/diff", body)),
    "budgets": ([BUDGETS], budgets),
    "multipart": ([parts()], lambda body: posted("/v1/forward", body, **{"Content-Type": "multipart/form-data; boundary=x"})),
    "binary": ([HEAD + bytes(12)], lambda body: posted("/v1/forward", body, **{"Inference-Header-Content-Length": str(min(len(HEAD), len(body)))})),
    "npy": ([saved(np.save, np.arange(6.0).reshape(2, 3))], tensors),
    "npz": ([saved(np.savez, a=np.arange(6), b=np.ones(3)), saved(np.savez_compressed, a=np.zeros((9, 9)))], tensors),
    "safetensors": ([save({"a": np.arange(6.0), "b": np.ones((2, 3), "f4")})], tensors),
    "weights": ([save({"dense/kernel": np.ones((3, 2), "f4")})], lambda body: files.read_weights_file(body, ("weights",), Limits(max_hdf5_bytes=1 << 20))),
    "archive": ([keras_file()], lambda body: files.read_model(body, ("model",), Limits(max_hdf5_bytes=1 << 20))),
    "hdf5": ([b"\x89HDF\r\n\x1a\n" + bytes(200)], lambda body: files.read_weights_file(body, ("weights",), Limits(max_hdf5_bytes=1 << 20))),
}  # fmt: skip


def mutated(seed: bytes, random_: random.Random) -> bytes:
    """A seed with a few bytes, tokens or stretches changed, moved, doubled or gone."""
    body = bytearray(seed)
    for _ in range(random_.choice((1, 1, 2, 4, 8))):
        at = random_.randrange(len(body) + 1)
        end = min(len(body), at + random_.choice((1, 2, 8, 40)))
        kind = random_.randrange(7)
        if kind == 0 and at < len(body):
            body[at] ^= 1 << random_.randrange(8)
        elif kind == 1:
            body[at:at] = random_.choice(ODD)
        elif kind == 2:
            body[at:end] = b""
        elif kind == 3:
            body[at:at] = body[at:end] * random_.choice((1, 2, 50))
        elif kind == 4:
            body[at:end] = random_.choice(ODD)
        elif kind == 5:
            words = [m for m in range(len(body)) if body[m : m + 1].isdigit() or body[m : m + 1] in (b'"', b"[", b"{")]
            if words:
                place = random_.choice(words)
                body[place : place + 1] = random_.choice(ODD)
        else:
            other = random_.randrange(len(body) + 1)
            body[at:at] = body[other : other + random_.randrange(60)]
    return bytes(body)


def tried(reader: str, body: bytes) -> None:
    """One input for one reader: an answer or a Refused."""
    with suppress(Refused):
        READERS[reader][1](body)


def kept(reader: str) -> list[bytes]:
    """The seeds of a reader and what once broke it."""
    return [*READERS[reader][0], *(path.read_bytes() for path in sorted(CORPUS.glob(f"{reader}-*")))]


def main() -> int:
    """Every reader for its share of the time; exit code 1 where one broke."""
    seconds = float(os.environ.get("FUZZ_SECONDS", "600"))
    broken = 0
    for reader in READERS:
        seeds, count, end = kept(reader), 0, time.monotonic() + seconds / len(READERS)
        random_ = random.Random(f"{reader}{time.time()}")
        while time.monotonic() < end:
            body, start = mutated(random_.choice(seeds), random_), time.monotonic()
            count += 1
            try:
                tried(reader, body)
                assert time.monotonic() - start < 10, "it took longer than 10 s"
            except Exception as error:
                broken += 1
                name = f"{reader}-{hashlib.sha256(body).hexdigest()[:12]}"
                CORPUS.mkdir(exist_ok=True)
                (CORPUS / name).write_bytes(body)
                print(f"{name}: {type(error).__name__}: {str(error)[:300]}", flush=True)
                break
        print(f"{reader}: {count:,} inputs", flush=True)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
