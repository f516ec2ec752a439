"""The standing test of the road to every station: what it says, and how long it holds."""

from typing import Annotated

from pydantic import Field

from contracts.values import HazardCode, Level
from contracts.warning import WarningText
from services.issuer.catalogue.signals import Entry


class Heartbeat(Entry):
    """The whole of heartbeat.yaml."""

    version: str = Field(min_length=1)
    hazard: HazardCode
    level: Level
    holds_min: Annotated[int, Field(gt=0, le=720)]
    why: str = Field(min_length=1)
    """Why it goes by no other way."""
    text: WarningText
    text_en: WarningText
