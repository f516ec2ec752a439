"""The laptop's settings: the services' own, and where the sandbox answers."""

from typing import ClassVar

from pydantic import Field

from services.kit.settings import Settings


class LaptopSettings(Settings):
    """What `yutian up` and `yutian demo` read at the door."""

    service: ClassVar[str] = "laptop"

    sandbox_port: int = Field(8610, ge=1, le=65530, description="First of five ports of the demo's sandbox")
