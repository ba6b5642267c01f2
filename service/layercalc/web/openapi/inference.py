"""The Open Inference Protocol in the specification: routes and schemas of the models of a folder."""

from layercalc.execution.tensors import SAID
from layercalc.web.openapi.answers import BYTES, problems, reply
from layercalc.web.openapi.parameters import BINARY_LENGTH, path_parameter
from layercalc.web.openapi.primitives import INTEGER, OBJECT, STRING, Schema, array, ref, row

SERVED: Schema = {
    "ServedTensor": row({"name": STRING, "datatype": {"enum": list(SAID.values())}, "shape": array(INTEGER)}),
    "ServedModel": row(
        {
            "name": STRING,
            "versions": array(STRING),
            "platform": STRING,
            **dict.fromkeys(("inputs", "outputs"), array(ref("ServedTensor"))),
        }
    ),
    "Inferred": row(
        {"model_name": STRING, "model_version": STRING, "id": STRING, "outputs": array(ref("Tensor"))},
        "model_name model_version outputs",
    ),
}


def get(name: str, summary: str, responses: Schema, *parameters: Schema) -> Schema:
    """A route that is got."""
    found = {"operationId": name, "summary": summary, "responses": responses}
    return {"get": {**found, **({"parameters": list(parameters)} if parameters else {})}}


def inference_paths() -> Schema:
    """The Open Inference Protocol's routes; the same with `/versions/1` after the name."""
    name = path_parameter("name")
    whole = {"200": reply("ServedModel", "the model, from its analysis"), **problems(404)}
    infer = {
        "operationId": "infer",
        "summary": "Run a model of the folder on the protocol's tensors",
        "parameters": [name, BINARY_LENGTH],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref("InferEnvelope")}}},
        "responses": {
            "200": reply("Inferred", "the outputs", **{"application/octet-stream": BYTES}),
            **problems(400, 404, 411, 413, 415, 422, 429, 503),
        },
    }
    content = {"application/json": {"schema": OBJECT}}
    said = {"200": {"description": "yes", "content": content}}
    no = {"503": {"description": "no, and why", "content": content}}
    return {
        "/v2": get("server", "Name, version and extensions of the server", said),
        "/v2/health/live": get("live", "Is the process alive", said),
        "/v2/health/ready": get("ready", "Can it take requests", said),
        "/v2/models/{name}": get("model", "What a model takes and gives", whole, name),
        "/v2/models/{name}/ready": get("modelReady", "Can the model be run", {**said, **no, **problems(404)}, name),
        "/v2/models/{name}/infer": {"post": infer},
    }
