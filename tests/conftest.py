"""Fixtures and settings that all tests share."""

import gc
import os
import time

import numpy  # noqa: F401
import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

from layercalc import deadline
from layercalc.verbs import forms

os.environ.pop(
    "PYTHONDONTWRITEBYTECODE", None
)  # or each process a test starts compiles the package, as long as it runs

# Nothing of whoever runs the tests: what git, the service, its libraries or a terminal would read in the environment
OWN = ("GIT_", "LAYERCALC_", "GUNICORN_", "OTEL_", "OPENBLAS_", "OMP_", "MKL_", "CI", "GITHUB_", "GITLAB_")
TERMINAL = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
for name in [name for name in os.environ if name.startswith(OWN) or name in TERMINAL]:
    del os.environ[name]
os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

settings.register_profile(
    "layercalc",
    deadline=None,
    derandomize=True,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "60")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("layercalc")


# A browser, servers and installers: a busy machine may hold them up, so what fails there is tried once more, and named
OTHER_PROGRAMS = ("tests/ci/", "tests/deploy/", "tests/page/", "tests/web/server/")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.nodeid.startswith(OTHER_PROGRAMS):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """A million objects are made by collecting and stay: no garbage collector walks them, now or in a test that calls it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_runtest_setup():
    """No test depends on which documents those before it have asked about."""
    forms.FORMS = forms.Forms()


threadpool_limits(1, "blas")  # its threads spin while they wait: several times the work, and on a core of other tests

deadline.monotonic = time.process_time  # in this process deadlines count its own work, not what else the machine does


@pytest.fixture
def client():
    """The application, without a server."""
    from layercalc.limits import Limits
    from layercalc.web import create_app

    return create_app(Limits()).test_client()
