"""Fixtures and settings that all tests share."""

import os
import time

import pytest
from hypothesis import HealthCheck, settings

from layercalc import deadline

os.environ.pop(
    "PYTHONDONTWRITEBYTECODE", None
)  # or each process a test starts compiles the package, as long as it runs

settings.register_profile(
    "layercalc",
    deadline=None,
    derandomize=True,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "60")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("layercalc")


deadline.monotonic = time.process_time  # in this process deadlines count its own work, not what else the machine does


@pytest.fixture
def client():
    """The application, without a server."""
    from layercalc.limits import Limits
    from layercalc.web import create_app

    return create_app(Limits()).test_client()
