"""Permission: whether somebody may do something to a revision where it stands, by the table of people."""

from services.issuer.actions.needing import steps_of
from services.issuer.catalogue import LIFTED, Catalogue, Verb, Who
from services.issuer.model import OPEN, STANDING, Kind, Person, WeatherWarning
from services.kit.errors import Forbidden, Refused


def permit(catalogue: Catalogue, verb: Verb, by: Person, warning: WeatherWarning) -> None:
    """Raise Forbidden for who may never do this here, Refused when it cannot be done to this revision now."""
    allowed = catalogue.authority.acts[verb]
    if warning.content.adds_to is not None and verb is not Verb.HALT:
        raise Refused("it is a town's note beside a warning", mend="halt it; its town may write another one")
    if verb is Verb.APPROVE and by.username in warning.authors:
        raise Refused("whoever wrote a warning cannot approve it", mend="ask somebody else")
    if not any(_is(who, catalogue, by, warning) for who in allowed.by):
        raise Forbidden(f"this needs a {_people(catalogue, allowed.by, warning)}")
    if warning.content.lead and warning.state in OPEN and verb is not Verb.EDIT:
        raise Refused(
            "it is a part of a mixed warning and goes out with that one",
            mend=f"do this to the warning {warning.content.lead}",
        )
    if standing(warning) not in allowed.where:
        raise Refused(
            f"revision {warning.revision} is {standing(warning)}, so this cannot be done to it",
            mend="look at the warning as it stands now",
        )


def at_the_desk(catalogue: Catalogue, by: Person) -> None:
    """Raise Forbidden for who has no role at the desk."""
    if not by.roles & catalogue.authority.desk_roles:
        raise Forbidden(f"this needs a {', '.join(sorted(catalogue.authority.desk_roles))}")


def standing(warning: WeatherWarning) -> str:
    """Return where a revision stands, as the table of people names it; a halted lift is a lift still."""
    if warning.state in STANDING and warning.content.kind is Kind.CANCEL:
        return LIFTED
    return str(warning.state)


def _is(who: Who, catalogue: Catalogue, by: Person, warning: WeatherWarning) -> bool:
    match who:
        case Who.AUTHOR:
            return by.username in warning.authors
        case _:
            return bool(by.roles & _roles(who, catalogue, warning))


def _roles(who: Who, catalogue: Catalogue, warning: WeatherWarning) -> frozenset[str]:
    match who:
        case Who.DESK:
            return frozenset(map(str, catalogue.authority.desk_roles))
        case Who.HALTER:
            return frozenset(map(str, catalogue.authority.halt.roles))
        case Who.APPROVER:
            return frozenset[str]().union(*steps_of(catalogue, warning))
        case Who.AUTHOR:
            return frozenset()


def _people(catalogue: Catalogue, allowed: frozenset[Who], warning: WeatherWarning) -> str:
    roles = sorted(set[str]().union(*(_roles(who, catalogue, warning) for who in allowed)))
    return " or a ".join(roles)
