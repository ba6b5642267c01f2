"""The specification and its Swagger UI, served from the package: nothing comes from a CDN."""

from functools import cache

from flask import Blueprint, Response
from flask_swagger_ui import get_swaggerui_blueprint

from layercalc.web.answers import unchanging
from layercalc.web.encoding import json_bytes
from layercalc.web.headers import page
from layercalc.web.openapi.specification import specification, specification_text

docs = Blueprint("docs", __name__)
swagger = get_swaggerui_blueprint("/docs", "/openapi.json", config={"app_name": "layercalc", "validatorUrl": None})
swagger.after_request(page)
docs.register_blueprint(swagger)


@docs.get("/openapi.yaml")
def openapi_yaml() -> Response:
    return unchanging(yaml_bytes(), "application/yaml")


@docs.get("/openapi.json")
def openapi_json() -> Response:
    return unchanging(specification_bytes())


@cache
def yaml_bytes() -> bytes:
    return specification_text().encode()


@cache
def specification_bytes() -> bytes:
    return json_bytes(specification())
