"""The specification and its Swagger UI, served from the package: nothing comes from a CDN."""

import json

from flask import Blueprint, Response
from flask_swagger_ui import get_swaggerui_blueprint

from layercalc.web.headers import page
from layercalc.web.openapi import specification, specification_text

docs = Blueprint("docs", __name__)
swagger = get_swaggerui_blueprint("/docs", "/openapi.json", config={"app_name": "layercalc", "validatorUrl": None})
swagger.after_request(page)
docs.register_blueprint(swagger)


@docs.get("/openapi.yaml")
def openapi_yaml() -> Response:
    return Response(specification_text(), mimetype="application/yaml")


@docs.get("/openapi.json")
def openapi_json() -> Response:
    return Response(json.dumps(specification(), ensure_ascii=False) + "\n", mimetype="application/json")
