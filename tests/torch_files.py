"""Exported programs for tests: recorded ones, and archives made of changed parts of them."""

import gzip
import io
import json
import zipfile
import zlib
from functools import cache
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data" / "torch"
NAMES = sorted(path.name.removesuffix(".expected.json.gz") for path in DATA.glob("*.expected.json.gz"))
MAIN = "models/model.json"


@cache
def body_of(name):
    """The bytes of a recorded file."""
    return (DATA / f"{name}.pt2").read_bytes()


@cache
def expected(name):
    return json.loads(gzip.decompress((DATA / f"{name}.expected.json.gz").read_bytes()))


def changed(name, change):
    """The bytes of a file whose graph has been changed."""
    with zipfile.ZipFile(io.BytesIO(body_of(name))) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    main = next(one for one in members if one.endswith(MAIN) or one == "serialized_exported_program.json")
    program = json.loads(members[main])
    change(program)
    return archive_of(members | {main: json.dumps(program).encode()})


def archive_of(members):
    """The bytes of an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, content in members.items():
            archive.writestr(one, content)
    return out.getvalue()


def drawn(name, shape):
    """Numbers by the formula of data/README.md, from -1 to 1 for an input, else as a weight's are."""
    size = int(np.prod(shape))
    x = (np.uint32(zlib.crc32(name.encode())) + np.arange(size, dtype=np.uint32)).astype(np.uint32)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    x ^= x >> np.uint32(16)
    u = x / np.float64(2**32)
    if name.startswith("input:"):
        return u.reshape(shape)
    if len(shape) < 2:
        return (0.5 + u).astype(np.float32).reshape(shape)
    return ((2 * u - 1) * np.sqrt(3 / (size / shape[0]))).astype(np.float32).reshape(shape)
