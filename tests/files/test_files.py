"""Models and tensors in files: what Keras saved runs to Keras' outputs, and what lies is refused before it is read."""

import gzip
import io
import json
import time
import zipfile
from functools import cache
from pathlib import Path

import h5py
import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

from layercalc import InvalidModel, InvalidTensors, deadline, files, forward
from layercalc.errors import Refused
from layercalc.limits import Limits
from tests import oracle
from tests.command import run
from tests.deflated import deflated

FOLDER = oracle.DATA / "keras_files"
FILES = sorted(path.name for path in FOLDER.iterdir() if ".keras" in path.name or ".h5" in path.name)
ENDINGS = (".weights-only.h5", ".weights.h5", ".keras", ".h5")
DENSE = {"input_shape": [3], "layers": [{"type": "Dense", "units": 2, "name": "d"}]}
X = np.array([[1, 0, 2]], "float32")
KERNEL, BIAS = np.array([[1, 2], [3, 4], [5, 6]], "float32"), np.array([0.5, -0.5], "float32")
Y = [[11.5, 13.5]]


def body_of(name):
    body = (FOLDER / name).read_bytes()
    return gzip.decompress(body) if name.endswith(".gz") else body


@cache
def documents():
    return oracle.unzipped(FOLDER / "models.json.gz")


def split(name):
    plain = name.removesuffix(".gz")
    ending = next(ending for ending in ENDINGS if plain.endswith(ending))
    return plain.removesuffix(ending), ending


@pytest.mark.parametrize("name", FILES)
def test_what_keras_saved_runs_to_its_own_outputs(name):
    model, ending = split(name)
    if "weights" in ending:
        document, weights = documents()[model], files.read_weights_file(body_of(name))
    else:
        document, weights = files.read_model(body_of(name))
    inputs, outputs = (oracle.numbered("keras_files", f"{model}/{kind}") for kind in ("x", "y"))
    rtol, atol = (3e-2, 1e-2) if model == "halves" else (1e-4, 1e-4)  # Keras computes the first in bfloat16
    result = forward(document, inputs, weights, expected=outputs, rtol=rtol, atol=atol)
    assert result["verified"]
    assert result["weights"] == {"source": "posted"}
    assert result["comparison"]["passed"], result["comparison"]


def test_every_kind_of_file_and_of_model_is_there():
    assert {split(name)[1] for name in FILES} == set(ENDINGS)
    assert {split(name)[0].removesuffix(".k2") for name in FILES} == {
        "sequential", "branches", "nested", "recurrent", "attention", "convolutions", "wrapped", "halves",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["sequential.weights.h5.gz", "sequential.h5.gz", "sequential.k2.weights-only.h5.gz"])
def test_weights_of_a_file_go_into_another_document(name):
    """Layers of other names, as in a stack: by their order and class, as Keras itself loads them."""
    stack = {
        "input_shape": [6, 6, 2],
        "layers": [
            {"type": "Conv2D", "filters": 3, "kernel_size": 3, "activation": "relu", "name": "first"},
            {"type": "BatchNormalization", "name": "second"},
            {"type": "Flatten"},
            {"type": "Dense", "units": 4, "name": "b"},
            {"type": "Dense", "units": 3, "name": "a"},
        ],
    }
    inputs, outputs = (oracle.numbered("keras_files", f"{split(name)[0]}/{kind}") for kind in ("x", "y"))
    result = forward(stack, inputs, files.read_weights_file(body_of(name)), expected=outputs, rtol=1e-4, atol=1e-4)
    assert result["comparison"]["passed"], result["comparison"]


