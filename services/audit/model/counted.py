"""Counted: what stays of a warning's delivery detail when it is deleted, as a fact carries it.

Each delivery stays as it was at the end; named targets become counts. The numbers are made of the records
themselves before these are emptied, so that whoever folds the records later comes to the same accounts.
"""

from collections.abc import Iterable

from services.audit.model.account import Reach, reach
from services.audit.model.agreements import Listed
from services.audit.model.books import Books
from services.audit.model.deliveries import Target
from services.audit.model.photographs import CountKey as CountKey
from services.audit.model.photographs import TargetCount as TargetCount
from services.audit.model.photographs import photograph as photograph


def counts_of(books: Books) -> list[TargetCount]:
    """Return the counts of all named targets of some books, in order."""
    groups: dict[CountKey, list[Target]] = {}
    for target in books.targets.values():
        groups.setdefault((target.warning_id, target.revision, target.channel), []).append(target)
    return [_count(key, groups[key], books) for key in sorted(groups)]


def _count(key: CountKey, targets: list[Target], books: Books) -> TargetCount:
    planned = [target for target in targets if target.planned]
    states: dict[str, int] = {}
    for target in planned:
        states[target.state] = states.get(target.state, 0) + 1
    revision = books.revisions.get(key[:2])
    spread = reach(planned, revision.approved_at) if revision else Reach(len(planned), 0, None, None, None)
    waits = [round(1000 * w) for w in (spread.p50_s, spread.p95_s, spread.max_s) if w is not None]
    return TargetCount(
        *key,
        planned=len(planned),
        asked=sum(t.delivery_id is not None for t in planned),
        strangers=len(targets) - len(planned),
        states=states,
        received=spread.received,
        waits_ms=waits,
        early=spread.early,
    )


def recall(books: Books, listed: Listed) -> None:
    """Fold a list in: deliveries as they were when their records were listed, unless more was said since."""
    for photo in listed.deliveries:
        known = books.deliveries.get(photo.key)
        if known is None or photo.report >= known.report:
            books.deliveries.put(photo)


def counts_in(listed: Iterable[Listed]) -> dict[CountKey, TargetCount]:
    """Return the counts that lists carry."""
    return {count.key: count for one in listed for count in one.targets}


def asked(counts: Iterable[TargetCount]) -> dict[CountKey, int]:
    """Return how many targets a request named, for each revision and channel that is counted."""
    return {count.key: count.asked for count in counts}
