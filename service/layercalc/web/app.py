"""The Flask application."""

import os
from pathlib import Path
from threading import BoundedSemaphore

from flask import Flask

from layercalc.kept import store
from layercalc.limits import Limits
from layercalc.repository import Repository
from layercalc.web import problems
from layercalc.web.docs import docs
from layercalc.web.inference import inference
from layercalc.web.routes import api


def create_app(limits: Limits | None = None, models: Path | None = None) -> Flask:
    """The service; its limits and its folder of models come from the environment unless given."""
    app = Flask("layercalc", static_folder=None)
    app.url_map.strict_slashes = False
    app.extensions["layercalc"] = limits = limits or Limits.from_environment()
    app.extensions["layercalc.passes"] = BoundedSemaphore(limits.max_forward_passes)
    app.extensions["layercalc.kept"] = store(limits)
    app.extensions["layercalc.models"] = Repository(models or folder_of_models())
    app.register_blueprint(api)
    app.register_blueprint(inference)
    app.register_blueprint(docs)
    problems.register(app)
    return app


def folder_of_models() -> Path | None:
    """The folder whose models are served by name; SystemExit if there is none such."""
    named = os.environ.get("LAYERCALC_MODELS")
    if named and not Path(named).is_dir():
        raise SystemExit(f"layercalc: LAYERCALC_MODELS has to be a folder; it is {named!r}.")
    return Path(named) if named else None
