"""A plan that somebody amended adds up with what was added, and only with that."""

from datetime import timedelta
from uuid import UUID

from contracts.amendment import PlanAmended
from contracts.delivery import PlannedDelivery, delivery_id_of
from contracts.message import Message
from contracts.outcome import TargetState
from contracts.plan import ChannelTargets
from contracts.values import Channel
from services.audit.model.books import Books
from services.audit.model.differences import Patience, differences
from tests.audit.audit_make import NOON, AWarning

NEW = "500110001299"


def an_amendment(warning: AWarning, delivery_id: UUID) -> PlanAmended:
    """Return the decision that one more station is reached."""
    entry = ChannelTargets.named(Channel.STATION, (NEW,))
    return PlanAmended(
        mode=warning.manifest.mode,
        lane=warning.plan().lane,
        warning_id=warning.warning_id,
        revision=1,
        number=1,
        at=NOON,
        by="wang",
        registry_version="ab" * 32,
        channels=(entry,),
        deliveries=(PlannedDelivery(delivery_id=delivery_id, channel=Channel.STATION, size=1),),
    )


def an_account(warning: AWarning, delivery_id: UUID) -> list[Message]:
    """Return everything that is said of an amended warning until all of it is delivered."""
    station = next(r for r in warning.requests() if r.channel is Channel.STATION)
    done = [warning.report(c.channel, {TargetState.RECEIVED: c.count}) for c in warning.manifest.channels]
    mine = {"delivery_id": delivery_id, "targets": (NEW,)}
    last = next(r for r in done if r.channel is Channel.STATION)
    return [
        warning.published(),
        warning.plan(),
        *warning.requests(),
        *done,
        an_amendment(warning, delivery_id),
        station.model_copy(update=mine),
        last.model_copy(
            update={"delivery_id": delivery_id, "tally": {TargetState.RECEIVED: 1}, "outcomes": ()}
        ),
    ]


def names(said: list[Message]) -> set[str]:
    """Return what does not add up an hour later."""
    books = Books()
    for message in said:
        books.hear(message, NOON)
    late = Patience(NOON + timedelta(hours=1), timedelta(seconds=60))
    return {difference.what for difference in differences(books, late)}


def test_an_amended_plan_adds_up_also_when_the_plan_is_said_again() -> None:
    warning = AWarning()
    delivery_id = delivery_id_of(warning.warning_id, 1, Channel.STATION, "amendment-1/0")
    said = an_account(warning, delivery_id)
    assert names(said) == names([m for m in said if not _of(m, delivery_id)])
    assert "plan-twice" not in names([*said, warning.plan()])


def test_without_the_amendment_what_it_added_stands_in_no_plan() -> None:
    warning = AWarning()
    delivery_id = delivery_id_of(warning.warning_id, 1, Channel.STATION, "amendment-1/0")
    said = [m for m in an_account(warning, delivery_id) if not isinstance(m, PlanAmended)]
    assert {"delivery-not-planned", "target-not-planned"} <= names(said)


def _of(message: Message, delivery_id: UUID) -> bool:
    return isinstance(message, PlanAmended) or getattr(message, "delivery_id", None) == delivery_id
