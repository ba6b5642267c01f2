"""Functions as they run after `model.eval()`, of a program that has them in training mode."""

from collections.abc import Collection, Sequence
from typing import Any

from layercalc.readers.torch.program import Call
from layercalc.readers.torch.rewriting import in_place, read_by

OFF: dict[str, Any] = {"train": False, "training": False, "use_input_stats": False, "dropout_p": 0.0}
STATISTICS = ("training", "use_input_stats")  # by the input's own moments, in use too where there are no running ones


def switched(call: Call) -> dict[str, Any]:
    """The arguments by which a function is in training, as they are in use."""
    given = call.arguments
    averaged = "running_mean" not in given or given["running_mean"] is not None
    return {name: off for name, off in OFF.items() if given.get(name) and (averaged or name not in STATISTICS)}


def in_use(every: Sequence[Call], results: Sequence[str], own: Collection[str]) -> tuple[list[Call], list[str]]:
    """The calls in use, and the functions that were in training; what only a buffer becomes is left out then.

    `own` are the names of the program's tensors, and of what they become.
    """
    changed = list(dict.fromkeys(call.target for call in every if switched(call)))
    if not changed:
        return list(every), []
    read, idle, kept = set(results), set(own), []
    for call in reversed(every):
        made = {*call.outputs, *(read_by(call)[:1] if in_place(call.target) else [])}
        if not made & read and made & idle:
            idle.update(read_by(call))
            continue
        read.update(read_by(call))
        kept.append(call._replace(arguments=call.arguments | switched(call)))
    return kept[::-1], changed


def told_of(targets: Sequence[str]) -> str:
    """A warning that these functions were in training."""
    listed = ", ".join(targets[:3]) + (" …" if len(targets) > 3 else "")
    return (
        f"The program was exported in training ({listed}), and is read as after model.eval(): dropout changes nothing, "
        "and running statistics are what is normalised by."
    )
