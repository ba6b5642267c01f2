"""What a sweep must say, candidate by candidate: the model filled in by hand, and analysed alone."""

import itertools

from layercalc import analyze
from layercalc.errors import InvalidModel
from layercalc.sweeps.metrics import METRICS

MEMORY = [one for one in METRICS if one.partition(".")[0] in ("inference_bytes", "workspace_bytes", "training")]
TOTALS = [one for one in METRICS if one not in (*MEMORY, "output_shape", "receptive_field", "seconds")]
DEVICE = "raspberry-pi-5"


def candidates(space):
    """The values of every candidate, the last name fastest."""
    choices = []
    for name, values in space.items():
        if isinstance(values, dict) and "zip" in values:
            rows = zip(*values["zip"].values(), strict=True)
            choices.append([dict(zip(values["zip"], row, strict=True)) for row in rows])
        elif isinstance(values, dict):
            choices.append([{name: n} for n in range(values["from"], values["to"] + 1, values.get("step", 1))])
        else:
            choices.append([{name: value} for value in values])
    for row in itertools.product(*choices):
        yield {name: value for one in row for name, value in one.items()}


def filled(node, values):
    """The document of a candidate."""
    if isinstance(node, dict) and "$" in node:
        text = node["$"]
        try:
            return values[text] if text in values else eval(text, {"max": max, "min": min}, dict(values))
        except ZeroDivisionError as error:
            raise InvalidModel([{"detail": f"{text!r} has no value here: {error}."}]) from None
    if isinstance(node, dict):
        return {key: filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        out = []
        for one in node:
            if isinstance(one, dict) and "repeat" in one:
                out += [filled(layer, values) for _ in range(filled(one["repeat"], values)) for layer in one["layers"]]
            else:
                out.append(filled(one, values))
        return out
    return node


def said(model, values, **options):
    """Every metric of one candidate, by `analyze`; the first fault where it is no network."""
    try:
        report = analyze(filled(model, values), device=DEVICE, **filled(options, values))
    except InvalidModel as error:
        return error.every[0]["detail"]
    out = {metric: report["totals"].get(metric) for metric in TOTALS}
    for metric in MEMORY:
        found = report["memory"]
        for key in metric.split("."):
            found = found[key]
        out[metric] = found
    out["output_shape"] = report["outputs"][0]["shape"]
    name = report["outputs"][0]["name"]
    row = next((row for row in report["layers"] if row["name"] == name), {})
    sizes = (row.get("receptive_field") or {}).get("size") or [None]
    out["receptive_field"] = None if None in sizes else max(sizes)
    out["seconds"] = report["roofline"]["seconds"]
    return out
