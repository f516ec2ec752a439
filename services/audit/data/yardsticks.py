"""What a month is measured by, read from the data file once, at the door."""

from pathlib import Path
from typing import Any

import yaml

from services.audit.data import rates
from services.audit.model.indicators import Indicator, Yardsticks

FILE = Path(__file__).parent / "indicators.yaml"


def load(path: Path = FILE, of_rates: Path = rates.RATES) -> Yardsticks:
    """Return the indicators with their versions; a formula of the rates has the version of the rates."""
    shared = rates.load(of_rates).version
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Yardsticks(
        version=int(given["version"]),
        indicators=tuple(_indicator(one, shared) for one in given["indicators"]),
        counted_as={str(outcome): str(counted) for outcome, counted in given["counted_as"].items()},
        standing_by=frozenset(given["standing_by"]),
    )


def _indicator(given: dict[str, Any], of_rates: int) -> Indicator:
    version = of_rates if given["version"] == "rates" else int(given["version"])
    lists = {name: tuple(given.get(name) or ()) for name in ("hazards", "parts")}
    return Indicator(**{**given, **lists, "version": version})
