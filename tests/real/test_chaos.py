"""Channels, bus, gateways and stations killed at random moments of a run: every number ends once.

Two rounds stand in the normal run; `CHAOS=20 make test ARGS=tests/real/test_chaos.py` runs twenty of 100,000
people. A duplicate is a number that got the same SMS twice; there are fewer of them than numbers whose lease
ran out, because nothing else makes one.
"""

import os

import pytest

from contracts.outcome import TargetState

ROUNDS = int(os.environ.get("CHAOS", "0"))
PEOPLE = 100_000 if ROUNDS else 6_000
LEASE_S = 4.0
ENDS = {TargetState.RECEIVED, TargetState.FAILED, TargetState.CONFIRMED}

pytestmark = [pytest.mark.long, pytest.mark.timeout(7200 if ROUNDS else 300)]
