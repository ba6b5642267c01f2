"""gunicorn, as `layercalc serve` starts it."""

import os
import sys

import gunicorn.config


def command(bind: str, workers: int, threads: int) -> list[str]:
    """The gunicorn command line of the service."""
    known = gunicorn.config.make_settings()
    options = [
        *("--bind", bind, "--workers", str(workers), "--worker-class", "gthread", "--threads", str(threads)),
        *("--timeout", "120", "--graceful-timeout", "30", "--name", "layercalc"),
    ]
    if "control_socket_disable" in known:
        options.append("--no-control-socket")
    return [sys.executable, "-m", "gunicorn", *options, "layercalc.web:create_app()"]


def serve(bind: str, workers: int, threads: int) -> None:
    """Become gunicorn. Each worker gets its share of the cores for BLAS, so that workers do not fight for them."""
    share = str(max((os.cpu_count() or 1) // workers, 1))
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, share)
    arguments = command(bind, workers, threads)
    os.execv(arguments[0], arguments)
