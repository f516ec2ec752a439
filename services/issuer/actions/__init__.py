"""What people can do to a warning: one function per verb, one transaction in each."""

from services.issuer.actions.correcting import correct
from services.issuer.actions.drafting import cancel, draft, edit, update
from services.issuer.actions.ending import expire_due, halt, mind, retell_due
from services.issuer.actions.following import hear_plan, hear_report, photograph
from services.issuer.actions.mixing import split
from services.issuer.actions.people import (
    Doorman,
    LocalSessions,
    SignedIn,
    current,
    seed_users,
    sign_in,
    sign_out,
)
from services.issuer.actions.press import Press
from services.issuer.actions.review import approve, reject, send_back, submit

__all__ = [
    "Doorman",
    "LocalSessions",
    "Press",
    "SignedIn",
    "approve",
    "cancel",
    "correct",
    "current",
    "draft",
    "edit",
    "expire_due",
    "halt",
    "hear_plan",
    "hear_report",
    "mind",
    "photograph",
    "reject",
    "retell_due",
    "seed_users",
    "send_back",
    "sign_in",
    "sign_out",
    "split",
    "submit",
    "update",
]
