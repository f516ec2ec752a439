"""Who approved: each revision with the facts of its approval, and where these and the publication differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.audit.model.approving import Story, story
from services.audit.store import approvals, questions
from services.audit.store.approvals import Place, Wanted
from services.kit.db import Database

AT_ONCE = 200
MOST_LOOKED_AT = 2000
"""A person may have had part in other revisions of the warnings that are looked through, never in so many."""


@dataclass(frozen=True)
class Approvals:
    """A page of approvals, the newest first; `next` is where the page after it begins."""

    stories: Sequence[Story]
    next: Place | None


async def approved(db: Database, wanted: Wanted, before: Place | None = None, limit: int = 50) -> Approvals:
    """Return revisions with who drafted, submitted, approved and reviewed them, as the facts say."""
    found: list[Story] = []
    looked_at = 0
    async with questions.snapshot(db) as connection:
        while looked_at < MOST_LOOKED_AT:
            size = min(AT_ONCE, limit + 1)
            some = await approvals.revisions(connection, wanted, before, size)
            acts = await approvals.acts(connection, {revision.warning_id for revision in some})
            looked_at += len(some)
            for revision in some:
                one = story(revision, acts[revision.warning_id])
                before = (revision.approved_at, *revision.key)
                if not _has_part(one, wanted.person):
                    continue
                if len(found) == limit:
                    last = found[-1].revision
                    return Approvals(found, (last.approved_at, *last.key))
                found.append(one)
            if len(some) < size:
                return Approvals(found, None)
    return Approvals(found, before)


def _has_part(one: Story, person: str | None) -> bool:
    """Tell whether somebody had part in this revision, and not only in another one of the warning."""
    if person is None:
        return True
    acts = (*one.drafters, *filter(None, [one.submitted]), *one.approvals, *one.void, *one.reviews, *one.sent)
    return any(act.person == person for act in acts)
