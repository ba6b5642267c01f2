"""The schemas of tensors, as they are posted and as they are asked for."""

from layercalc.execution.tensors import DATATYPES
from layercalc.web.openapi.primitives import FLAG, STRING, WHOLE, Schema, array, mapping, ref, row


def by_name_or_seed(description: str) -> Schema:
    """Tensors in an order, by name, or made from a seed."""
    seed = row({"seed": WHOLE})
    return {"description": description, "anyOf": [array(ref("Tensor")), seed, mapping(ref("Tensor"))]}


def switches(*names: str) -> Schema:
    """An object of flags, any of which may be left out."""
    return {"type": "object", "properties": dict.fromkeys(names, FLAG)}


TENSOR = {
    "name": STRING,
    "shape": array(WHOLE),
    "datatype": {"enum": list(DATATYPES)},
    "data": {"type": ["array", "number"], "items": {}, "description": "nested or flat, C order"},
    "b64": {"type": "string", "description": "base64 of the little-endian bytes, in place of data"},
    "parameters": ref("BinaryData"),
}
TENSORS: Schema = {
    "TensorObject": row(TENSOR, "shape datatype"),
    "BinaryData": {
        "type": "object",
        "properties": {"binary_data_size": WHOLE},
        "description": "the bytes follow the JSON, in place of data",
    },
    "WantedOutput": row({"name": STRING, "parameters": switches("binary_data")}, "name"),
    "Tensor": {
        "anyOf": [
            ref("TensorObject"),
            {"type": ["array", "number"], "items": {}, "description": "a bare nested list"},
        ]
    },
    "Tensors": {"anyOf": [array(ref("Tensor")), mapping(ref("Tensor"))]},
    "Inputs": by_name_or_seed("tensors in the model's order, a map by input name, or a seed"),
}
WANTED: Schema = {
    "Weights": by_name_or_seed("a map by weight name, a list in get_weights() order, or a seed"),
    "WantedOutputs": {
        "description": "the outputs that are wanted, as the Open Inference Protocol asks for them; left out: all",
        **array({"anyOf": [STRING, ref("WantedOutput")]}),
    },
    "ForwardParameters": switches("binary_data_output"),
}
