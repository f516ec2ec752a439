"""What the issuer decides, without touching anything: content, states, approvals, accounts, progress."""

from services.issuer.model.content import Bound, Content, Kind, Window, Wish, faults, selection_faults, sms
from services.issuer.model.people import Account, Session, WrongPassword
from services.issuer.model.warning import (
    MOVES,
    OPEN,
    STANDING,
    Approval,
    Changed,
    Person,
    Published,
    State,
    Step,
    WeatherWarning,
    next_step,
)

__all__ = [
    "MOVES",
    "OPEN",
    "STANDING",
    "Account",
    "Approval",
    "Bound",
    "Changed",
    "Content",
    "Kind",
    "Person",
    "Published",
    "Session",
    "State",
    "Step",
    "WeatherWarning",
    "Window",
    "Wish",
    "WrongPassword",
    "faults",
    "next_step",
    "selection_faults",
    "sms",
]
