"""What a month is measured by, read from the data file once, at the door."""

from pathlib import Path
from typing import Any

import yaml

from services.audit.model.indicators import Indicator, Yardsticks

FILE = Path(__file__).parent / "indicators.yaml"


def load(path: Path = FILE) -> Yardsticks:
    """Return the indicators with their versions."""
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Yardsticks(
        version=int(given["version"]),
        indicators=tuple(_indicator(one) for one in given["indicators"]),
        counted_as={str(outcome): str(counted) for outcome, counted in given["counted_as"].items()},
        standing_by=frozenset(given["standing_by"]),
    )


def _indicator(given: dict[str, Any]) -> Indicator:
    lists = {name: tuple(given.get(name) or ()) for name in ("hazards", "parts")}
    return Indicator(**{**given, **lists})
