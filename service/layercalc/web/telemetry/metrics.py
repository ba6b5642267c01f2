"""Prometheus metrics, of all workers together: any of them answers a scrape for all."""

import fcntl
import logging
import os
import platform
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from layercalc import __version__
from layercalc import lazy_numpy as np
from layercalc.web.telemetry.metrics_folder import VARIABLE, locked, reserve

log = logging.getLogger("layercalc")
FOLDER = Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None
REGISTRY = CollectorRegistry()
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


def counter(name: str, what: str, *labels: str) -> Counter:
    return Counter(f"layercalc_{name}", what, labels, registry=REGISTRY)


def gauge(name: str, what: str) -> Gauge:
    return Gauge(f"layercalc_{name}", what, registry=REGISTRY, multiprocess_mode="livesum")


REQUESTS = counter("http_requests", "Requests answered.", "method", "route", "status")
SECONDS = Histogram(
    "layercalc_http_request_duration_seconds",
    "Time from the request's headers to its answer.",
    ["route"],
    registry=REGISTRY,
    buckets=BUCKETS,
)
IN_FLIGHT = gauge("http_requests_in_flight", "Requests that are being answered.")
LOST = counter("http_requests_lost", "Requests whose process ended before the answer was sent.")
REFUSALS = counter("refusals", "Requests refused, by the type of the problem.", "reason")
LAYERS = counter("layers_analyzed", "Layers whose analysis was made.")
FLOPS = counter("forward_flops", "FLOPs of forward passes, by the analysis.")
STORAGE_FAILURES = counter("rate_limit_storage_failures", "Times that the storage of rate limits was found away.")
WORKERS = gauge("workers", "Processes that answer requests.")


class Build(Collector):
    """What runs here."""

    def collect(self) -> Iterator[Metric]:
        versions = {"version": __version__, "python": platform.python_version(), "numpy": np.__version__}
        yield InfoMetricFamily("layercalc_build", "Versions.", versions)


class Counting:
    """Whether this process can count: not where its files found no room."""

    on = True


def start_worker() -> None:
    """Make room for the counts of this process, after the fork. Without room it answers requests uncounted."""
    try:
        if FOLDER:
            reserve(FOLDER, os.getpid())
        WORKERS.set(1)
    except OSError as error:
        Counting.on = False
        log.error("No metrics from this process: %s cannot be written (%s).", FOLDER, error.strerror)


metrics = Blueprint("metrics", __name__)
ATTEMPTS = 50  # at files that a process has only begun, within a second


@metrics.get("/metrics")
def scrape() -> Response:
    """Every count, in the format that the scraper accepts."""
    registry = CollectorRegistry()
    registry.register(Build())
    whole: AbstractContextManager[None] = nullcontext()
    if FOLDER is None:
        registry.register(Everything())
    elif FOLDER.is_dir():
        MultiProcessCollector(registry, str(FOLDER))
        whole = locked(FOLDER, fcntl.LOCK_SH)
    encode, media = choose_encoder(request.headers.get("Accept", ""))
    with whole:
        return Response(collected(lambda: encode(registry)), content_type=media)


def collected(collect: Callable[[], bytes]) -> bytes:
    """What is collected; once more where a process that begins has made its file and written nothing in it yet."""
    for _ in range(ATTEMPTS):
        try:
            return collect()
        except struct.error:
            time.sleep(0.02)
    return collect()


class Everything(Collector):
    """The counts of this process, where it is the only one."""

    def collect(self) -> Iterator[Metric]:
        return iter(REGISTRY.collect())
