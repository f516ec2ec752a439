"""The rules of retention, read from the data file once, at the door."""

from pathlib import Path

import yaml

from services.audit.model import retention
from services.audit.model.retention import Retention

RETENTION = Path(__file__).parent / "retention.yaml"


def load(path: Path = RETENTION) -> Retention:
    """Return the rules with their version; raise Invalid when they are not what they must be."""
    return retention.parse(yaml.safe_load(path.read_text(encoding="utf-8")))
