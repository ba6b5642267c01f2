"""Where Keras keeps each weight in its HDF5 files, in both layouts, and which weight of ours that is.

Keras 3 (and the `.keras` files of Keras 2) name a group after the class of a layer and count within the model
(`layers/dense_1/vars/0`), and what is inside a layer after its attributes (`forward_layer/cell`). The legacy layout
names a group after the layer, and lists in it the trainable weights before the others.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.analysis.walk import Analysis
from layercalc.analysis.weight_specs import WeightSpec
from layercalc.execution.tensors import Stored
from layercalc.files.hdf5 import Tree
from layercalc.layers import Layer
from layercalc.layers.base import Identity
from layercalc.layers.keras.base import snake_case
from layercalc.model import Model

CONTAINERS = ("layers", "_layer_checkpoint_dependencies")  # the second: Keras 2.12
LEGACY_ROOTS = ("model_weights", "")
NO_WEIGHTS = re.compile(r"(^|/)(seed_generator|optimizer|[a-z_]*metrics|[a-z_]*tracker)\w*(/|$)|^optimizer_weights/")
NAMED = [(re.compile(r"^_?output_dense$"), "attention_output"), (re.compile(r"^_?(\w+)_dense$"), r"\1")]


class Found(NamedTuple):
    """A tensor of the file: the weight it is, or None, and its path."""

    weight: str | None
    at: str
    stored: Stored


Wanted = list[tuple[str, WeightSpec]]


def mapped(tree: Tree, analysis: Analysis) -> list[Found]:
    """Every tensor of the file that is a weight, with the name of ours where there is one; shared ones once.

    A shared weight is wanted under each of its places, since a file may keep it under any or all of them.
    """
    root = next((root for root in LEGACY_ROOTS if names(tree, root, "layer_names") is not None), None)
    held = {f"{row.name}/{one.weight.path}": one for row in analysis.rows for one in row.weights}
    first: dict[tuple[str, str], tuple[str, WeightSpec]] = {}  # once in each layer of the model
    for local, one in held.items():
        first.setdefault((local.partition("/")[0], one.name), (local, one.weight))
    weights, model = list(first.values()), analysis.model
    pairs = dict(structural(tree, model, weights) if root is None else legacy(tree, root, model, weights))
    inside = f"{root}/" if root else ""
    wrapped = shapes_inside(tree, pairs)
    known: set[str] = set()
    found = []
    for at, stored in deadline.each(tree.datasets.items()):
        name = held[pairs[at]].name if at in pairs else None
        again = stored.shape in wrapped.get(at.rpartition("/vars/")[0], ())
        if name is None and (not at.startswith(inside) or NO_WEIGHTS.search(at) or again):
            continue
        if name is None or name not in known:
            found.append(Found(name, at, stored))
            known |= {name} if name else set()
    return found


def shapes_inside(tree: Tree, pairs: dict[str, str]) -> dict[str, set[tuple[int, ...]]]:
    """The shapes that the layer inside a wrapper keeps: spectral normalisation keeps its kernel once more itself."""
    out: dict[str, set[tuple[int, ...]]] = {}
    for at in deadline.each(pairs):
        for found in re.finditer("/layer/", at):
            out.setdefault(at[: found.start()], set()).add(tree.datasets[at].shape)
    return out


def structural(tree: Tree, model: Model, weights: Wanted) -> Iterator[tuple[str, str]]:
    """Pairs of path and weight in the layout of Keras 3."""
    paths = [at for at in sorted(tree.datasets, key=natural) if "vars/" in at and not NO_WEIGHTS.search(at)]
    theirs, wanted, specs = under(paths), under([name for name, _ in weights]), dict(weights)
    container = next((name for name in CONTAINERS if name in tree.groups), CONTAINERS[0])
    for group, ours in placed(model, container, "", tree, {}):
        if ours in wanted and f"{group}/" in theirs:
            arrays: dict[str, list[str]] = {}
            for at in theirs[f"{group}/"]:
                arrays.setdefault(at.rpartition("/vars/")[0], []).append(at)
            yield from within(tree, group, arrays, ours, [(name, specs[name]) for name in wanted[ours]])


def under(names: list[str]) -> dict[str, list[str]]:
    """The names that begin with each prefix that ends in a slash, in their order."""
    out: dict[str, list[str]] = {}
    for name in names:
        for slash in re.finditer("/", name):
            out.setdefault(name[: slash.end()], []).append(name)
    return out


def placed(
    model: Model, container: str, prefix: str, tree: Tree, saved: dict[Identity, str]
) -> Iterator[tuple[str, str]]:
    """The group of every layer, and what its weights' names begin with; nested models unrolled.

    Keras saves an object once, where it comes first: `saved` has its group. Some versions count its other places too.
    """
    counts: dict[str, int] = {}
    for call in model.calls:
        if call.use > 1 or call.layer is None:
            continue
        bases = class_names(call.layer)
        known = [numbered(base, counts.get(base, 0)) for base in bases]
        there = [i for i, name in enumerate(known) if f"{container}/{name}" in tree.groups]
        at = there[0] if there else 0
        group, ours = f"{container}/{known[at]}", f"{prefix}{call.name}/"
        if call.identity in saved:
            counts[bases[at]] = counts.get(bases[at], 0) + (not there)
            yield saved[call.identity], ours
            continue
        counts[bases[at]] = counts.get(bases[at], 0) + 1
        saved |= {
            identity: path for identity, path in objects(call.identity, call.layer, group) if identity not in saved
        }
        if isinstance(call.layer, Model):
            yield from placed(call.layer, f"{group}/{container.partition('/')[0]}", ours, tree, saved)
        else:
            yield group, ours


def objects(identity: Identity | None, layer: Any, group: str) -> Iterator[tuple[Identity, str]]:
    """The objects that a layer is and has in its config, and the group of each."""
    if identity is not None:
        yield identity, group
    for path, child in () if isinstance(layer, Model) else layer.children():
        if isinstance(child, Layer):
            yield from objects(child.identity, child, "/".join((group, *map(str, path))))


def class_names(layer: Any) -> list[str]:
    """The class of a layer as Keras writes it into a path; a model may be of either class."""
    if isinstance(layer, Model):
        kinds = [layer.kind] if layer.kind else ["Sequential", "Functional"]
    else:
        kinds = [layer.type, *layer.aliases]
    return [snake_case(kind) for kind in kinds]


def numbered(base: str, count: int) -> str:
    return f"{base}_{count}" if count else base


def within(
    tree: Tree, group: str, theirs: dict[str, list[str]], ours: str, wanted: Wanted
) -> Iterator[tuple[str, str]]:
    """The parts of one layer: by the names that newer files have, else by how like the names are, in order."""
    scopes: dict[str, list[tuple[str, WeightSpec]]] = {}
    for name, weight in wanted:
        scopes.setdefault(name.removeprefix(ours).rpartition("/")[0], []).append((name, weight))
    told = {recorded_name(tree, group, at): at for at in theirs}
    left = dict(theirs)
    undecided = []
    for scope, weights in scopes.items():
        at = told.get(scope) if scope else group
        paths = left.get(at or "")
        if at is not None and paths and (chosen := fitting(tree, paths, weights) or same_count(paths, weights)):
            del left[at]
            yield from zip(chosen, (name for name, _ in weights), strict=True)
        else:
            undecided.append((scope, weights))
    for scope, weights in undecided:
        best: tuple[float, str, list[str]] | None = None
        seen = set()
        for at, paths in deadline.each(left.items()):  # in their order: of several of one class, the first that is left
            words = [plain(part) for part in at.removeprefix(group).strip("/").split("/")]
            if (base := "/".join(words)) in seen:
                continue
            seen.add(base)
            score = SequenceMatcher(None, base, "/".join(map(plain, scope.split("/")))).ratio()
            chosen = fitting(tree, paths, weights)
            if chosen and (best is None or score > best[0]):
                best = score, at, chosen
        if best is None and len(undecided) == 1 and len(left) == 1:  # so that the shapes are what is complained of
            ((at, paths),) = left.items()
            best = (0, at, paths) if len(paths) == len(weights) else None
        if best is not None:
            del left[best[1]]
            yield from zip(best[2], (name for name, _ in weights), strict=True)


def same_count(paths: list[str], weights: Wanted) -> list[str]:
    return paths if len(paths) == len(weights) else []


def plain(part: str) -> str:
    """A part of a path without its counter, in our words where Keras' attributes have others."""
    for pattern, to in NAMED:
        part = pattern.sub(to, part)
    return re.sub(r"_\d+$", "", part)


