"""gunicorn's configuration: `gunicorn -c python:layercalc.web.server.gunicorn_conf`, and so does `layercalc serve`.

Everything comes from the settings (LAYERCALC_…); gunicorn's own flags and GUNICORN_CMD_ARGS win over it. This module is
read before NumPy and prometheus-client are, since both look at the environment when they are imported.
"""

import gc
import logging
import os
import signal
from typing import Any

import structlog
from gunicorn import glogging

from layercalc.cores import available
from layercalc.environment import setting
from layercalc.settings import Settings
from layercalc.web.server import readiness
from layercalc.web.telemetry import logs
from layercalc.web.telemetry import metrics_folder as multiprocess

settings = Settings.from_environment()
logs.configure(settings.log_format, settings.log_level)
log = logging.getLogger("layercalc")

# workers that each use every core would fight for them
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, str(max(available() // settings.workers, 1)))

metrics_folder = multiprocess.create(settings.metrics_dir)
if metrics_folder:
    os.environ[multiprocess.VARIABLE] = str(metrics_folder)
else:
    os.environ.pop(multiprocess.VARIABLE, None)


class Logger(glogging.Logger):
    """gunicorn's log in the form of ours; requests are logged by the application, which knows more of them."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True

    def access(self, *_: Any) -> None:
        """Not by gunicorn."""


wsgi_app = "layercalc.web:create_app()"
proc_name = "layercalc"
bind = [one.strip() for one in settings.bind.split(",")]
backlog = 2048
workers = settings.workers
worker_class = "layercalc.web.server.worker.Worker"  # gthread, with bounded waits
threads = settings.threads
worker_connections = 1000
preload_app = True
max_requests = settings.max_requests
max_requests_jitter = settings.max_requests // 5  # so that workers do not all go at once
timeout = settings.worker_timeout_seconds
graceful_timeout = settings.graceful_seconds
keepalive = settings.keepalive_seconds
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
forwarded_allow_ips = ""  # whom to trust is said by LAYERCALC_TRUSTED_PROXIES, to the application
logger_class = Logger
loglevel = settings.log_level
if os.access("/dev/shm", os.W_OK | os.X_OK):
    worker_tmp_dir = "/dev/shm"  # the sign of life is a file: on a slow disk it would come late
control_socket_disable = True  # it wants a home directory


def on_starting(server: Any) -> None:
    """What has to be right before anything is served."""
    alone = settings.rate_limit_storage.startswith("memory")
    if settings.rate_limit and alone and server.cfg.workers > 1:
        raise SystemExit(
            f"layercalc: with {server.cfg.workers} workers each would count its own requests for "
            f"{setting('rate_limit')}; name a Redis in {setting('rate_limit_storage')}, or run one worker."
        )
    if metrics_folder is None:
        log.warning("No folder for the metrics can be written: each process counts for itself")


def when_ready(server: Any) -> None:
    """SIGTERM drains first: probes say so, connections close after their answer, and then gunicorn stops."""
    master = os.getpid()
    gc.freeze()  # what is loaded stays: no worker's collector walks it, nor copies its pages by doing so

    def drain(signum: int, frame: Any) -> None:
        if os.getpid() != master:
            os._exit(0)  # a worker that was just forked: it has no handler of its own yet, and nothing to finish
        if not readiness.draining() and settings.drain_seconds:
            readiness.begin_draining()
            signal.setitimer(signal.ITIMER_REAL, settings.drain_seconds)
        else:
            readiness.begin_draining()
            server.signal(signal.SIGTERM, frame)

    signal.signal(signal.SIGTERM, drain)
    signal.signal(signal.SIGALRM, drain)


def pre_request(worker: Any, req: Any) -> None:
    """While draining no connection is kept, so that its client goes elsewhere with the next request."""
    if readiness.draining():
        req.force_close()


def post_fork(server: Any, worker: Any) -> None:
    """Counts of its own for each worker."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    from layercalc.web.telemetry.metrics import start_worker

    start_worker()


def on_reload(server: Any) -> None:
    """SIGHUP: the API keys are read again, before the new workers are forked with them."""
    from layercalc.web.access import reload

    reload(server.app.wsgi())


def child_exit(server: Any, worker: Any) -> None:
    """A worker is gone, in whatever way: what it counted stays counted, and what it was at is said."""
    for request in worker.ledger.under_way():
        lost(worker.pid, request)
    if metrics_folder:
        try:
            multiprocess.bury(metrics_folder, {os.getpid(), *server.WORKERS})
        except (OSError, RuntimeError, ValueError) as error:
            log.error("The counts of process %s are lost: %s", worker.pid, error)


def lost(process: int, request: dict[str, Any]) -> None:
    """Say which request a worker was at when it ended."""
    from layercalc.web.telemetry.metrics import LOST

    structlog.get_logger().error(
        "request lost: its process ended before the answer was sent", process=process, **request
    )
    if metrics_folder:
        LOST.inc()


def nworkers_changed(server: Any, new_value: int, old_value: int | None) -> None:
    """SIGTTIN: a rate that is counted in memory holds for each process."""
    if old_value and new_value > 1 and settings.rate_limit and settings.rate_limit_storage.startswith("memory"):
        log.error("%d workers now count their own requests for %s", new_value, setting("rate_limit"))


def on_exit(server: Any) -> None:
    """What workers were at that had to be killed is said; the folder of the metrics goes with the master."""
    for worker in server.WORKERS.values():
        for request in worker.ledger.under_way():
            lost(worker.pid, request)
    if metrics_folder:
        multiprocess.remove(metrics_folder)
