"""The module that a node was exported from: in its metadata, in its name, or in the names of what it reads."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

SCOPES, NAMESPACE, RULE = b"pkg.torch.onnx.name_scopes", b"namespace", b"pkg.onnxscript.rewriter.rule_name"
QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
WRAPPERS = ("StatefulPartitionedCall", "PartitionedCall")  # TensorFlow's, around what they call
LEAF = re.compile(r"[A-Za-z_]\w*")  # of a parameter's name, behind the last dot
PATH = re.compile(r"[A-Za-z_]\w*(\.\w+)*")
LONGEST = 2_000  # characters of metadata that are looked at


def metadata(entries: Iterable[Any]) -> dict[bytes, str]:
    """What an exporter noted of a node, as far as it tells where it is from; entries are left as they lie until now."""
    found = {}
    for entry in entries:
        for key in (SCOPES, NAMESPACE, RULE):
            start = 2 + len(key)
            if bytes(entry[:start]) == bytes((0x0A, len(key))) + key:
                found[key] = str(entry[start + 2 : start + LONGEST], "utf-8", "replace")
    return found


def of_metadata(told: dict[bytes, str]) -> str:
    """The dotted path of a module, of the list of scopes around a node, or of its namespace."""
    if SCOPES in told:
        scopes = [a or b for a, b in QUOTED.findall(told[SCOPES])]
        return scopes[-2] if len(scopes) > 1 else ""
    if NAMESPACE in told:
        scopes = [part.partition(":")[0].strip() for part in told[NAMESPACE].split("/")]
        return scopes[-2] if len(scopes) > 1 else ""
    return ""


def of_name(name: str) -> str:
    """Of a node's name: `/layer1/layer1.0/conv1/Conv` is of `layer1.0.conv1`, `model/conv2d/Conv2D` of `model/conv2d`.

    PyTorch's exporter names a module in a container after it: `layer1.0` stands in `layer1`.
    """
    return of_scopes(name.rpartition("/")[0])


@lru_cache(maxsize=4096)
def of_scopes(scopes: str) -> str:
    """The same of what stands before the last part of a name, which many nodes have in common."""
    if not scopes.startswith("/"):
        return "/".join(part for part in scopes.split("/") if part not in WRAPPERS)
    path, before = [], ""
    for part in scopes.split("/")[1:]:
        path.append(part[len(before) + 1 :] if before and part.startswith(f"{before}.") else part)
        before = part
    return ".".join(path)


def of_weights(names: Sequence[str]) -> str:
    """Of the parameters that it reads, where they are called after one module: `layer1.0.conv1.weight`."""
    owners = {name.rpartition(".")[0] for name in names if LEAF.fullmatch(name.rpartition(".")[2])}
    owner = owners.pop() if len(owners) == 1 else ""
    return owner if PATH.fullmatch(owner) else ""


def module_of(name: str, entries: Iterable[Any], around: str, weights: Sequence[str]) -> str:
    """The path of the module that a node is part of; nothing where none is known.

    A convolution that took in a batch norm has the batch norm's scopes and its own weights. `around` is the module of
    the function that holds the node.
    """
    told = metadata(entries) if entries else {}
    if RULE in told and (own := of_weights(weights)):
        return own
    return of_metadata(told) or of_name(name) or around or of_weights(weights)


def without_root(paths: Sequence[str]) -> list[str]:
    """Paths in slashes without their first part where that is the model's own name, which all of them begin with.

    Keras 3 puts a number behind every name in the scopes of a call, `small_1/conv_1`: it is left out too.
    """
    root = {path.partition("/")[0] for path in paths if path}
    if len(root) != 1 or not any("/" in path for path in paths):
        return list(paths)
    number = NUMBERED.search(root.pop())
    inner = [path.partition("/")[2] for path in paths]
    if number is None or not all(path.partition("/")[0].endswith(number[0]) for path in inner if path):
        return inner
    return ["/".join(part.removesuffix(number[0]) for part in path.split("/")) for path in inner]


NUMBERED = re.compile(r"_\d+$")
