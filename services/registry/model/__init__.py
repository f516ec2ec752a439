"""The rows of the registry and their rules. Pure: a row is right or names every fault it has."""

from services.registry.model.kinds import KINDS, POWER
from services.registry.model.people import (
    DRILL_GROUP,
    VULNERABLE,
    Group,
    Recipient,
    Turn,
)
from services.registry.model.places import HazardPoint, Household, Neighbour, Region, Threshold, Town, Village
from services.registry.model.receivers import (
    Account,
    Department,
    Gateway,
    IssuedKey,
    Station,
    Terminal,
    Unit,
    station_kind,
)
from services.registry.model.row import DISTRICT, Row, key_of

__all__ = [
    "DISTRICT",
    "DRILL_GROUP",
    "KINDS",
    "POWER",
    "VULNERABLE",
    "Account",
    "Department",
    "Gateway",
    "Group",
    "HazardPoint",
    "Household",
    "IssuedKey",
    "Neighbour",
    "Recipient",
    "Region",
    "Row",
    "Station",
    "Terminal",
    "Threshold",
    "Town",
    "Turn",
    "Unit",
    "Village",
    "key_of",
    "station_kind",
]
