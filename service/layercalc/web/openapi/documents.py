"""The schemas of what is posted as a model: stacks, Keras JSON, code, and the layers of every vocabulary."""

from layercalc.catalogue import DEFAULT
from layercalc.layers import Vocabulary, written
from layercalc.ops import BYTES
from layercalc.web.openapi.primitives import INTEGER, OBJECT, SIZES, STRING, Schema, any_of, array, ref, row

TINY = {
    "name": "tiny",
    "input_shape": [28, 28, 1],
    "layers": [
        {"type": "Conv2D", "filters": 32, "kernel_size": 3, "activation": "relu"},
        {"type": "MaxPooling2D"},
        {"type": "Flatten"},
        {"type": "Dense", "units": 10},
    ],
}
SMALL = {
    "model": {"input_shape": [3], "layers": [{"type": "Dense", "units": 2}]},
    "inputs": [[[1, 2, 3]]],
    "weights": {"seed": 7},
}
CODE = 'Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1))\nFlatten()\nDense(10)\n'

LAYER_INPUTS = {
    "description": "what the layer takes, by position or by Keras' argument names; `name:1` is a second output",
    "anyOf": [
        STRING,
        array(STRING, minItems=1),
        {"type": "object", "additionalProperties": {"anyOf": [STRING, array(STRING)]}},
    ],
}
INPUT_SHAPE = {
    "description": "sizes without the batch: a list, text such as `28,28,1`, or a map by input name",
    "anyOf": [STRING, array({"type": ["integer", "null", "string"]}), {"type": "object"}],
}
DIMS = {
    "description": "sizes that have names: an object of integers, or ranges as `32..512`, or text as `height=224`",
    "anyOf": [STRING, array(STRING), {"type": "object", "additionalProperties": {"type": ["integer", "string"]}}],
}
BATCH_SHAPE = {**INPUT_SHAPE, "description": "sizes with the batch first: as those of `input_shape`"}
MODEL_FILE = {
    "title": "A file",
    "description": "a .keras, .h5 or other file of a model: its bytes in base64",
    **row({"b64": {"type": "string", "contentEncoding": "base64"}}),
}
STACK_INPUT = row({"name": STRING, "shape": SIZES, "batch_shape": SIZES, "dtype": {"enum": list(BYTES)}}, "name")
KERAS_MODEL = {
    "type": "object",
    "title": "Keras JSON",
    "description": "what model.to_json() writes, Sequential or Functional",
    "properties": {"class_name": STRING, "config": {"type": ["object", "array"], "items": {}}},
    "required": ["class_name", "config"],
}
KERAS_CONFIG = {
    "title": "The config of a Keras model",
    "description": "what model.get_config() gives, which does not say its class; of Keras 2.2 and older a list",
    "anyOf": [
        row({"name": STRING, "layers": array(ref("KerasModel"), minItems=1)}, "layers"),
        array(ref("KerasModel"), minItems=1),
    ],
}
TFJS_MODEL = {
    "title": "TensorFlow.js model.json",
    "description": "a layers model: Keras JSON under modelTopology or in its model_config; weightsManifest is ignored",
    **row({"modelTopology": OBJECT, "format": STRING, "weightsManifest": array(OBJECT)}, "modelTopology"),
}
NOTEBOOK = {
    "title": "A notebook",
    "description": "of Jupyter (nbformat 3 and 4): the Python in its cells of code, from the first to the last",
    **row({"nbformat": INTEGER, "cells": array(OBJECT), "worksheets": array(OBJECT), "metadata": OBJECT}, "nbformat"),
}
FORMS = ("Stack", "KerasModel", "KerasConfig", "TfjsModel", "Notebook")  # of a model, where it is all of a body
CODE_TEXT = {"type": "string", "description": "Keras code"}


def documents() -> Schema:
    """The components that a model is made of."""
    return {
        **{layer_of(one): layers_of(one) for one in written().values()},
        "LayerInputs": LAYER_INPUTS,
        "InputShape": INPUT_SHAPE,
        "BatchShape": BATCH_SHAPE,
        "Dims": DIMS,
        "StackInput": {"anyOf": [STACK_INPUT]},
        "Stack": stack(),
        "KerasModel": KERAS_MODEL,
        "KerasConfig": KERAS_CONFIG,
        "TfjsModel": TFJS_MODEL,
        "Notebook": NOTEBOOK,
        "ModelFile": MODEL_FILE,
        "Model": {"anyOf": [*map(ref, (*FORMS, "ModelFile")), CODE_TEXT]},
    }


def stack() -> Schema:
    """A stack, whose layers are those of any vocabulary."""
    return {
        "type": "object",
        "title": "Stack",
        "description": "a list of layers, each taking the previous one's output or those it names",
        "properties": {
            "name": STRING,
            "input_shape": {"anyOf": [SIZES, {"type": "integer", "minimum": 0}]},
            "batch_shape": SIZES,
            "inputs": array(ref("StackInput"), minItems=1),
            "vocabulary": {"enum": list(written()), "default": DEFAULT, "description": "whose layers"},
            "layers": array(any_of(map(layer_of, written().values())), minItems=1),
            "outputs": array(STRING, minItems=1),
        },
        "required": ["layers"],
        "example": TINY,
    }


def layer_of(vocabulary: Vocabulary) -> str:
    """The component that is any layer of a vocabulary: those of the default one have the plain name."""
    return ("" if vocabulary.name == DEFAULT else vocabulary.name.capitalize()) + "Layer"


def layers_of(vocabulary: Vocabulary) -> Schema:
    """Any layer of a vocabulary: those of the default one in full, others as their catalogue says them."""
    kinds = vocabulary.kinds.values()
    if vocabulary.name != DEFAULT:
        described = (
            f"a layer in {vocabulary.title}' words; /v1/layers/{{type}}?vocabulary={vocabulary.name} has its fields"
        )
        properties = {"type": STRING, "name": STRING, "inputs": ref("LayerInputs")}
        return {"type": "object", "description": described, "properties": properties, "required": ["type"]}
    mapping = {name: ref(kind.type)["$ref"] for kind in kinds for name in (kind.type, *kind.aliases)}
    return {
        "oneOf": [ref(kind.type) for kind in kinds],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
