"""OpenTelemetry traces, where an endpoint for them is configured: a span for each request, within its caller's."""

import os
from functools import cache
from typing import Any

from flask import Flask, Response, g, request

from layercalc import __version__
from layercalc.web.telemetry.request_log import METHODS, is_probe, route

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def wanted() -> bool:
    """Whether the environment names an endpoint, and does not turn traces off."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    return not off and any(os.environ.get(name) for name in ENDPOINTS)


@cache
def provider(process: int) -> Any:
    """The way out of one process: the thread that sends spans does not live through a fork."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", "layercalc"), SERVICE_VERSION: __version__}
    made = TracerProvider(resource=Resource.create(named))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made


def register(app: Flask, tracer_provider: Any = None) -> None:
    """Trace the requests of the application. SystemExit if that is configured and not installed."""
    if tracer_provider is None and not wanted():
        return
    try:
        from opentelemetry import propagate, trace
        from opentelemetry.exporter.otlp.proto.http import trace_exporter  # noqa: F401
        from opentelemetry.sdk.trace import TracerProvider  # noqa: F401
    except ImportError:
        named = next(name for name in ENDPOINTS if os.environ.get(name))
        packages = "opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http"
        raise SystemExit(f"layercalc: {named} asks for traces; install {packages}, or leave it unset.") from None

    @app.before_request
    def begin() -> None:
        if is_probe():
            return
        tracer = (tracer_provider or provider(os.getpid())).get_tracer("layercalc", __version__)
        method = request.method if request.method in METHODS else "_OTHER"
        g.span = tracer.start_span(
            f"{method} {route()}",
            context=propagate.extract({name.lower(): value for name, value in request.headers}),
            kind=trace.SpanKind.SERVER,
            attributes={
                "http.request.method": method,
                "http.route": route(),
                "url.scheme": request.scheme,
                "url.path": request.path,
                "client.address": request.remote_addr or "",
                "layercalc.request_id": g.request_id,
            },
        )
        g.trace_id = format(g.span.get_span_context().trace_id, "032x")

    @app.after_request
    def end(response: Response) -> Response:
        if "span" in g:
            g.span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                g.span.set_status(trace.StatusCode.ERROR)
            if "refusal" in g:
                g.span.set_attribute("error.type", g.refusal)
        return response

    @app.teardown_request
    def over(_: BaseException | None) -> None:
        if "span" in g:
            g.span.end()
