"""What a request holds around a model, as marshmallow schemas."""

from typing import Any

import marshmallow as ma

from layercalc.errors import InvalidModel, pointer
from layercalc.layers.base import flattened, nearest
from layercalc.layers.fields import Bool, Field, Int, Number, Text, received

EXPECTED = {
    "Inputs": 'a list of tensors, a map by name, or {"seed": 7}',
    "Budgets": 'a list of budgets, such as [{"metric": "flops", "max": "600M"}]',
    "Baseline": "a model, or an earlier report",
}


class Document(Field):
    """A model document of any form; the readers check it."""

    def expects(self) -> str:
        return "a model: a stack, Keras JSON, or Keras code as a string"

    def schema_of(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/Model"}

    def read(self, value: Any, name: str) -> Any:
        if not isinstance(value, dict | str):
            raise self.refuse(value)
        return value


class Anything(Field):
    """A value that the verb itself checks; `ref` is its component in the specification."""

    def __init__(self, ref: str, default: Any = ..., **kwargs: Any):
        super().__init__(default, **kwargs)
        self.ref = ref

    def expects(self) -> str:
        return EXPECTED.get(self.ref, self.ref.lower())

    def schema_of(self) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{self.ref}"}

    def read(self, value: Any, name: str) -> Any:
        return value


class Names(Field):
    """A list of names."""

    def expects(self) -> str:
        return "a list of names"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}

    def read(self, value: Any, name: str) -> list[str]:
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise self.refuse(value)
        return list(value)


class AnalyzeEnvelope(ma.Schema):
    """A model and the options of its analysis."""

    model = Document()
    input_shape = Anything("InputShape", None)
    batch_size = Int(None, min=1)
    conventions = Names(())
    explain = Bool(False)
    device = Anything("Device", None)
    columns = Names(())


class ForwardEnvelope(ma.Schema):
    """A model, its inputs, and what to do with the outputs."""

    model = Document()
    inputs = Anything("Inputs")
    weights = Anything("Weights", None)
    expected = Anything("Tensors", None)
    rtol = Number(1e-4, min=0)
    atol = Number(1e-5, min=0)
    return_layers = Names(())
    stats = Bool(False)
    profile = Bool(False)
    input_shape = Anything("InputShape", None)
    dtype = Anything("Dtype", None)
    outputs = Anything("WantedOutputs", None)
    parameters = Anything("ForwardParameters", None)


class InferEnvelope(ma.Schema):
    """A request of the Open Inference Protocol."""

    id = Text(None)
    inputs = Anything("Inputs")
    outputs = Anything("WantedOutputs", None)
    parameters = Anything("ForwardParameters", None)


class CheckEnvelope(ma.Schema):
    """A model, the budgets it must keep, and what it is compared with."""

    model = Document()
    budgets = Anything("Budgets")
    baseline = Anything("Baseline", None)
    file = Text(None)
    input_shape = Anything("InputShape", None)
    batch_size = Int(None, min=1)


class PartialCheckEnvelope(CheckEnvelope):
    """The same where the budgets stand in the query."""

    budgets = Anything("Budgets", None)


class DiffEnvelope(ma.Schema):
    """Two models, or reports of them."""

    before = Anything("Baseline")
    after = Anything("Baseline")
    input_shape = Anything("InputShape", None)
    batch_size = Int(None, min=1)


def load(schema: type[ma.Schema], document: Any) -> dict[str, Any]:
    """The fields of an envelope, or InvalidModel with a fault for each that is wrong."""
    fields = schema().fields
    if not isinstance(document, dict):
        example = ", ".join(f'"{name}": …' for name, field in fields.items() if field.required)
        raise InvalidModel(
            [{"pointer": "", "detail": f"Expected an object {{{example}}}; received {received(document)}."}]
        )
    faults = [
        {
            "pointer": pointer(key),
            "detail": f"There is no key {key!r}.{nearest(str(key), list(fields))} The keys are {', '.join(fields)}.",
        }
        for key in document
        if key not in fields
    ]
    out = {}
    for name, field in fields.items():
        try:
            out[name] = field.deserialize(document.get(name, ma.missing), name, document)
        except ma.ValidationError as error:
            where = pointer(name) if name in document else ""
            faults += [{"pointer": where, "detail": detail} for _, detail in flattened(error.messages, ())]
    if faults:
        raise InvalidModel(faults)
    return out