def recorded_name(tree: Tree, group: str, at: str) -> str:
    """The names that the file gives for the parts between a layer and a group inside it; empty where it has none."""
    parts = at.removeprefix(group).strip("/").split("/")
    found = []
    for i, part in enumerate(parts):
        own = f"{group}/{'/'.join(parts[: i + 1])}/vars"
        name = tree.attribute(own, "name") if own in tree.groups else None
        if name is None and part not in ("layers", "cells"):
            return ""
        found += [str(name)] if name is not None else []
    return "/".join(found)


def fitting(tree: Tree, paths: list[str], weights: Wanted) -> list[str]:
    """The tensors that have the weights' shapes, in order; others between them are left over."""
    chosen = []
    waiting = [weight.spec.shape for _, weight in weights]
    for path in paths:
        if waiting and tree.datasets[path].shape == waiting[0]:
            chosen.append(path)
            waiting.pop(0)
    return [] if waiting else chosen


def legacy(tree: Tree, root: str, model: Model, weights: Wanted) -> Iterator[tuple[str, str]]:
    """Pairs of path and weight in the layout of `.h5`: layers by name, else in order, as Keras loads them."""
    inside = f"{root}/" if root else ""
    theirs: dict[str, list[str]] = {}
    for layer in dict.fromkeys(names(tree, root, "layer_names") or ()):
        kept = names(tree, inside + layer, "weight_names") if inside + layer in tree.groups else None
        if kept:
            at = (f"{inside}{layer}/{name}" for name in deadline.each(kept))
            theirs[layer] = list(dict.fromkeys(path for path in at if path in tree.datasets))
    ours: dict[str, Wanted] = {}
    wanted, specs = under([name for name, _ in weights]), dict(weights)
    for call in model.calls:
        own = [(name, specs[name]) for name in wanted.get(f"{call.name}/", ())] if call.use == 1 else []
        if own:
            ours[call.name] = sorted(own, key=lambda pair: not pair[1].trainable)
    if len(ours) == len(theirs) and ours.keys() != theirs.keys():
        pairs = list(zip(theirs.values(), ours.values(), strict=True))
    else:
        pairs = [(paths, ours[layer]) for layer, paths in theirs.items() if layer in ours]
    for paths, own in pairs:
        yield from ordered(paths, own)


