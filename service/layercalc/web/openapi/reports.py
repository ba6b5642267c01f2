"""The schemas of a report: its rows, totals and memory, and what other tools and devices make of them."""

from layercalc.analysis.liveness import PEAKS
from layercalc.analysis.storage import PATTERN as DTYPES
from layercalc.analysis.tracing import METRICS
from layercalc.analysis.weight_specs import BUFFERS
from layercalc.layers import vocabularies
from layercalc.layers.base import BUFFER, PARAMETER
from layercalc.ops.base import KINDS
from layercalc.options import STORED
from layercalc.web.openapi.primitives import (
    COUNT,
    COUNTS,
    FLAG,
    INTEGER,
    MAYBE,
    NAME,
    NUMBER,
    PLACE,
    POSITIVE,
    SHAPE,
    STRING,
    Schema,
    array,
    mapping,
    optional,
    ref,
    row,
)

STORED_DTYPES = {key: ref("StoredDtype") for key in STORED}  # where it was asked so
BESIDE = {key: {**COUNT, "description": "of PyTorch: what the state dict holds beside parameters"} for key in BUFFERS}
FORMULAS = {
    **mapping(STRING),
    "description": "of counts that depend on sizes by name: Python's expressions in the names, of + - * ** // max min",
}
SHAPE_FORMULA = array(optional(STRING), description="of a shape with sizes by name; null: unnamed")
RANGE = {**row({"min": INTEGER, "max": MAYBE}), "description": "the range that a size is known to lie in"}
EXTENT = array(NUMBER, description="one for each spatial axis; null where a place sees all of it")
ROW = row(
    {
        "name": STRING,
        "type": STRING,
        "module": {**STRING, "description": "the path of the module that it was exported from: layer1.0.conv1"},
        "layer": STRING,
        "pointer": STRING,
        "cell": INTEGER,
        "line": INTEGER,
        "column": INTEGER,
        "inputs": array(STRING),
        "input_shapes": array(SHAPE),
        "output_shape": SHAPE,
        "input_formulas": array(optional(SHAPE_FORMULA)),
        "output_formula": SHAPE_FORMULA,
        "output_shapes": array(SHAPE),
        "output_names": array(STRING),
        **dict.fromkeys(METRICS, COUNT),
        **BESIDE,
        "formulas": FORMULAS,
        "weights": array(ref("Weight")),
        "ops": array(ref("OpCount")),
        "macs_dtype": {**STRING, "description": "where multiply-accumulates are of small integers: int8, int16, int4"},
        "live_bytes": {**COUNT, "description": "activations that are live while it runs; the most of them is the peak"},
        "arithmetic_intensity": {**NUMBER, "description": "FLOPs for each byte that must be moved"},
        "receptive_field": optional(
            row(
                {**dict.fromkeys(("size", "stride", "padding"), EXTENT), "formulas": mapping(SHAPE_FORMULA)},
                "size stride padding",
            )
        ),
        "counts": COUNTS,
        "explain": array(STRING),
        "roofline": optional(row({"seconds": NUMBER, "bound": STRING})),
    },
    " ".join(("name type inputs input_shapes output_shape output_shapes weights ops", *METRICS)),
)
MODULE = row(
    {
        "name": {**STRING, "description": "its path; with @2 behind it the second time"},
        "type": {
            **optional(STRING),
            "description": "its class; null where nothing says it, as of a ModuleList",
        },
        "depth": {**INTEGER, "description": "1 in the model itself"},
        "first": {**STRING, "description": "the first of its rows, which stand one after another"},
        "last": STRING,
        "output_shape": SHAPE,
        "output_formula": SHAPE_FORMULA,
        **dict.fromkeys(METRICS, COUNT),
        **BESIDE,
        "formulas": FORMULAS,
        "counts": COUNTS,
    },
    " ".join(("name type depth first last output_shape", *METRICS)),
)
SPAN = dict.fromkeys(("line", "column", "end_line", "end_column"), INTEGER)
TOTALS = row(
    {
        **dict.fromkeys(METRICS, COUNT),
        **BESIDE,
        "formulas": FORMULAS,
        "macs_by_dtype": {**COUNTS, "description": "of a quantised model"},
        "peak_activation_bytes": COUNT,
        "peak_in_place_bytes": {**COUNT, "description": "the same where elementwise layers write over what they read"},
        "counts": COUNTS,
    },
    " ".join((*METRICS, *PEAKS)),
)
DEVICE_PEAKS = {"peak_flops": mapping(POSITIVE), "bandwidth": POSITIVE}
DEVICE = {"name": STRING, "title": STRING, **DEVICE_PEAKS, "source": STRING}
TRAINING = row(
    {
        "estimate": FLAG,
        **dict.fromkeys(("weight_bytes", "gradient_bytes", "kept_activation_bytes"), COUNT),
        **dict.fromkeys(("optimizer_state_bytes", "total_bytes"), COUNTS),
        "step_flops": COUNT,
        "assumptions": array(STRING),
    }
)
MEMORY = row(
    {
        "param_bytes_by_dtype": mapping(COUNT),
        "peak_activation_bytes": COUNT,
        "peak_layer": NAME,
        "peak_in_place_bytes": COUNT,
        "peak_in_place_layer": NAME,
        "inference_bytes": COUNT,
        "workspace_bytes": COUNT,
        "training": TRAINING,
        "formulas": {**FORMULAS, "description": "of its counts, by their path: training.total_bytes.adam"},
    },
    "param_bytes_by_dtype peak_activation_bytes peak_layer inference_bytes workspace_bytes training",
)
CONVENTION = {"name": STRING, "tool": STRING, "unit": {"enum": ["MACs", "FLOPs"]}, "rule": STRING, "source": STRING}
RECONCILIATION = row(
    {
        "between": array(STRING, minItems=2, maxItems=2),
        "difference": COUNT,
        "formulas": FORMULAS,
        "terms": array(
            {
                **row(
                    {"op": STRING, "difference": COUNT, "detail": STRING, "formulas": FORMULAS}, "op difference detail"
                ),
                "additionalProperties": COUNT,
            },
        ),
    },
    "between difference terms",
)


