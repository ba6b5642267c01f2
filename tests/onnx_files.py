"""ONNX files for tests: recorded ones, and such as are written here from plain dictionaries."""

import gzip
import json
import struct
from functools import cache
from pathlib import Path

from layercalc.readers.onnx.messages import MESSAGES
from layercalc.readers.onnx.tensors import array_of
from tests.formula import weight_of

DATA = Path(__file__).parent / "data" / "onnx"
NAMES = sorted(path.name.removesuffix(".onnx.gz") for path in DATA.glob("*.onnx.gz"))
FLOAT, INT64 = 1, 7


@cache
def body_of(name):
    """The bytes of a recorded file."""
    return gzip.decompress((DATA / f"{name}.onnx.gz").read_bytes())


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def key(number, wire):
    return varint(number << 3 | wire)


def chunk(number, body):
    return key(number, 2) + varint(len(body)) + body


def written(kind, message):
    """The bytes of a message that is given as a dict, by the table the reader has."""
    out = b""
    for number, (name, what, many) in MESSAGES[kind].items():
        for value in message.get(name, []) if many else [message[name]] if name in message else []:
            if what == "int":
                out += key(number, 0) + varint(value)
            elif what == "float":
                out += key(number, 5) + struct.pack("<f", value)
            elif what == "packed":
                out += chunk(number, value)
            elif what in MESSAGES:
                out += chunk(number, written(what, value))
            else:
                out += chunk(number, value.encode() if isinstance(value, str) else bytes(value))
    return out


def value_info(name, shape, dtype=FLOAT):
    """An input or output; a size is a number, a name, or None. A shape of None leaves it out."""
    dims = [{} if n is None else {"dim_param": n} if isinstance(n, str) else {"dim_value": n} for n in shape or ()]
    return {
        "name": name,
        "type": {"tensor_type": {"elem_type": dtype} | ({} if shape is None else {"shape": {"dim": dims}})},
    }


KINDS = {float: ("f", 1), int: ("i", 2), str: ("s", 3), bytes: ("s", 3)}


def attribute(name, value):
    if isinstance(value, dict):
        field, kind = ("g", 5) if "node" in value else ("t", 4)
    elif isinstance(value, list):
        field, kind = (
            {"f": ("floats", 6), "i": ("ints", 7), "s": ("strings", 8)}[KINDS[type(value[0])][0]]
            if value
            else ("ints", 7)
        )
    else:
        field, kind = KINDS[type(value)]
    return {"name": name, field: value, "type": kind}


def node(op, inputs, outputs, name="", domain="", **attributes):
    made = [attribute(key, value) for key, value in attributes.items()]
    return {"op_type": op, "input": inputs, "output": outputs, "name": name, "domain": domain, "attribute": made}


def tensor(name, array):
    """A tensor of float32 or int64 with its values."""
    kind = {"float32": FLOAT, "int64": INT64}[array.dtype.name]
    return {"name": name, "dims": list(array.shape), "data_type": kind, "raw_data": array.tobytes()}


def file_of(nodes, inputs, outputs, initializers=(), opset=17, functions=(), **more):
    """A whole file; inputs and outputs as {name: shape}."""
    graph = {
        "name": "graph",
        "node": nodes,
        "input": [value_info(name, shape) if not isinstance(shape, dict) else shape for name, shape in inputs.items()],
        "output": [value_info(name, shape) for name, shape in outputs.items()],
        "initializer": list(initializers),
    }
    model = {"ir_version": 8, "producer_name": "tests", "graph": graph, "functions": list(functions), **more}
    return written("Model", {"opset_import": [{"version": opset}], **model})


def expected(name):
    """What ONNX Runtime gave for a recorded file: the shape of every tensor at one or two bindings of its axes."""
    return json.loads(gzip.decompress((DATA / f"{name}.expected.json.gz").read_bytes()))


def weights_of(file):
    """The weights that a parsed file leaves out, by the formula."""
    arrays = map(array_of, file.message["graph"]["initializer"])
    return {one.name: weight_of(one.name, one.shape) for one in arrays if one.read is None}
