"""The Flask application."""

from threading import BoundedSemaphore

from flask import Flask

from layercalc.limits import Limits
from layercalc.web import problems
from layercalc.web.docs import docs
from layercalc.web.routes import api


def create_app(limits: Limits | None = None) -> Flask:
    """The service; limits come from the environment unless given."""
    app = Flask("layercalc", static_folder=None)
    app.url_map.strict_slashes = False
    app.extensions["layercalc"] = limits = limits or Limits.from_environment()
    app.extensions["layercalc.passes"] = BoundedSemaphore(limits.max_forward_passes)
    app.register_blueprint(api)
    app.register_blueprint(docs)
    problems.register(app)
    return app
