"""Needing: who must approve a revision, by the usual flow or by the emergency flow."""

from services.issuer.actions import making
from services.issuer.catalogue import ORDER, SUSPENSION, Catalogue, Deed
from services.issuer.model import Content, Kind, Step, WeatherWarning
from services.kit.errors import Refused


def steps_of(catalogue: Catalogue, warning: WeatherWarning) -> tuple[Step, ...]:
    """Return who must approve a revision, in order; nobody approves a town's note."""
    if warning.content.adds_to is not None:
        return ()
    quick = catalogue.authority.emergency.issue.get(making.worst_of(warning.content))
    steps = making.steps(catalogue, warning.content)
    if warning.emergency and quick is not None:
        steps = (frozenset(str(role) for role in quick),)
    return (*steps[:-1], _signs_what_follows(catalogue)) if warning.content.follows else steps


def _signs_what_follows(catalogue: Catalogue) -> Step:
    """Return who gives the last approval of a warning with which a suspension goes out: he signs that too."""
    last = catalogue.authority.approvals(SUSPENSION, ORDER, Deed.ISSUE)[-1]
    return frozenset(str(role) for role in last.roles)


def has_emergency(catalogue: Catalogue, content: Content) -> bool:
    """Tell whether the emergency flow is open to a content: it never lifts, and needs a colour of its own."""
    usual = content.kind is not Kind.CANCEL and content.product == "signal"
    return usual and making.worst_of(content) in catalogue.authority.emergency.issue


def may_be_emergency(catalogue: Catalogue, content: Content) -> None:
    """Raise Refused for a content that has no emergency flow."""
    if not has_emergency(catalogue, content):
        raise Refused(
            "there is no emergency flow for this colour or kind", mend="send it for approval as usual"
        )
