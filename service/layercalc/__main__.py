"""`python -m layercalc`, and what is installed as `layercalc`."""

import gc
import os
import sys
import threading
from typing import NoReturn

NEW = 200_000  # objects until they are looked through for cycles: those that are imported have none, and stay


def main() -> None:
    """The command line; a setting that makes no sense is told while its reader is imported, and is wrong input: 2."""
    gc.set_threshold(NEW)
    try:
        from layercalc.cli import main as run
    except SystemExit as error:
        sys.stderr.write(f"{error.code}\n")
        sys.exit(2)
    try:
        run()
    except SystemExit as error:
        end(error.code)


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