def reports() -> Schema:
    """The components that a report is made of."""
    return {
        "TensorInfo": row(
            {"name": STRING, "shape": SHAPE, "shape_formula": SHAPE_FORMULA, "dtype": STRING}, "name shape dtype"
        ),
        "Fix": {
            "description": "the change that the message offers: a value at a pointer, or a text in place of code",
            "anyOf": [row({"pointer": STRING, "value": {}}), row({**SPAN, "text": STRING})],
        },
        "Warning": row({**PLACE, "detail": STRING}, "detail"),
        "Weight": row(
            {"name": STRING, "shape": SHAPE, "dtype": STRING, "trainable": FLAG, "shared": FLAG},
            "name shape dtype trainable",
        ),
        "OpCount": row(
            {"op": STRING, **dict.fromkeys((*KINDS, "flops", "bytes_read", "bytes_written"), COUNT)}, "op flops"
        ),
        "Row": ROW,
        "Module": MODULE,
        "StateEntry": row(
            {
                "name": STRING,
                "kind": {"enum": [PARAMETER, BUFFER]},
                "shape": SHAPE,
                "dtype": STRING,
                "trainable": FLAG,
                "tied_to": {**STRING, "description": "the weight that this is another name of"},
            },
            "name kind shape dtype trainable",
        ),
        "Totals": TOTALS,
        "Device": {
            "description": "a name from /v1/devices, `FLOP/s,bytes/s`, or both by name",
            "anyOf": [STRING, row({"peak_flops": POSITIVE, "bandwidth": POSITIVE})],
        },
        "DeviceEntry": row(DEVICE),
        "StoredDtype": {
            "type": "string",
            "pattern": f"^({DTYPES})$",
            "description": "how floats are taken to be stored: a dtype; `int4:32` has a float16 scale for each 32 "
            "numbers, `int8:channel` (of weights) a float32 one for each output channel; unsigned, zero points too",
        },
        "Memory": MEMORY,
        "Convention": row(
            {**CONVENTION, "rules": array(row({"op": STRING, "counts": STRING, "source": STRING}))},
            "name tool unit rule source",
        ),
        "Reconciliation": RECONCILIATION,
        "Report": report(),
    }


def report() -> Schema:
    """The report itself."""
    return row(
        {
            "version": STRING,
            "model": row({"name": STRING, "format": STRING, "vocabulary": {"enum": list(vocabularies())}}),
            "batch_size": MAYBE,
            **STORED_DTYPES,
            "inputs": array(ref("TensorInfo")),
            "outputs": array(ref("TensorInfo")),
            "layers": array(ref("Row")),
            "state_dict": array(
                ref("StateEntry"), description="of an exported program: its weights in PyTorch's order"
            ),
            "modules": array(
                ref("Module"), description="of an exported program, the modules that rows stand in, with their sums"
            ),
            "totals": ref("Totals"),
            "memory": ref("Memory"),
            "warnings": array(ref("Warning")),
            "dims": mapping(RANGE),
            "conditions": array(STRING, description="expressions in the names that are true where the formulas hold"),
            "guards": array(STRING, description="such of which none is false where the network is not refused"),
            "presumed": array(
                STRING,
                description="conditions that the network does not ask for: where all are true it is refused exactly "
                "where a condition is false, and where one is false formulas say nothing",
            ),
            "conventions": mapping(row(CONVENTION, "tool unit rule source")),
            "reconciliation": array(ref("Reconciliation")),
            "roofline": row({"device": row(DEVICE), "seconds": NUMBER, "rule": STRING}),
        },
        "version model batch_size inputs outputs layers totals memory warnings",
    )
