"""The formulas of the rates, read from the data file once, at the door."""

from datetime import timedelta
from pathlib import Path

import yaml

from services.audit.model.account import Formulas

RATES = Path(__file__).parent / "rates.yaml"


def load(path: Path = RATES) -> Formulas:
    """Return the formulas with their version."""
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Formulas(
        version=int(given["version"]),
        received_within=timedelta(seconds=given["received_within_s"]),
        confirmed_within={
            str(level): timedelta(seconds=seconds) for level, seconds in given["confirmed_within_s"].items()
        },
        gateway_answered_within=timedelta(seconds=given["gateway_answered_within_s"]),
        online_states=frozenset(map(str, given["online_states"])),
    )
