"""Functions of tensors that run functions: tf.cond and tf.while_loop, where the text's own numbers say which runs."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.operations import given
from layercalc.readers.keras.script.scalars import NUMBERS, number
from layercalc.readers.keras.script.values import OperationObject
from layercalc.readers.script import Fault, Opaque
from layercalc.readers.script.modules.arrays import array

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

OLD = {"fn1": "true_fn", "fn2": "false_fn"}  # of TensorFlow 1


def decided(names: "KerasNames", condition: Any) -> bool | None:
    """Whether a condition holds, of a number or a tensor of one; None where that is not known."""
    value = number(names, condition)
    return bool(value) if type(value) in (bool, *NUMBERS) else None


def cond(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.cond(n > 3, lambda: a, lambda: b)`: both run, as where a graph is made, and one of them gives the result."""
    named = {OLD.get(key, key): one for key, one in kwargs.items()}
    condition, then, otherwise = given(args, named, "pred", "true_fn", "false_fn")
    holds = decided(names, condition)
    if holds is None or then is None or otherwise is None:
        cause = Opaque("which branch of tf.cond is taken, as its condition is computed of tensors", at)
        names.machine.unknown_call(cause, args, kwargs, at)
        return cause
    calls = names.traces[-1].calls if names.traces else []
    found, starts = [], []
    for one in (then, otherwise):
        starts.append(len(calls))
        found.append(names.machine.call(one, [], {}, at))
    left = calls[starts[1] :] if holds else calls[starts[0] : starts[1]]
    if any(names.weighty(call, at) for call, _ in left if not isinstance(call.layer, OperationObject)):
        told = "A layer is called in the branch of tf.cond that is not taken: it is built where a graph is made"
        raise Fault(at, f"{told}, and not on data. Call it before, or write `if`.")
    return found[0] if holds else found[1]


def while_loop(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.while_loop(cond, body, loop_vars)`: the loop, run as often as its numbers say."""
    m = names.machine
    goes_on, body, carried = given(args, kwargs, "cond", "body", "loop_vars")
    most = kwargs.get("maximum_iterations")
    count, several = 0, isinstance(carried, list | tuple)
    held: list[Any] = m.listed(carried, at) if several else [carried]
    while type(most) is not int or count < most:
        m.meter.work(64, at)
        going = decided(names, m.call(goes_on, held, {}, at))
        if going is None or not isinstance(most, int | None):
            cause = Opaque("how often tf.while_loop runs, as its condition is computed of tensors", at)
            m.unknown_call(cause, args, kwargs, at)
            return cause
        if not going:
            break
        made = m.call(body, held, {}, at)
        held = m.listed(made, at) if isinstance(made, list | tuple) else [made]
        count += 1
    ends = [array(m, (), [one], at) if type(one) in NUMBERS else one for one in held]
    return type(carried)(ends) if several else ends[0]


ROOTS = ("tensorflow", "tensorflow.compat.v1", "keras.ops", "tensorflow.keras.ops")
TABLE = {f"{root}.{name}": run for root in ROOTS for name, run in {"cond": cond, "while_loop": while_loop}.items()}