def ordered(paths: list[str], wanted: Wanted) -> Iterator[tuple[str, str]]:
    """The weights of one layer: by name where every name is one of ours, else in Keras' order."""
    ends = {
        path: [name for name, _ in wanted if f"/{name}".endswith(f"/{stem(path)}")] for path in deadline.each(paths)
    }
    by_name = {path: found[0] for path, found in ends.items() if len(found) == 1}
    if len(by_name) == len(paths) == len(wanted) == len(set(by_name.values())):
        yield from by_name.items()
        return
    left = list(paths)
    for name, _ in deadline.each(wanted):
        like = [path for path in left if path.rpartition("/")[2].split(":")[0] == name.rpartition("/")[2]]
        if path := next(iter(like or (left if len(paths) == len(wanted) else ())), None):
            left.remove(path)
            yield path, name


def stem(path: str) -> str:
    """A weight's own path in Keras 2's and Keras 3's words: what follows the group of its layer."""
    return path.split(":")[0].split("/", 2 if path.startswith("model_weights/") else 1)[-1]


def names(tree: Tree, group: str, key: str) -> list[str] | None:
    """A list of names among the attributes of a group; a long one is kept in parts."""
    found = tree.attribute(group, key) if group in tree.groups else None
    if found is None:
        parts: list[Any] = []
        while group in tree.groups and (part := tree.attribute(group, f"{key}{len(parts)}")) is not None:
            parts.append(part)
        if not parts:
            return None
        found = [name for part in parts for name in listed(part)]
    return [name.decode("utf8", "replace") if isinstance(name, bytes) else str(name) for name in listed(found)]


def listed(value: Any) -> Sequence[Any]:
    return list(value.tolist()) if getattr(value, "ndim", 0) else [value]


def natural(path: str) -> list[Any]:
    """Sorts `vars/2` before `vars/10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path)]
