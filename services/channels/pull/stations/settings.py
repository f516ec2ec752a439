"""The settings of the stations house."""

from typing import ClassVar

from pydantic import Field

from services.kit.settings import Settings


class StationSettings(Settings):
    """How streams are kept alive, and when a silent station counts as gone."""

    service: ClassVar[str] = "channels"

    stations_keepalive_s: float = Field(
        15, gt=0, le=300, description="Seconds between the comments that keep a station's stream alive"
    )
    stations_sweep_s: float = Field(
        5, gt=0, le=60, description="Seconds between looks for stations that a lost poke left behind"
    )
    stations_suspect_s: float = Field(
        180, gt=0, description="Seconds without a heartbeat after which a station is suspect"
    )
    stations_offline_s: float = Field(
        300, gt=0, description="Seconds without a heartbeat after which a station is offline"
    )
