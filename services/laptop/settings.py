"""The laptop's settings: the services' own, and where the sandbox answers."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from services.kit.settings import PREFIX, Settings
from services.laptop import bus_conf


class LaptopSettings(Settings):
    """What `yutian up` and `yutian demo` read at the door."""

    service: ClassVar[str] = "laptop"

    mqtt_port: int = Field(
        1883,
        ge=0,
        le=65535,
        description="Where the laptop's nats-server takes MQTT; 0: nowhere",
    )
    sandbox_port: int = Field(8610, ge=1, le=65526, description="First of ten ports of the demo's sandbox")

    def mqtt_environment(self, folder: Path) -> dict[str, str]:
        """Return the settings that connect the house of stations to the laptop's own nats-server."""
        if not self.mqtt_port:
            return {}
        return {
            f"{PREFIX}MQTT_URL": f"mqtt://127.0.0.1:{self.mqtt_port}",
            f"{PREFIX}MQTT_USERS": str(folder / bus_conf.USERS),
            f"{PREFIX}MQTT_PID": str(folder / bus_conf.PID),
        }
