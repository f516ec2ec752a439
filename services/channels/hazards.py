"""The hazards that a citizen may choose among, in both languages: as the catalogue of signals names them."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from contracts.values import HazardCode

_FILE = Path(__file__).parent / "hazards.yaml"


class HazardName(BaseModel):
    """A hazard and its names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: HazardCode
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


@lru_cache
def hazards() -> tuple[HazardName, ...]:
    """Return all of them; a test compares them with the catalogue."""
    found = yaml.safe_load(_FILE.read_text())["hazards"]
    return TypeAdapter(tuple[HazardName, ...]).validate_python(found)
