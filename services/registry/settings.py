"""The registry's settings."""

from typing import ClassVar

from services.kit.settings import Settings


class RegistrySettings(Settings):
    """What the registry reads at the door."""

    service: ClassVar[str] = "registry"