def test_the_command_line_runs_a_saved_model_without_keras(tmp_path):
    for name in ("x.npy", "y.npy"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    for name in ("sequential.keras", "sequential.h5.gz", "sequential.weights.h5.gz"):
        (tmp_path / name.removesuffix(".gz")).write_bytes(body_of(name))
    (tmp_path / "model.json").write_text(json.dumps(documents()["sequential"]))
    rest = ("--input", "x.npy", "--expected", "y.npy")
    for arguments in (
        ("sequential.keras",),
        ("sequential.h5",),
        ("model.json", "--weights", "sequential.weights.h5"),
        ("model.json", "--weights", "sequential.keras"),
        ("sequential.keras", "--dtype", "float64"),
    ):
        result = run("forward", *arguments, *rest, cwd=tmp_path)
        assert (result.returncode, result.stderr) == (0, "")
        assert json.loads(result.stdout)["comparison"]["passed"]
    np.save(tmp_path / "y.npy", np.zeros((2, 3)))
    assert run("forward", "sequential.keras", *rest, cwd=tmp_path).returncode == 1
    assert json.loads(run("analyze", "sequential.h5", cwd=tmp_path).stdout)["totals"]["params"] == 280
    process = run("forward", "sequential.weights.h5", cwd=tmp_path)
    assert process.returncode == 2
    assert "weights and no model" in process.stderr


def test_python_takes_paths():
    result = forward(FOLDER / "sequential.keras", FOLDER / "x.npy", expected=FOLDER / "y.npy", rtol=1e-4, atol=1e-4)
    assert result["comparison"]["passed"]


def npy(array, **kwargs):
    file = io.BytesIO()
    np.save(file, array, **kwargs)
    return file.getvalue()


def npz(*arrays, **named):
    file = io.BytesIO()
    np.savez_compressed(file, *arrays, **named)
    return file.getvalue()


def hdf5(fill, **how):
    file = io.BytesIO()
    with h5py.File(file, "w", **how) as opened:
        fill(opened)
    return file.getvalue()


def archive(**entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, body in entries.items():
            opened.writestr(name, body)
    return file.getvalue()


WEIGHT_FILES = {
    "npz by name": npz(**{"d/kernel": KERNEL, "d/bias": BIAS}),
    "npz in order": npz(KERNEL, BIAS),
    "npz in Fortran order, big-endian": npz(**{"d/kernel": np.asfortranarray(KERNEL, ">f8"), "d/bias": BIAS}),
    "safetensors": safetensors.numpy.save({"d/kernel": KERNEL, "d/bias": BIAS}),
    "safetensors with dots": safetensors.numpy.save({"model.d.kernel": KERNEL, "model.d.bias": BIAS}),
    "safetensors of FP16": safetensors.numpy.save({"d/kernel": KERNEL.astype("f2"), "d/bias": BIAS.astype("f2")}),
    "safetensors of BF16": safetensors.numpy.save(
        {"d/kernel": KERNEL.astype(ml_dtypes.bfloat16), "d/bias": BIAS.astype(ml_dtypes.bfloat16)}
    ),
    "safetensors of integers": safetensors.numpy.save({"d/kernel": KERNEL.astype("i8"), "d/bias": BIAS}),
    "Keras 2's names": safetensors.numpy.save({"d/kernel:0": KERNEL, "d/bias:0": BIAS}),
    "JSON": json.dumps({"d/kernel": KERNEL.tolist(), "d/bias": BIAS.tolist()}).encode(),
    "Keras 3": hdf5(lambda f: f.update({"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": BIAS})),
    "Keras 3, compressed": hdf5(
        lambda f: [
            f.create_dataset("layers/dense/vars/0", data=KERNEL, compression="gzip"),
            f.create_dataset("layers/dense/vars/1", data=BIAS.astype("f8")),
        ]
    ),
    "Keras 2.12": hdf5(
        lambda f: [
            f.create_dataset("_layer_checkpoint_dependencies/dense/vars/0", data=KERNEL),
            f.create_dataset("_layer_checkpoint_dependencies/dense/vars/1", data=BIAS),
            f.create_dataset("optimizer/vars/0", data=BIAS),
        ]
    ),
}


@pytest.mark.parametrize("name", WEIGHT_FILES)
def test_every_form_of_a_file_of_weights(name):
    weights = files.read_weights_file(WEIGHT_FILES[name])
    assert forward(DENSE, [X], weights)["outputs"][0].tolist() == Y


@pytest.mark.parametrize(
    "body",
    [
        npy(X),
        npy(X.astype("f2")),
        npy(X.astype(">f8")),
        npy(np.asfortranarray(X)),
        npy(X.astype("i1")),
        safetensors.numpy.save({"input": X}),
        safetensors.numpy.save({"input": X.astype(ml_dtypes.bfloat16)}),
        npz(input=X),
        b"[[1, 0, 2]]",
    ],
    ids=range(9),
)
def test_every_form_of_a_file_of_tensors(body):
    found = files.read_tensor_file(body, ("inputs", 0))
    inputs = found if isinstance(found, dict) else [found]
    assert np.array(forward(DENSE, inputs, [KERNEL, BIAS])["outputs"][0]["data"]).tolist() == Y


def wide(array):
    """A header that promises far more than follows."""
    return npy(array).replace(b"(1, 3), }" + b" " * 18, b"(99999999, 99999999999), }  ")


def lying_zip():
    """An entry whose header promises a terabyte, in an archive that says so too."""
    header = npy(X)[:-12].replace(b"(1, 3), }" + b" " * 18, b"(1, 300000000000), }" + b" " * 7)
    return archive(**{"d/kernel.npy": header, "d/bias.npy": npy(BIAS)})


def safe(header, data=b""):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(offsets, shape=(2,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": offsets}


class Bomb:
    def __reduce__(self):
        return print, ("unpickled",)


TENSORS = [
    (wide(X), "/inputs/0", "lies"),
    (npy(X) + b"\0", "/inputs/0", "lies"),
    (npy(X)[:-1], "/inputs/0", "lies"),
    (npy(X).replace(b"(1, 3)", b"(-1,3)"), "/inputs/0", "[-1, 3]"),
    (npy(np.array([Bomb()]), allow_pickle=True), "/inputs/0", "pickled"),
    (npy(np.array([1j])), "/inputs/0", "'<c16'"),
    (npy(np.array(["a"])), "/inputs/0", "'<U1'"),
    (npy(np.zeros(1, [("a", "f4")])), "/inputs/0", "'|V4'"),
    (npy(np.zeros(2, ml_dtypes.bfloat16)), "/inputs/0", "safetensors"),
    (b"\x93NUMPY\x01\x00\xff\xff{", "/inputs/0", "Not a .npy"),
    (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{", "/inputs/0", "Not a .npy"),
    (b"\x93NUMPY\x01\x00\x10\x00" + b"(" * 16, "/inputs/0", "Not a .npy"),
    (b"\x93NUMPY\x09\x00\x10\x00", "/inputs/0", "Not a .npy"),
    (b"\x93NUMPY", "/inputs/0", "Not a .npy"),
    (safe({"a": entry([0, 8]), "b": entry([4, 12])}, b"x" * 12), "/inputs/0", "offset"),
    (safe({"a": entry([0, 80], [20])}, b"x" * 8), "/inputs/0", "safetensors"),
    (safe({"a": entry([0, 8], [1 << 62, 1 << 62])}, b"x" * 8), "/inputs/0", "overflow"),
    (safe({"a": entry([0, 8], [3])}, b"x" * 8), "/inputs/0", "safetensors"),
    (safe({"a": entry([0, 2], [2], "F8_E4M3")}, b"xx"), "/inputs/0/a", "F8_E4M3"),
    (safe({"a": entry([0, 0], [0, 1 << 62, 4])}), "/inputs/0/a", "NumPy cannot hold"),
    (safe({"a": entry([0, 4], [1] * 70)}, b"xxxx"), "/inputs/0/a", "NumPy cannot hold"),
    ((99).to_bytes(8, "little") + b"{", "/inputs/0", "safetensors"),
    (b"\xff\xfe", "/inputs/0", "Expected .npy"),
    (b"PK\x03\x04", "/inputs/0", ".npz"),
]


@pytest.mark.parametrize(("body", "pointer", "words"), TENSORS, ids=range(len(TENSORS)))
def test_a_tensor_that_lies_is_refused_before_it_is_read(body, pointer, words, capsys):
    with pytest.raises(InvalidModel) as caught:
        forward(DENSE, [files.read_tensor_file(body, ("inputs", 0))], [KERNEL, BIAS])
    assert caught.value.errors[0]["pointer"] == pointer
    assert words in caught.value.errors[0]["detail"]
    assert "unpickled" not in capsys.readouterr().out


def both(f, kernel=None, **more):
    """A file of Keras 3 for the dense layer, with one dataset made otherwise."""
    f["layers/dense/vars/1"] = BIAS
    return f.create_dataset("layers/dense/vars/0", kernel, **more) if more or kernel else None


def external(f):
    both(f)
    f["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/x")


def outside(f):
    both(f, (3, 2), dtype="f4", external=[("/etc/passwd", 0, 24)])


def virtual(f):
    both(f)
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3, 2))
    f.create_virtual_dataset("layers/dense/vars/0", layout)


def circle(f):
    both(f, (3, 2), dtype="f4")
    f["layers/dense/again"] = f["layers"]


def deep(f):
    f.create_group("/".join("abcdefgh" * 10))


def links(f):
    """100,000 names of one dataset, in the table of a file of 5 MB; fewer here, as the second of them is refused."""
    both(f, (3, 2), dtype="f4")
    for number in range(500):
        f[f"layers/dense/vars/{number + 2}"] = f["layers/dense/vars/0"]


def soft(f):
    both(f)
    f["layers/dense/vars/0"] = h5py.SoftLink("/layers/dense/vars/1")


def inflating(f, mask=0):
    """A chunk of 24 bytes that inflates to 64 MiB: HDF5 itself makes room for all of it before it looks."""
    both(f, (3, 2), dtype="f4", chunks=(3, 2), compression="gzip", shuffle=True)
    body = b"\x78\x01" + deflated(64 << 20)[0]  # a stream of zlib's, without the sum at its end
    f["layers/dense/vars/0"].id.write_direct_chunk((0, 0), body, mask)


def twice(f):
    """Compressed, and again."""
    both(f)
    kept = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    kept.set_chunk((3, 2))
    kept.set_deflate(9)
    kept.set_deflate(9)
    group = f["layers/dense/vars"].id
    made = h5py.h5d.create(group, b"0", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((3, 2)), kept)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, KERNEL)


def other_filter(f):
    both(f, (3, 2), dtype="f4", chunks=(3, 2), compression="lzf")
    f["layers/dense/vars/0"][:] = KERNEL


def long_paths(f):
    f.create_group("/".join(["a" * 1000] * 5))


def big_attribute(f):
    """An attribute of Keras' that is larger than one may be, as a list of texts kept elsewhere."""
    both(f, (3, 2), dtype="f4")
    f.attrs["layer_names"] = np.array(["x"] * 60_000, object)


WEIGHTS = [
    (hdf5(links), ["/weights/layers~1dense~1vars~110"], "twice"),
    (hdf5(soft), ["/weights/layers~1dense~1vars~10"], "not followed"),
    (hdf5(inflating), ["/weights/layers~1dense~1vars~10"], "inflates to more than its 28 bytes"),
    (hdf5(lambda f: inflating(f, 1)), ["/weights/layers~1dense~1vars~10"], "inflates to more than its 28 bytes"),
    (hdf5(twice), ["/weights/layers~1dense~1vars~10"], "compressed more than once"),
    (hdf5(other_filter), ["/weights/layers~1dense~1vars~10"], "filter 32000"),
    (hdf5(long_paths), ["/weights"], "4,000 characters"),
    (hdf5(big_attribute, libver="latest"), ["/weights"], "larger than 67,108,864 bytes"),
    (npz(**{"d/kernel": np.zeros((3000, 2000), "f4"), "d/bias": BIAS}), ["/weights/d~1kernel"], "shape [3, 2]"),
    (lying_zip(), ["/weights/d~1kernel"], "lies"),
    (npz(**{"d/kernel": np.array([Bomb()]), "d/bias": BIAS}), ["/weights/d~1kernel"], "pickled"),
    (archive(**{"d/kernel.npy": b"nothing"}), ["/weights/d~1kernel"], "Not a .npy"),
    (npy(KERNEL), ["/weights"], "Expected 2 weights"),
    (hdf5(lambda f: both(f, (1 << 40, 1 << 18), dtype="f8", chunks=(1, 8), compression="gzip")),
     ["/weights/layers~1dense~1vars~10"], "shape [3, 2]; received [1099511627776, 262144]"),
    (hdf5(lambda f: both(f, (3, 2), dtype="f8", chunks=(1 << 12, 1 << 12), maxshape=(None, None))),
     ["/weights/layers~1dense~1vars~10"], "chunks"),
    (hdf5(external), ["/weights/layers~1dense~1vars~10"], "not followed"),
    (hdf5(outside), ["/weights/layers~1dense~1vars~10"], "in the file"),
    (hdf5(virtual), ["/weights/layers~1dense~1vars~10"], "in the file"),
    (hdf5(circle), ["/weights/layers~1dense~1again"], "in circles"),
    (hdf5(deep), ["/weights"], "deeper"),
    (hdf5(lambda f: both(f, (3, 2), dtype="S5")), ["/weights/layers~1dense~1vars~10"], "Expected numbers"),
    (hdf5(lambda f: both(f)), ["/weights/layers~1dense~1vars~11", "/weights", "/weights"], "no weight"),
    (b"\x89HDF\r\n\x1a\n and nothing", ["/weights"], "Not a readable HDF5"),
    (body_of("sequential.weights.h5.gz")[:9000], ["/weights"], "Not a readable HDF5"),
    (archive(**{"config.json": "{}"}), ["/weights"], "has no model.weights.h5"),
    (archive(**{"config.json": "{}", "model.weights.h5": b"no"}), ["/weights"], "Not a readable HDF5"),
    (b"no weights", ["/weights"], "Expected safetensors"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "pointers", "words"), WEIGHTS, ids=range(len(WEIGHTS)))
def test_weights_that_lie_are_refused_before_they_are_read(body, pointers, words, capsys):
    with pytest.raises(InvalidModel) as caught:
        forward(DENSE, [X], files.read_weights_file(body))
    assert [error["pointer"] for error in caught.value.errors][: len(pointers)] == pointers
    assert words in caught.value.errors[0]["detail"]
    assert "unpickled" not in capsys.readouterr().out


def many_datasets(f):
    for number in range(3_000):
        f.create_dataset(f"layers/dense/vars/{number}", data=BIAS)


def repeated_names(f):
    """A layer that is named again and again, whose weights are, too."""
    group = f.create_group("dense")
    group.create_dataset("kernel", data=KERNEL)
    group.attrs["weight_names"] = np.array([b"kernel"] * 20_000)
    f.attrs["layer_names"] = np.array([b"dense"] * 20_000)


@pytest.mark.parametrize("make", [many_datasets, repeated_names])
def test_walk_of_a_file_ends_at_the_deadline(make):
    body = hdf5(make, libver="latest")
    began = time.process_time()
    with pytest.raises(Refused), deadline.within(0.1, "LAYERCALC_MAX_FORWARD_SECONDS"):  # the service turns both away
        forward(DENSE, [X], files.read_weights_file(body))
    assert time.process_time() - began < 10


def test_what_is_compressed_as_h5py_does_is_read():
    def packed(f):
        f.create_dataset("layers/dense/vars/0", data=KERNEL, compression="gzip", shuffle=True, fletcher32=True)
        f.create_dataset("layers/dense/vars/1", data=BIAS, chunks=(1,), compression="gzip")

    found = forward(DENSE, [X], files.read_weights_file(hdf5(packed)))["outputs"][0]
    assert np.array(found).tolist() == Y


def test_what_is_inflated_is_bounded():
    body = archive(**{"config.json": json.dumps(DENSE), "model.weights.h5": bytes(1 << 20)})
    assert len(body) < 3000
    document, weights = files.read_model(body, limits=Limits(max_hdf5_bytes=1 << 19))
    with pytest.raises(InvalidTensors, match="1,048,576 bytes of HDF5; the limit is 524,288"):
        forward(document, [X], weights)


def test_names_that_do_not_match_are_all_listed_the_nearest_first():
    given = {"zzz": BIAS, "d/krnel": KERNEL, "dd/bias_of_it": BIAS}
    with pytest.raises(InvalidTensors) as caught:
        forward(DENSE, [X], files.read_weights_file(safetensors.numpy.save(given)))
    errors = [(error["pointer"], error["detail"]) for error in caught.value.errors]
    assert [pointer for pointer, _ in errors] == [
        "/weights/d~1krnel", "/weights/dd~1bias_of_it", "/weights/zzz", "/weights", "/weights",
    ]  # fmt: skip
    assert "Nearest: 'd/kernel' [3, 2]" in errors[0][1]
    assert "Nearest" not in errors[2][1]
    more = hdf5(lambda f: [both(f, (3, 2), dtype="f4"), f.create_dataset("layers/dense_1/vars/0", data=BIAS)])
    with pytest.raises(InvalidTensors) as caught:
        forward(DENSE, [X], files.read_weights_file(more))
    assert caught.value.errors[0]["pointer"] == "/weights/layers~1dense_1~1vars~10"


def test_without_h5py_it_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(InvalidTensors, match=r"pip install 'h5py>=3\.12'"):
        forward(FOLDER / "sequential.keras", FOLDER / "x.npy")


def test_nothing_is_ever_unpickled():
    source = "".join(path.read_text() for path in Path(files.__file__).parents[1].rglob("*.py"))
    assert "allow_pickle=True" not in source
    assert "import pickle" not in source
    assert "np.load(" not in source
