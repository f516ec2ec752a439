"""Logs of the audit's tests are those of production."""

import pytest

from services.kit import telemetry


@pytest.fixture(autouse=True)
def _logs() -> None:
    telemetry.configure("test", "ERROR", "")
