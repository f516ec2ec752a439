"""The settings of the stations house."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from services.kit.settings import Settings

KEY_BYTES = 16


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
    stations_beidou_port: str = Field(
        "", description="Serial device of the Beidou card, such as /dev/ttyUSB0; empty: there is none"
    )
    stations_beidou_baud: Literal[9600, 19200, 57600, 115200] = Field(
        115200, description="Speed of the Beidou card's port"
    )
    stations_beidou_address: str = Field(
        "", pattern=r"^\d{0,7}$", description="Beidou card, or group of cards, that frames are sent to"
    )
    stations_beidou_key: SecretStr = Field(
        SecretStr(""), description="Key of the codes in Beidou frames, in hex, at least 16 bytes"
    )
    stations_beidou_size: int = Field(
        78, ge=29, le=1680, description="Bytes that the Beidou card takes in one message"
    )
    stations_beidou_interval_s: float = Field(
        60, gt=0, le=3600, description="Seconds that the Beidou card wants between two messages"
    )
    stations_beidou_after_s: float = Field(
        60,
        gt=0,
        le=3600,
        description="Seconds a red warning waits for a silent station before Beidou says it",
    )

    @field_validator("stations_beidou_key")
    @classmethod
    def _of_enough_bytes(cls, key: SecretStr) -> SecretStr:
        """Take hex digits of sixteen bytes or more, or nothing; nothing of it is repeated."""
        try:
            good = not key.get_secret_value() or len(bytes.fromhex(key.get_secret_value())) >= KEY_BYTES
        except ValueError:
            good = False
        if not good:
            raise ValueError(f"is not the hex digits of at least {KEY_BYTES} bytes")
        return key
