"""The Flask application."""

from dataclasses import replace
from pathlib import Path
from threading import BoundedSemaphore

from flask import Flask

from layercalc import readers
from layercalc.cache import store
from layercalc.limits import Limits
from layercalc.repository import Repository
from layercalc.settings import Settings
from layercalc.web import access, headers, problems
from layercalc.web.inference import inference
from layercalc.web.openapi.routes import docs
from layercalc.web.page import files, page
from layercalc.web.routes import api
from layercalc.web.telemetry import logs, tracing
from layercalc.web.telemetry import request_log as telemetry
from layercalc.web.telemetry.metrics import metrics


def create_app(limits: Limits | None = None, models: Path | None = None, settings: Settings | None = None) -> Flask:
    """The service; its limits, its settings and its folder of models come from the environment unless given."""
    app = Flask("layercalc", static_folder=None)
    app.url_map.strict_slashes = False
    settings = settings or Settings.from_environment()
    app.extensions["layercalc.settings"] = settings = replace(settings, models=models or settings.models)
    app.extensions["layercalc"] = limits = limits or Limits.from_environment()
    app.extensions["layercalc.passes"] = BoundedSemaphore(limits.max_forward_passes)
    app.extensions["layercalc.cache"] = store(limits)
    app.extensions["layercalc.models"] = Repository(settings.models, limits.max_forward_bytes)
    readers.reader_of_code()  # no request waits until it is loaded
    if settings.page:
        files()  # nor until it is compressed
    telemetry.register(app, logs.configure(settings.log_format, settings.log_level))
    tracing.register(app)
    headers.register(app, settings)
    access.register(app, settings)
    for blueprint in (api, inference, docs, page, metrics):
        app.register_blueprint(blueprint)
    problems.register(app)
    return app
