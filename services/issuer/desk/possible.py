"""What one person may do to one revision now: the form offers only that."""

from collections.abc import Collection
from enum import StrEnum

from services.issuer.actions.needing import steps_of
from services.issuer.actions.ringing import waits_for
from services.issuer.catalogue import Catalogue
from services.issuer.model import OPEN, STANDING, Kind, Person, State, Step, WeatherWarning, next_step


class Act(StrEnum):
    """Everything that the desk offers."""

    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
    HALT = "halt"
    UPDATE = "update"
    CORRECT = "correct"
    LIFT = "lift"
    SPLIT = "split"


def needed(catalogue: Catalogue, warning: WeatherWarning) -> Step | None:
    """Return the roles of which the next approver needs one, None when nobody is waited for."""
    if warning.state is not State.REVIEW:
        return None
    return next_step(steps_of(catalogue, warning), warning.approvals)


def possible(
    catalogue: Catalogue, warning: WeatherWarning, by: Person, others: Collection[tuple[State, Kind]] = ()
) -> frozenset[Act]:
    """Return what a person may do; `others` are states and kinds of the warning's other revisions."""
    if warning.state in OPEN:
        return _while_open(catalogue, warning, by)
    if warning.state in STANDING:
        return _while_standing(catalogue, warning, by, others)
    return frozenset()


def _while_open(catalogue: Catalogue, warning: WeatherWarning, by: Person) -> frozenset[Act]:
    at_desk = bool(by.roles & catalogue.authority.desk_roles)
    approvers = frozenset[str]().union(*steps_of(catalogue, warning))
    draft, lift = warning.state is State.DRAFT, warning.content.kind is Kind.CANCEL
    if warning.content.lead is not None:
        return frozenset({Act.EDIT} if draft and at_desk else ())
    towns = warning.content.selection.towns
    allowed = {
        Act.EDIT: draft and at_desk and not lift,
        Act.SUBMIT: draft and at_desk,
        Act.SPLIT: draft and at_desk and not lift and len(towns) > 1,
        Act.APPROVE: waits_for(catalogue, warning, by),
        Act.RETURN: not draft and at_desk and not lift,
        Act.REJECT: by.username in warning.authors or bool(by.roles & approvers),
    }
    return frozenset(act for act, yes in allowed.items() if yes)


def _while_standing(
    catalogue: Catalogue, warning: WeatherWarning, by: Person, others: Collection[tuple[State, Kind]]
) -> frozenset[Act]:
    at_desk = bool(by.roles & catalogue.authority.desk_roles) and warning.content.adds_to is None
    lift = warning.content.kind is Kind.CANCEL
    open_kinds = {kind for state, kind in others if state in OPEN}
    allowed = {
        Act.HALT: warning.state is State.ISSUED and bool(by.roles & catalogue.authority.halt.roles),
        Act.UPDATE: at_desk and not lift and not open_kinds,
        Act.CORRECT: at_desk and not lift and not open_kinds,
        Act.LIFT: at_desk and not lift and Kind.CANCEL not in open_kinds,
    }
    return frozenset(act for act, yes in allowed.items() if yes)
