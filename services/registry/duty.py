"""Who is on duty at the stations: names, and phones of which only ends are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.phones import masked
from services.registry import store
from services.registry.blocks import PHONE_CONTEXT

RESPONSIBLE = "responsible"


async def on_duty(
    db: Database, crypto: CryptoProvider, stations: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """Return the person on duty at each of these stations who has one: code, name, masked phone."""
    people = await store.of_villages(
        db, [station["village_code"] for station in stations], store.today(db.clock.now())
    )
    found = []
    for station in stations:
        name = station["duty_name"]
        here = [one for one in people.get(station["village_code"], ()) if one["phone_sealed"]]
        person = min(here, key=lambda one: _rank(one, name), default=None)
        if person is not None and _rank(person, name) < _OTHERS:
            phone = crypto.unseal(person["phone_sealed"], PHONE_CONTEXT).decode()
            found.append({"station": station["code"], "name": person["name"], "phone": masked(phone)})
        elif name:
            found.append({"station": station["code"], "name": name, "phone": ""})
    return found


_OTHERS = 3


def _rank(person: Mapping[str, Any], duty_name: str | None) -> int:
    """Return how surely somebody is the one on duty: by name, by the station, by the role."""
    if duty_name and person["name"] == duty_name:
        return 0
    if person["station"]:
        return 1
    return 2 if person["role"] == RESPONSIBLE and not duty_name else _OTHERS
