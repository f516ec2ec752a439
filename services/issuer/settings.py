"""The settings of the issuer."""

from typing import ClassVar

from pydantic import Field

from services.kit.settings import Settings


class IssuerSettings(Settings):
    """What may be changed about the issuer without changing its code."""

    service: ClassVar[str] = "issuer"

    registry_url: str = Field("", description="Where the registry answers; empty: this process")
    channels_url: str = Field("", description="Where the channels render a warning; empty: this process")
    sms_unit_cost: float = Field(
        0.05, ge=0, description="What one SMS segment to one person costs, in yuan: shown while composing"
    )
    sender_code: str = Field(
        "",
        pattern=r"^(\d{14})?$",
        description="Our name in CAP, fourteen digits, never changed after go-live; empty: the catalogue's",
    )
    sender_name: str = Field("", max_length=40, description="Our name in CAP; empty: the catalogue's")
    cap_contact: str = Field("", max_length=200, description="Whom receivers of CAP may ask")
    heartbeat_hours: float = Field(
        0, ge=0, le=168, description="How often the standing test goes to all stations, as a drill; 0: never"
    )
    session_idle_minutes: int = Field(30, ge=1, le=720, description="After how long unused a session ends")
    session_hours: int = Field(12, ge=1, le=72, description="After how long a session ends in any case")
    sessions_each: int = Field(
        5, ge=1, le=50, description="How many sessions an account has at a time; the oldest gives way"
    )
    sms_signature: str = Field(
        "【綦江区气象台】",
        pattern=r"^【[^【】]{2,18}】$",
        description="What every SMS begins with, as filed with the operators; counted with the text",
    )
