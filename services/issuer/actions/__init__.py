"""What people can do to a warning: one function per verb, one transaction in each."""

from services.issuer.actions.afterwards import import_afterwards, write_afterwards
from services.issuer.actions.commenting import comment
from services.issuer.actions.correcting import correct
from services.issuer.actions.door import Doorman, SignedIn, answer, needs_ticket, sign_in
from services.issuer.actions.drafting import draft, edit
from services.issuer.actions.ending import expire_due, halt, mind, retell_due
from services.issuer.actions.following import hear_plan, hear_report, photograph
from services.issuer.actions.mixing import split
from services.issuer.actions.people import (
    LocalSessions,
    current,
    end_others,
    end_session,
    seed_users,
    sign_out,
)
from services.issuer.actions.press import Press
from services.issuer.actions.review import approve, reject, send_back, submit
from services.issuer.actions.reviewing import review
from services.issuer.actions.revising import cancel, update
from services.issuer.actions.shift import hand_over, take_over
from services.issuer.actions.together import lift_all, update_all

__all__ = [
    "Doorman",
    "LocalSessions",
    "Press",
    "SignedIn",
    "answer",
    "approve",
    "cancel",
    "comment",
    "correct",
    "current",
    "draft",
    "edit",
    "end_others",
    "end_session",
    "expire_due",
    "halt",
    "hand_over",
    "hear_plan",
    "hear_report",
    "import_afterwards",
    "lift_all",
    "mind",
    "needs_ticket",
    "photograph",
    "reject",
    "retell_due",
    "review",
    "seed_users",
    "send_back",
    "sign_in",
    "sign_out",
    "split",
    "submit",
    "take_over",
    "update",
    "update_all",
    "write_afterwards",
]
