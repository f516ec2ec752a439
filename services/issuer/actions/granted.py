"""Granted: what follows a warning by a pre-authorisation, while that stands, approved by both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer import store
from services.issuer.actions.needing import steps_of
from services.issuer.actions.suspending import tell_of
from services.issuer.actions.telling import tell
from services.issuer.catalogue import Catalogue
from services.issuer.catalogue.authority import Role
from services.issuer.model import Person, WeatherWarning
from services.issuer.model.follow import Follow
from services.issuer.model.suspension import Answer, Asks, Grant, SuspensionProposal, Terms, taken
from services.kit.clock import beijing
from services.kit.db import Database, Transaction
from services.kit.errors import Refused

_MEND = "return it and send it for approval again: what follows then is shown anew"


class FollowsChanged(Refused):
    """What would follow a warning is not what its approvers were shown."""

    name, status, title = "follows-changed", 409, "What would follow has changed"


@dataclass(frozen=True)
class Follower:
    """A suspension that goes out with a warning."""

    lead: WeatherWarning
    follow: Follow
    grant: Grant
    review: WeatherWarning
    approved: WeatherWarning


async def stands_behind(connection: AsyncConnection, grant: Grant) -> bool:
    """Tell whether whoever allowed it still has an account of that department."""
    account = await store.people.account(connection, grant.by)
    if account is None or account.disabled_at or Role.DEPARTMENT not in account.roles:
        return False
    return await store.departments.of(connection, grant.by) == grant.department


async def still(tx: Transaction, together: Sequence[WeatherWarning]) -> None:
    """Raise FollowsChanged unless all that would follow may do so; revoking waits until this is over."""
    follows = [(lead, follow) for lead in together for follow in lead.content.follows]
    for code in sorted({follow.hazard for _, follow in follows}):
        await store.alongside.in_turn(tx, together[0].content.mode, code)
    for lead, follow in sorted(follows, key=lambda one: str(one[1].grant_id)):
        grant = await store.grants.get(tx.connection, follow.grant_id, lock=True)
        if not grant.stands(tx.now) or not await stands_behind(tx.connection, grant):
            raise FollowsChanged("what a department allowed beforehand stands no longer", mend=_MEND)
        mode, codes = lead.content.mode, [follow.hazard]
        orders = await store.suspensions.orders(tx.connection, mode, codes, tx.now)
        if set(follow.towns) & taken(orders, follow.hazard, follow.sector):
            raise FollowsChanged("the same is suspended in some of these towns meanwhile", mend=_MEND)


async def followers(
    db: Database, catalogue: Catalogue, together: Sequence[WeatherWarning], by: Person
) -> list[Follower]:
    """Return what follows, approved by the department beforehand and by the signer of the warning."""
    found = []
    async with db.read() as connection:
        for lead in together:
            lies = {one.warning_id: one for one in await store.grants.ready(connection, lead)}
            for follow in lead.content.follows:
                review = lies.get(follow.warning_id)
                if review is None or _hashes(review) != (follow.content_sha256, follow.manifest_sha256):
                    raise FollowsChanged("what lies ready to follow is not what was submitted", mend=_MEND)
                grant = await store.grants.get(connection, follow.grant_id)
                approved = _approved(catalogue, lead, review, grant, by)
                found.append(Follower(lead, follow, grant, review, approved))
    return found


def _hashes(review: WeatherWarning) -> tuple[str, str]:
    return review.content_sha256, review.manifest.sha256 if review.manifest else ""


def _approved(
    catalogue: Catalogue, lead: WeatherWarning, review: WeatherWarning, grant: Grant, by: Person
) -> WeatherWarning:
    """Return it with both approvals; the rules for them are those of every warning."""
    steps, hashes, given = steps_of(catalogue, review), _hashes(review), lead.approvals[-1]
    said = f"pre-authorised {beijing(grant.at)} until {beijing(grant.until)}: {grant.grant_id}"
    allowed = review.approved(_whoever(grant), hashes, steps, given.at, said)
    return allowed.approved(by, hashes, steps, given.at, given.statement)


def _whoever(grant: Grant) -> Person:
    return Person(grant.by, grant.name, frozenset({f"{Role.DEPARTMENT}:{grant.department}"}))


async def told(tx: Transaction, catalogue: Catalogue, follower: Follower, issued: WeatherWarning) -> None:
    """Write that it followed: into both stories, and as a proposal that was answered beforehand."""
    lead, content, follow = follower.lead, follower.lead.content, follower.follow
    await tell(tx, issued, _whoever(follower.grant), "approved", issued.approvals[0].statement)
    terms = Terms(
        rule=follow.rule,
        rules_version=catalogue.suspension.version,
        hazard=content.hazard,
        level=content.level,
        headline=content.text.headline,
        code=follow.hazard,
        sector=follow.sector,
        towns=follow.towns,
        window=issued.content.window,
    )
    key = (lead.warning_id, lead.revision)
    proposal = SuspensionProposal(
        issued.warning_id, Asks.SUSPEND, content.mode, follow.department, *key, terms, tx.now
    )
    done = replace(
        proposal,
        state=Answer.FOLLOWED,
        suspension_id=issued.warning_id,
        grant_id=follow.grant_id,
        by=follower.grant.by,
        name=follower.grant.name,
        decided_at=tx.now,
    )
    await store.suspensions.insert(tx, done)
    await tell_of(tx, catalogue, done, follower.grant.by)


async def incidents_of(db: Database, warning: WeatherWarning) -> str:
    """Return the identifier of the message because of which a suspension is said, empty for any other."""
    leading = warning.content.leading
    if leading is None:
        return ""
    async with db.read() as connection:
        led = await store.warnings.get(connection, leading.warning_id, leading.revision)
    return led.published.notice.identifier if led.published else ""
