"""The settings of the stations house."""

from pathlib import Path
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
    mqtt_url: str = Field(
        "",
        pattern=r"^(mqtts?://[^/@\s]+:\d{1,5})?$",
        description="Where nats-server takes MQTT, mqtt://host:port or mqtts://; empty: nowhere",
    )
    mqtt_users: Path | None = Field(
        None,
        description="The file of MQTT users that a nats-server beside us includes; `yutian mqtt-users` keeps "
        "those of others",
    )
    mqtt_pid: Path | None = Field(
        None, description="The file with that nats-server's process, which is told to read its users anew"
    )
