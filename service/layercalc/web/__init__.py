"""The HTTP face: translates requests to verbs and back, and holds no logic of its own."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layercalc.web.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """The application is imported when it is asked for: gunicorn's configuration has to be read before."""
    if name != "create_app":
        raise AttributeError(name)
    from layercalc.web.app import create_app

    return create_app
