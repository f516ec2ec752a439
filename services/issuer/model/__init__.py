"""What the issuer decides, without touching anything: content, states, approvals, accounts, progress."""

from services.issuer.model.alongside import Alongside, NotAlone, refuse, unanswered
from services.issuer.model.choices import Beside, Consultation, LeftOut
from services.issuer.model.content import Bound, Content, Kind, Window, Wish, faults, selection_faults, sms
from services.issuer.model.people import Account, CodeNeeded, Limits, Session, WrongCode, WrongPassword
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
    "Alongside",
    "Approval",
    "Beside",
    "Bound",
    "Changed",
    "CodeNeeded",
    "Consultation",
    "Content",
    "Kind",
    "LeftOut",
    "Limits",
    "NotAlone",
    "Person",
    "Published",
    "Session",
    "State",
    "Step",
    "WeatherWarning",
    "Window",
    "Wish",
    "WrongCode",
    "WrongPassword",
    "faults",
    "next_step",
    "refuse",
    "selection_faults",
    "sms",
    "unanswered",
]
