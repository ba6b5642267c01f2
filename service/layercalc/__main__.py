"""`python -m layercalc`, and what is installed as `layercalc`."""

import gc
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

NEW = 200_000  # objects until they are looked through for cycles: those that are imported have none, and stay


def main() -> None:
    """The command line; a setting that makes no sense is told while its reader is imported, and is wrong input: 2."""
    gc.set_threshold(NEW)
    with patterns_later():
        import marshmallow  # noqa: F401  # half of it is patterns of mail addresses
    try:
        from layercalc.cli import main as run
    except SystemExit as error:
        sys.stderr.write(f"{error.code}\n")
        sys.exit(2)
    try:
        run()
    except SystemExit as error:
        end(error.code)


COMPILED = re.compile


class Pattern:
    """A regular expression that is compiled when something is asked of it."""

    def __init__(self, *args: Any) -> None:
        self.args = args

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what classes ask of all that stands in them
            raise AttributeError(name)
        return getattr(COMPILED(*self.args), name)


@contextmanager
def patterns_later() -> Iterator[None]:
    """Inside, a regular expression whatever the case is compiled when it is used: one of many letters takes long."""

    def compiled(pattern: Any, flags: Any = 0) -> Any:
        return Pattern(pattern, flags) if flags & re.IGNORECASE else COMPILED(pattern, flags)

    re.compile = compiled
    try:
        yield
    finally:
        re.compile = COMPILED


def end(code: object) -> NoReturn:
    """Leave with a code. Where nothing is left to do, what was imported is not taken down again: a fifth of a start."""
    if isinstance(code, int) and threading.active_count() == 1 and "multiprocessing" not in sys.modules:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):  # whoever read has gone
            sys.exit(code)
        os._exit(code)
    sys.exit(code)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
