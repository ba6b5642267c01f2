"""Requests that cost a parser or NumPy far more than their size: a table of lazily made bodies, each with its bounds."""

import base64
import bz2
import io
import json
import struct
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from layercalc.limits import Limits
from tests.deflated import deflated

MB = 1_000_000
BAD = (400, 413, 422, 503)
ANY = (200, *BAD)
DENSE = {"input_shape": [3], "layers": [{"type": "Dense", "units": 4}]}
# JSON and tensors are sent to a service with a quarter of the limits: a quarter of the size and of the memory,
# and 10 MB that a request of any size may take
LIMITS = Limits(
    max_body_bytes=16 << 20,
    max_containers=250_000,
    max_strings=500_000,
    max_values=1_250_000,
    max_slow_json_bytes=1 << 20,
    max_parts=2_500,
)
FORWARD, ANALYZE, INFER = "/v1/forward", "/v1/analyze", "/v2/models/dense/infer"
PART = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'


class Costly(NamedTuple):
    """A request, the statuses that are right for it, and what the worker may take for it at its worst moment."""

    make: Callable[[], bytes]
    path: str = ANALYZE
    right: tuple[int, ...] = BAD
    media: str = "application/octet-stream"
    memory: int = 175 * MB
    headers: dict[str, str] = {}


def times(unit: str, count: int, end: str = "", begin: str = "") -> Callable[[], bytes]:
    return lambda: (begin + unit * count + end).encode("utf-8", "surrogatepass")


def numbered(text: str) -> str:
    return ",".join(text.format(i) for i in range(20_000))


def form(*parts: tuple[str, bytes]) -> bytes:
    return b"".join(PART.format(name).encode() + body + b"\r\n" for name, body in parts) + b"--x--\r\n"


def multipart(make: Callable[[], bytes], name: str, **more) -> Costly:
    """A part of that name beside a small model and inputs."""

    def body() -> bytes:
        parts = {"model": json.dumps(DENSE).encode(), "inputs": b'{"seed": 1}', name: make()}
        return form(*parts.items())

    return Costly(body, FORWARD, media="multipart/form-data; boundary=x", **more)


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def npy_header(dtype: str, shape: tuple[int, ...], fortran: bool = False) -> bytes:
    text = repr({"descr": dtype, "fortran_order": fortran, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@cache
def npz(dtype: str, shape: tuple[int, ...], size: int, name: str = "input", fortran: bool = False) -> bytes:
    """An archive of one array whose numbers are all zero."""
    return inflating(f"{name}.npy", npy_header(dtype, shape, fortran), size)


def inflating(name: str, head: bytes, size: int, fill: bytes = b"\0") -> bytes:
    """An archive of one member: a head, and one byte many times."""
    data, checked = deflated(size, fill, head)
    return compressed(name, data, zipfile.ZIP_DEFLATED, checked, len(head) + size)


def compressed(name: str, data: bytes, method: int, checked: int, size: int) -> bytes:
    """A ZIP archive of one member that is compressed already: its method, CRC-32 and size as they are given."""
    file, held = name.encode(), (checked, len(data), size, len(name))
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, method, 0, 33, *held, 0) + file
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, method, 0, 33, *held, 0, 0, 0, 0, 0, 0) + file
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local) + len(data), 0)
    return local + data + entry + end


