"""What stands beside a warning on its page: story, reviews, what changed in the registry, what is not out."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from services.issuer import store
from services.issuer.actions import announcing
from services.issuer.actions.drifting import drift_of
from services.issuer.actions.needing import has_emergency
from services.issuer.actions.reviewing import part_in
from services.issuer.actions.shift import SPOOLED_AFTER
from services.issuer.actions.suspending import leads
from services.issuer.actions.together import others_of
from services.issuer.api import Parts
from services.issuer.catalogue import Fit
from services.issuer.desk.places import Gazetteer
from services.issuer.desk.suspended import ANSWERED
from services.issuer.model import STANDING, Kind, Person, State, WeatherWarning
from services.issuer.model.drift import Drift
from services.issuer.model.reviews import Cause, Verdict
from services.issuer.store.events import Event
from services.kit.errors import Retry

CAUSES = {Cause.HALT: "Halted by one person", Cause.EMERGENCY: "Issued by the emergency flow"}
VERDICTS = {
    Verdict.RIGHT: "It was right",
    Verdict.FLAWED: "It was right, with flaws",
    Verdict.WRONG: "It was wrong",
}
"""Why something is reviewed and what was found, in words that catalogues have."""

MOST_NAMED = 12


@dataclass(frozen=True)
class Since:
    """What changed in the registry since a revision was pinned, or why nobody can tell."""

    drift: Drift | None = None
    away: str = ""


async def since(parts: Parts, warning: WeatherWarning) -> Since:
    """Return what changed while a revision waits for approval; of any other, nothing."""
    if warning.state is not State.REVIEW:
        return Since()
    try:
        return Since(await drift_of(parts.reach, warning))
    except Retry as away:
        return Since(away=away.why)


async def story_of(parts: Parts, warning: WeatherWarning) -> dict[str, Any]:
    """Return what was done to a warning, and everybody's name."""
    async with parts.db.read() as connection:
        accounts = await store.people.accounts(connection)
        story = await store.events.of_warning(connection, warning.warning_id)
    return {"story": story, "names": {account.username: account.display_name for account in accounts}}


async def beside(
    parts: Parts, warning: WeatherWarning, by: Person, story: Sequence[Event], gazetteer: Gazetteer
) -> dict[str, Any]:
    """Return everything that its page says beside content, targets and progress."""
    now = parts.db.clock.now()
    async with parts.db.read() as connection:
        spooled = await store.spool.waiting(connection, now - SPOOLED_AFTER)
        reviews = await store.reviews.of_warning(connection, warning.warning_id)
        standing = warning.state in STANDING and warning.content.kind is not Kind.CANCEL
        colours = await others_of(connection, warning.warning_id) if standing else []
        named = {*map(str, warning.content.supersedes), *(one.reference for one in warning.content.beside)}
        headlines = await store.alongside.headlines(connection, named)
        ready = {one.warning_id: one for one in await store.grants.ready(connection, warning)}
        proposals = await store.suspensions.of_warning(connection, warning.warning_id)
    at_desk = bool(by.roles & parts.catalogue.authority.desk_roles)
    return {
        "spooled": spooled.get(warning.warning_id) if warning.published else None,
        "reviews": [one for one in reviews if one.revision == warning.revision],
        "may_review": at_desk and by.username not in part_in(warning, story),
        "causes": CAUSES,
        "verdicts": VERDICTS,
        "announced": announcing.due(warning, parts.catalogue.promises, now),
        "since": await since(parts, warning),
        "places": _places(gazetteer),
        "has_emergency": has_emergency(parts.catalogue, warning.content),
        "at_desk": at_desk,
        "colours": colours,
        "headlines": headlines,
        "follows": [(one, ready.get(one.warning_id)) for one in warning.content.follows],
        "asks": _would_ask(parts, warning),
        "proposals": proposals,
        "answers": ANSWERED,
    }


def _would_ask(parts: Parts, warning: WeatherWarning) -> list[Fit]:
    """Return which rules fit what waits for approval: their departments are asked when it goes out."""
    if warning.state is not State.REVIEW or not leads(warning.content) or warning.manifest is None:
        return []
    content = warning.content
    return parts.catalogue.suspension.fits(content.hazard, content.level, warning.manifest.towns)


def _places(gazetteer: Gazetteer) -> Callable[[Collection[str]], list[str]]:
    """Return what names places by their codes, the first few of them."""

    def named(codes: Collection[str]) -> list[str]:
        names = [gazetteer.full_name(code.rpartition(":")[2]) for code in islice(codes, MOST_NAMED)]
        return [*names, "…"] if len(codes) > MOST_NAMED else names

    return named
