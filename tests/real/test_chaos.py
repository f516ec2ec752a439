"""Channels, bus, gateways and stations killed at random moments of a run: every number ends once.

Two rounds stand in the normal run; `CHAOS=20 make test ARGS=tests/real/test_chaos.py` runs twenty of 100,000
people. A duplicate is a number that got the same SMS twice; there are fewer of them than numbers whose lease
ran out, because nothing else makes one.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from benchmarks import batches
from contracts.delivery import DeliveryReported, DeliveryRequested, delivery_id_of
from contracts.outcome import TargetState
from contracts.registry import BlockChanged
from contracts.values import Action, Channel, Level, Mode
from sandbox.gateways import Carrier, GatewaysWorld
from services.kit.bus import Bus
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.settings import Settings
from services.laptop import prepare
from tests.flows.system import Process
from tests.outbox import said
from tests.servers import NatsServer, free_port

ROUNDS = int(os.environ.get("CHAOS", "0"))
PEOPLE = 100_000 if ROUNDS else 6_000
LEASE_S = 4.0
ENDS = {TargetState.RECEIVED, TargetState.FAILED, TargetState.CONFIRMED}

pytestmark = [pytest.mark.long, pytest.mark.timeout(7200 if ROUNDS else 300)]
