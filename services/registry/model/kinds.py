"""What the registry holds, by the name of its table, in an order in which nothing refers to what follows."""

from services.registry.model.people import Group, Recipient, Turn
from services.registry.model.places import HazardPoint, Household, Neighbour, Region, Threshold, Town, Village
from services.registry.model.receivers import Account, Department, Gateway, Station, Terminal, Unit
from services.registry.model.row import Row

KINDS: dict[str, type[Row]] = {
    "regions": Region,
    "neighbours": Neighbour,
    "towns": Town,
    "villages": Village,
    "households": Household,
    "groups": Group,
    "departments": Department,
    "units": Unit,
    "stations": Station,
    "terminals": Terminal,
    "hazard-points": HazardPoint,
    "thresholds": Threshold,
    "recipients": Recipient,
    "rosters": Turn,
    "gateways": Gateway,
    "accounts": Account,
}

POWER = frozenset({"gateways", "accounts"})
"""Kinds whose rows are given the numbers of people or speak in our name: a change needs two operators."""
