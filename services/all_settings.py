"""Every setting of every service: what `yutian settings` shows."""

import os
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pkgutil import resolve_name
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.kit.settings import PREFIX, Settings

READERS: dict[str, tuple[str, ...]] = {
    "all": ("services.kit.settings:Settings",),
    "issuer": ("services.issuer.settings:IssuerSettings",),
    "registry": ("services.registry.settings:RegistrySettings",),
    "router": ("services.router.settings:RouterSettings",),
    "channels": (
        "services.channels.pull.stations.settings:StationSettings",
        "services.channels.pull.gateways.settings:GatewaySettings",
        "services.channels.pull.feed.settings:FeedSettings",
        "services.channels.push.settings:PushSettings",
    ),
    "audit": ("services.audit.settings:AuditSettings",),
    "laptop": ("services.laptop.settings:LaptopSettings",),
}
"""Who reads which settings; `all` are those that every service reads."""


ELSEWHERE = frozenset(
    f"{PREFIX}{name}" for name in ("AUDIT_URL", "TOKEN", "ROLE_PASSWORD", "TEST_POSTGRES", "SCREENSHOTS")
)
"""What single commands and the tests read for themselves."""


def names() -> set[str]:
    """Return the name of every setting, without reading one."""
    kinds = [resolve_name(place) for places in READERS.values() for place in places]
    return {f"{PREFIX}{name.upper()}" for kind in kinds for name in kind.model_fields}


def unread(environment: Iterable[str]) -> str | None:
    """Return the line about variables that look like settings and that nobody reads; None without one.

    No value is repeated: it may be a secret under a mistyped name.
    """
    given = {name for name in environment if name.startswith(PREFIX)} - ELSEWHERE
    if not given:
        return None
    known = names()
    strange = sorted(name for name in given if name.removesuffix("_FILE") not in known and name not in known)
    if not strange:
        return None
    return f"nobody reads {', '.join(_guessed(name, known) for name in strange)}; see `yutian settings`"


def _guessed(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.85)
    return f"{name} (is it {near[0]}?)" if near else name


def rows() -> Iterator[dict[str, str]]:
    """Yield reader, name, value, source, default and meaning of every setting, secrets masked."""
    for reader, places in READERS.items():
        for place in places:
            settings: Settings = resolve_name(place).load()
            common = () if reader == "all" else Settings.model_fields
            for name, field in type(settings).model_fields.items():
                if name not in common:
                    yield _row(reader, settings, name, field)


def given(service: str) -> dict[str, str]:
    """Return what a service was set to beyond its defaults, as it may be told; `all` means every service."""
    wanted = READERS if service == "all" else {"all", service}
    return {
        row["name"]: _PASSWORD.sub("//***@", row["value"])
        for row in rows()
        if row["service"] in wanted and row["source"] != "default"
    }


_PASSWORD = re.compile(r"//[^/@\s]+@")
"""A name and a password in an address."""


def _row(reader: str, settings: Settings, name: str, field: FieldInfo) -> dict[str, str]:
    variable = f"{PREFIX}{name.upper()}"
    return {
        "service": reader,
        "name": variable,
        "value": _shown(getattr(settings, name)),
        "source": _source(settings, name, variable),
        "default": "(computed)" if field.default_factory else _plain(field.default),
        "meaning": field.description or "",
    }


def _source(settings: Settings, name: str, variable: str) -> str:
    if name not in settings.model_fields_set:
        return "default"
    return "environment" if variable in os.environ else "file"


def _shown(value: Any) -> str:
    """Return a value as a person types it; of a secret only that there is one."""
    return "***" if isinstance(value, SecretStr) and value.get_secret_value() else _plain(value)


def _plain(value: Any) -> str:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    return "" if text is None else str(text)
