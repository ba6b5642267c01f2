"""The HTTP face: translates requests to verbs and back, and holds no logic of its own."""

from layercalc.web.app import create_app

__all__ = ["create_app"]
