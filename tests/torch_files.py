"""Exported programs for tests: recorded ones, and archives made of changed parts of them."""

import gzip
import io
import json
import zipfile
from functools import cache
from pathlib import Path

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