def keras(config: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    return zipped({"metadata.json": b"{}", "config.json": config}, method)


def packed(compressor: Callable[[], Any], method: int, name: str) -> bytes:
    """A member of 40 MB, which its decompressor gives at once out of the first kilobytes."""
    packer = compressor()
    data = b"".join(packer.compress(bytes(1 << 20)) for _ in range(38)) + packer.flush()
    return compressed(name, data, method, 0, 1 << 30)


PARSED_CODE = 700 * MB


def code() -> dict[str, Costly]:
    """What Python's parser takes long for, or much memory."""
    many = {
        "f-string-fields": times("{a}", 80_000, "'", "x=f'"),
        "f-string-fields-219KB": times("{a}", 73_000, "'", "x=f'"),
        "f-string-fields-of-a-format": times("{a:{b}}", 30_000, "'", "x=rf'"),
        "f-string-fields-open": times("{a}", 80_000, "", "x=F'''"),
        "f-string-fields-wrong": times("{a}", 80_000, "{1 1}\"", 'x=fR"'),
        "f-string-lines": times("{a}\n", 60_000, "'''", "x=f'''"),
        "f-string-in-a-call": times("{a}", 80_000, "'))", "model.add(Dense(3, name=f'"),
        "f-strings-of-many-fields": times("x=f'" + "{a}" * 990 + "'\n", 80),
        "f-string-at-the-limit": times("b", 990_000, "{a}" * 999 + "{1 1}'''", "x=f'''"),
        "t-string-fields": times("{a}", 80_000, "'", "x=t'"),
        "import-dotted": times("a.", 120_000, "a", "import "),
        "import-dotted-spaced": times("a . ", 120_000, "a", "import "),
        "import-dotted-continued": times("a.\\\n", 60_000, "a", "import "),
        "from-dotted": times("a.", 120_000, "a import b", "from "),
        "decorator-dotted": times(".a", 120_000, "\ndef f(): pass", "@a"),
        "marks": times("\u0301\u0327", 120_000, "=1", "a"),
        "marks-of-halves": times("\uff9e\u0301", 120_000, "=1", "a"),
        "marks-in-a-field": times("\u0301\u0327", 120_000, "}'", "x=f'{a"),
        "marks-many-names": times("a" + "\u0301\u0327" * 240 + "\n", 500),
        "tokens-semicolons": times("a;", 499_999),
        "tokens-lines": times("a\n", 499_999),
        "tokens-list": times("1,", 499_990, "]", "x=["),
        "tokens-assigned-wrong": times("a,", 499_990, "1)=1", "x=("),
        "tokens-arguments-wrong": times("a=1,", 249_990, "1)", "f("),
        "tokens-slices": times("1:2,", 249_990, "]", "x["),
        "tokens-late-error": times("b=f(1,2)\n", 110_000, "print a"),
        "tokens-just-below": times("a;", 124_000),
        "tokens-just-below-wrong": times("a=1,", 62_000, "1)", "f("),
        "hex": times("f", 990_000, ", input_dim=3)", "Dense(0x"),
        "octal": times("7", 990_000, ", input_dim=3)", "Dense(0o"),
        "binary": times("1_", 490_000, "1, input_dim=3)", "Dense(0b"),
        "decorators": times("@a\n", 120_000, "1"),
        "elif": times("elif b: pass\n", 60_000, "else 1", "if a: pass\n"),
        "nested-brackets": times("([{", 60_000),
        "nested-wrong": times("f(a=", 150, "1 1" + ")" * 150),
        "with-wrong": times("a as b,", 60_000, " 1 1): pass", "with ("),
        "list-used-often": times("Dense(1,input_shape=a)\n", 20_000, begin="a=[" + "1," * 9_990 + "1]\n"),
        "list-used-inside-lists": times("x=[a,a]\n", 30_000, begin="a=[" + "1," * 4_990 + "1]\n"),
        "list-used-in-layers": times("Reshape(a,name='r')\n", 20_000, begin="a=[" + "1," * 9_990 + "1]\n"),
        "list-used-as-input": times("Input(a)\n", 40_000, begin="a=[" + "1," * 9_990 + "1]\n"),
        "dict-used-often": times("Dense(1,kernel_initializer=a)\n", 5_000, begin="a={" + "".join(f"'{i}':1," for i in range(9000)) + "}\n"),
        "names-imported": lambda: f"from a import ({numbered('b{0} as c{0}')})\nDense(1,input_dim=2)\n".encode(),
        "arguments-of-a-function": lambda: f"def f({numbered('a{0}')}): return 1\nDense(1,input_dim=2)\n".encode(),
        "arguments-of-a-lambda": lambda: f"f=lambda {numbered('a{0}')}: 1\nDense(1,input_dim=2)\n".encode(),
        "name-used-often": times("Dense(1,name=a)\n", 20_000, begin="a='" + "n" * 400_000 + "'\n"),
    }  # fmt: skip
    fine = ("names-imported", "arguments-of-a-function", "arguments-of-a-lambda")
    fine += ("f-string-at-the-limit", "f-strings-of-many-fields", "marks-many-names", "tokens-just-below")
    found = {
        f"code-{name}": Costly(make, right=ANY if name in fine else BAD, memory=PARSED_CODE)
        for name, make in many.items()
    }
    inside = many["f-string-fields"]
    found["code-in-an-envelope"] = Costly(lambda: json.dumps({"model": inside().decode()}).encode())
    found["code-in-both-sides"] = Costly(
        lambda: json.dumps({"before": inside().decode(), "after": inside().decode()}).encode(), "/v1/diff"
    )
    found["code-in-a-part"] = multipart(inside, "model")
    return found


NUMBERS = {
    "ones": "1,",
    "floats": "1.5,",
    "exponents": "1e5,",
    "small": "1e-400,",
    "large": "1e400,",
    "long": "9" * 20 + ",",
}
UNITS = NUMBERS | {
    "objects": "{},", "lists": "[],", "pairs": '{"a":1},', "texts": '"ab",', "nulls": "null,", "escapes": '"\\u4e00\\n",',
    "infinities": "NaN,",
}  # fmt: skip


PARSED = 75 * MB
THOROUGH = ("floats", "small", "pairs", "escapes", "nulls")


def parsed() -> dict[str, Costly]:
    """JSON of 2.5 to 5 MB in every place where there may be some; with a colon in a string or an error at its end, too."""
    found = {}
    for name, unit in UNITS.items():
        count = (5_000_000 if name in THOROUGH else 2_500_000) // len(unit)
        found[f"json-{name}"] = Costly(times(unit, count, "1]}", '{"model":{},"inputs":['), FORWARD, memory=PARSED)
        if name not in THOROUGH:
            continue
        found[f"json-{name}-colon"] = Costly(
            times(unit, count, "1]}", '{"model":":","inputs":['), FORWARD, memory=PARSED
        )
        found[f"json-{name}-error"] = Costly(
            times(unit, count, "1]}x", '{"model":{},"inputs":['), FORWARD, memory=PARSED
        )
        found[f"json-{name}-1MB"] = Costly(times(unit, MB // len(unit), "1]}", '{"model":":","inputs":['), FORWARD)
        found[f"json-{name}-in-keras"] = multipart(
            lambda u=unit, n=count: keras(times(u, n, "1]", "[")()), "model", memory=PARSED
        )
        found[f"json-{name}-in-a-part"] = multipart(times(unit, count // 2, "1]", "["), "expected", memory=PARSED)
    found["json-keys"] = Costly(lambda: ("{" + ",".join(f'"{i:x}":1' for i in range(MB)) + "}").encode())
    found["json-text"] = Costly(times("a", 15 * MB, '😀":1}', '{"'), memory=200 * MB)
    found["json-text-error"] = Costly(times("a", 15 * MB, '😀":1}x', '{"'), memory=200 * MB)
    found["json-backslashes"] = Costly(times("\\\\", 7_500_000, '":1}', '{"'))
    found["json-quotes"] = Costly(times('\\"', 7_500_000, '":1}', '{"'))
    found["json-digits"] = Costly(times("9", 15 * MB, "]}", '{"layers":['))
    found["json-spaces"] = Costly(times(" ", 15 * MB, "]", "["))
    found["json-just-numbers"] = Costly(
        times("1.5,", 1_249_980, "1.5]]}", f'{{"model":{json.dumps(DENSE)},"inputs":[['), FORWARD
    )
    found["json-after-json"] = Costly(
        lambda: times("[1],", 3_750_000)().join([b'{"inputs":[', b"1]}"]),
        FORWARD,
        headers={"Inference-Header-Content-Length": str(11 + 15 * MB + 3)},
    )
    found["json-in-a-string"] = Costly(lambda: json.dumps("[" + "{}," * 2 * MB + "1]").encode())
    found["json-of-parts"] = Costly(
        lambda: form(
            *[("inputs", b"[" + b"1," * (MB // 2) + b"1]") for _ in range(14)], ("model", json.dumps(DENSE).encode())
        ),
        FORWARD,
        media="multipart/form-data; boundary=x",
    )
    found["keras-18KB"] = multipart(lambda: keras(b"[" * 4_500_000), "model")
    found["keras-60KB"] = multipart(lambda: keras(b'{"a":' * (3 * MB)), "model")
    found["keras-nulls"] = multipart(lambda: keras(b"[" + b"null," * (3 * MB) + b"1]"), "model")
    found["keras-baseline"] = Costly(
        lambda: form(
            ("model", json.dumps(DENSE).encode()),
            ("budgets", b'[{"metric":"params","max":1}]'),
            ("baseline", keras(b"[" * (15 * MB))),
        ),
        "/v1/check",
        media="multipart/form-data; boundary=x",
    )
    found["keras-bzip2"] = multipart(
        lambda: packed(bz2.BZ2Compressor, zipfile.ZIP_BZIP2, "config.json"), "model", memory=25 * MB
    )
    found["keras-lzma"] = multipart(
        lambda: packed(zipfile.LZMACompressor, zipfile.ZIP_LZMA, "config.json"), "model", memory=25 * MB
    )
    return found


def tensors() -> dict[str, Costly]:
    """Files that inflate, lists that NumPy would make wide or of objects, numbers in another dtype than wanted."""
    found = {}
    for part in ("inputs", "expected", "weights"):
        for name, make in {
            "int8": lambda: npz("|i1", (125 * MB,), 125 * MB),
            "matrix": lambda: npz("|i1", (42 * MB, 3), 126 * MB),
            "doubles": lambda: npz("<f8", (15 * MB, 3), 360 * MB),
            "booleans": lambda: npz("|b1", (3, 42 * MB), 126 * MB),
            "fortran": lambda: npz("<i8", (15 * MB, 3), 360 * MB, fortran=True),
            "other-names": lambda: npz("|i1", (125 * MB,), 125 * MB, "other"),
        }.items():
            found[f"npz-{name}-{part}"] = multipart(make, part)
        found[f"npz-members-{part}"] = multipart(many_members, part)
        found[f"npz-bzip2-{part}"] = multipart(
            lambda: packed(bz2.BZ2Compressor, zipfile.ZIP_BZIP2, "input.npy"), part, memory=25 * MB
        )
        found[f"npz-header-{part}"] = multipart(
            lambda: zipped({"input.npy": b"\x93NUMPY\x01\x00\x00\x27" + b"-" * 9983 + b"1\n"}), part
        )
        found[f"safetensors-many-{part}"] = multipart(many_tensors, part, memory=100 * MB)
        for name in ("long-text-inside", "true-and-nothing", "ragged"):
            found[f"list-{name}-{part}-part"] = multipart(
                lambda text=LISTS[name]: text().encode(), part, memory=LIST_MEMORY
            )
    for where in ('"inputs":[{}]', '"inputs":{{"input":{}}}', '"inputs":{{"seed":1}},"weights":[{},[1,1,1,1]]',
                  '"inputs":{{"seed":1}},"expected":[{}]', '"inputs":[{{"shape":[1,3],"datatype":"FP32","data":{}}}]'):  # fmt: skip
        for name, text in LISTS.items():
            found[f"list-{name}-{where[:40]}"] = Costly(
                lambda text=text, where=where: (
                    '{"model":' + json.dumps(DENSE) + "," + where.format(text()) + "}"
                ).encode(),
                FORWARD,
                memory=LIST_MEMORY,
            )
    for name, text in LISTS.items():
        found[f"list-{name}-infer"] = Costly(
            lambda text=text: (
                '{"inputs":[{"name":"input","shape":[1,3],"datatype":"FP32","data":' + text() + "}]}"
            ).encode(),
            INFER,
            memory=LIST_MEMORY,
        )
        constant = {
            "class_name": "Add",
            "module": "keras.src.ops.numpy",
            "name": "a",
            "config": {"name": "a"},
            "registered_name": "Add",
        }
        node = {"args": [{"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "dtype": "float32", "keras_history": ["x", 0, 0]}},
                         {"class_name": "__numpy__", "config": {"value": "VALUE", "dtype": "float32"}}], "kwargs": {}}  # fmt: skip
        head = {
            "class_name": "InputLayer",
            "name": "x",
            "config": {"batch_shape": [None, 3], "name": "x"},
            "inbound_nodes": [],
        }
        model = {"class_name": "Functional", "config": {"name": "m", "layers": [head, {**constant, "inbound_nodes": [node]}],
                 "input_layers": [["x", 0, 0]], "output_layers": [["a", 0, 0]]}}  # fmt: skip
        found[f"list-{name}-constant"] = Costly(
            lambda text=text, model=model: json.dumps(model).replace('"VALUE"', text()).encode(),
            right=ANY,
            memory=LIST_MEMORY,
        )
    found["npz-int8-that-fits"] = cropped("|i1", 1)
    found["npz-expected-of-a-layer"] = expected("|i1", 1)
    found["npz-expected-of-a-layer-in-doubles"] = expected("<f8", 8)
    found["npz-expected-of-a-layer-in-fortran-order"] = expected("<f8", 8, fortran=True)
    found["npz-doubles-that-fits"] = cropped("<f8", 8)
    found["base64-of-booleans"] = Costly(
        lambda: json.dumps(
            {
                "model": DENSE,
                "inputs": [{"shape": [11 * MB], "datatype": "BOOL", "b64": base64.b64encode(bytes(11 * MB)).decode()}],
            }
        ).encode(),
        FORWARD,
    )
    return found


def cropped(dtype: str, width: int) -> Costly:
    """Inputs of 120 MB as the model's floats, which is below the limit: they are taken, and no more memory than that."""
    model = {"input_shape": [None, 3], "layers": [{"type": "Cropping1D", "cropping": [0, 10 * MB - 1]}]}

    def body() -> bytes:
        return form(("model", json.dumps(model).encode()), ("inputs", npz(dtype, (1, 10 * MB, 3), 30 * MB * width)))

    return Costly(body, FORWARD, ANY, "multipart/form-data; boundary=x", 160 * MB)


def expected(dtype: str, width: int, fortran: bool = False) -> Costly:
    """A layer whose output is compared: it is kept, and what is expected of it is held in float64, and no more."""
    layers = [
        {"type": "RepeatVector", "n": MB * 5 // 2, "name": "wide"},
        {"type": "Cropping1D", "cropping": [0, MB * 5 // 2 - 1]},
    ]
    model = json.dumps({"input_shape": [3], "layers": layers}).encode()

    def body() -> bytes:
        array = npz(dtype, (1, MB * 5 // 2, 3), MB * 15 // 2 * width, "wide", fortran)
        return form(("model", model), ("inputs", b'{"seed": 1}'), ("expected", array))

    return Costly(body, FORWARD, (200, 503), "multipart/form-data; boundary=x", 135 * MB)


@cache
def many_members() -> bytes:
    """An archive of 15,000 empty arrays."""
    return zipped({f"{i}.npy": npy_header("<f4", (0,)) for i in range(15_000)}, zipfile.ZIP_STORED)


@cache
def many_tensors() -> bytes:
    """A file of 225,000 empty tensors."""
    text = (
        "{" + ",".join(f'"{i}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for i in range(225_000)) + "}"
    ).encode()
    return len(text).to_bytes(8, "little") + text


LIST_MEMORY = 90 * MB  # an eighth of what a body eight times as large may take
LISTS = {
    "long-text": lambda: '["' + "a" * MB + '"' + ',"b"' * 250 + "]",
    "long-text-inside": lambda: '[[1,2,"' + "a" * MB + '"]' + ",[1,2,3]" * 500 + "]",
    "long-text-wide": lambda: '["' + "\U0001f600" * (MB // 2) + '"' + ',"b"' * 500 + "]",
    "texts": lambda: '["' + "a" * 2000 + '"' + ',"b"' * 60_000 + "]",
    "text-and-numbers": lambda: '["' + "a" * 1000 + '"' + ",1" * 120_000 + "]",
    "nothing": lambda: "[null" + ",null" * 430_000 + "]",
    "objects": lambda: "[{}" + ",{}" * 100_000 + "]",
    "true-and-nothing": lambda: "[true,null" + ",1.5" * 430_000 + "]",
    "huge": lambda: "[" + "9" * 300 + ",1" * 120_000 + "]",
    "ragged": lambda: "[[1],[1,2]" + ",[1]" * 100_000 + "]",
    "mixed": lambda: "[[1],1" + ",[1]" * 100_000 + "]",
    "empties": lambda: "[[]" + ",[]" * 100_000 + "]",
    "deep-empties": lambda: "[" * 90 + "[]" + ",[]" * 100_000 + "]" * 90,
    "rows-of-one": lambda: "[[[[1]]]" + ",[[[1]]]" * 27_000 + "]",
}

ATTACKS = code() | parsed() | tensors()
