"""The schemas of a forward pass: the request in parts, and what comes of it."""

from layercalc.options import in_text
from layercalc.web.openapi.primitives import (
    BINARY,
    COUNT,
    FLAG,
    INTEGER,
    NUMBER,
    SHAPE,
    STRING,
    Schema,
    array,
    mapping,
    optional,
    ref,
    row,
)

VERIFIED = {"name": STRING, "type": STRING, "analytic_shape": SHAPE, "actual_shape": SHAPE, "match": FLAG}
STATISTICS = {"min": NUMBER, "max": NUMBER, "mean": NUMBER, "nan_count": INTEGER, "inf_count": INTEGER}
PROFILE = {"seconds": NUMBER, "flops": COUNT, "gflops_per_second": NUMBER}
COMPARED = {"passed": FLAG, "max_abs_error": NUMBER, "max_rel_error": NUMBER}
ELEMENT = {"index": array(INTEGER), "actual": NUMBER, "expected": NUMBER}
OUTPUT = {"name": STRING, **COMPARED, "mean_abs_error": NUMBER, "mismatches": INTEGER}
CULPRIT = {"input": STRING, "weight": STRING, "layer": STRING, "nan_count": INTEGER, "inf_count": INTEGER}
COMPARISON = row(
    {
        **COMPARED,
        "first_divergence": optional(row({"layer": STRING, **ELEMENT})),
        "outputs": array(row({**OUTPUT, "worst": row(ELEMENT)}, " ".join(OUTPUT))),
    }
)
RESULT = row(
    {
        "outputs": array(ref("Tensor")),
        "verified": FLAG,
        "layers": array(row({**VERIFIED, **STATISTICS, **PROFILE}, " ".join(VERIFIED))),
        "comparison": optional(COMPARISON),
        "non_finite": optional(row(CULPRIT, "nan_count inf_count")),
        "weights": row(
            {"source": {"enum": ["posted", "seeded", "model"]}, "seed": INTEGER, "seeded": INTEGER}, "source"
        ),
        "returned_layers": mapping(ref("Tensor")),
        "warnings": array(ref("Warning")),
    },
)


def parts() -> Schema:
    """A request of a pass whose model and tensors are files."""
    return {
        "description": "the model and its tensors as files: .npy, .npz, safetensors or JSON; options as fields",
        "type": "object",
        "properties": {
            **dict.fromkeys(("model", "inputs", "weights", "expected"), BINARY),
            **{name: one.field.schema_of() for name, one in in_text("forward").items()},
        },
        "required": ["model", "inputs"],
    }
