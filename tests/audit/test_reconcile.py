"""Reconciling: what adds up is left in peace, what is young too; everything else is named."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from contracts.message import Message
from contracts.outcome import TargetState
from contracts.values import Channel
from services.audit.actions import sign
from services.audit.actions.reconcile import Reconciled, Sources, of_warning
from services.audit.actions.stretches import everything
from services.audit.model.books import Books
from services.audit.model.differences import Difference, Patience, differences
from services.audit.store.tables import NODES, RECORDS
from services.audit.stream import LedgerStream
from services.kit.errors import NotFound
from tests.audit.audit_make import NOON, STATIONS, AWarning, a_fact, a_manifest, outcome
from tests.audit.ledger_make import a_bus, a_crypto, a_database, a_ledger, publish, recording, until
from tests.clock import HandClock

GRACE = timedelta(seconds=60)
One = TargetState


def found(said: Sequence[Message], after_s: float = 3600) -> list[Difference]:
    """Return the differences of books in which all this was heard at noon."""
    books = Books()
    for message in said:
        books.hear(message, NOON)
    return differences(books, Patience(NOON + timedelta(seconds=after_s), GRACE))


def names(said: Sequence[Message], after_s: float = 3600) -> set[str]:
    return {difference.what for difference in found(said, after_s)}


def without(said: Sequence[Message], unwanted: Callable[[Message], bool]) -> list[Message]:
    return [message for message in said if not unwanted(message)]


def test_a_warning_that_reached_its_end_adds_up_in_any_order() -> None:
    said = AWarning().whole()
    assert found(said) == found(said[::-1]) == []


def test_what_is_young_is_on_its_way() -> None:
    warning = AWarning()
    assert names([warning.published()], 30) == set()
    assert names([warning.published(), warning.plan()], 30) == set()


def test_a_warning_without_a_plan_is_named() -> None:
    (difference,) = found([AWarning().published()])
    assert difference.what == "plan-missing"
    assert difference.since == NOON


def test_a_plan_without_its_warning_is_named() -> None:
    warning = AWarning()
    assert "warning-missing" in names(without(warning.whole(), lambda m: m.verb == "issued"))


def test_a_delivery_that_nobody_was_asked_for_is_named() -> None:
    warning = AWarning()
    sms = warning.delivery_id(Channel.SMS)
    said = without(warning.whole(), lambda m: getattr(m, "delivery_id", None) == sms)
    wanted = [("delivery-not-requested", str(sms)), ("delivery-silent", str(sms))]
    assert [(d.what, d.about) for d in found(said)] == wanted


def test_a_delivery_that_nobody_answered_for_is_named() -> None:
    warning = AWarning()
    said = without(warning.whole(), lambda m: m.verb == "reported" and m.channel is Channel.SMS)  # type: ignore[attr-defined]
    (difference,) = found(said)
    assert (difference.what, difference.channel, difference.expected) == ("delivery-silent", "sms", 5)


def test_deliveries_that_do_not_add_up_to_the_manifest_are_named() -> None:
    warning = AWarning()
    plan = warning.plan()
    short = plan.model_copy(update={"deliveries": plan.deliveries[1:]})
    said = [short if message.noun == "plan" else message for message in warning.whole()]
    differing = found(said)
    assert {d.what for d in differing} == {"count-differs", "delivery-not-planned"}
    assert {(d.channel, d.expected, d.found) for d in differing if d.what == "count-differs"} == {
        ("broadcast", 1, 0)
    }


def test_states_that_do_not_add_up_to_the_size_are_named() -> None:
    warning = AWarning()
    said = [*warning.whole(), warning.report(Channel.SMS, {One.RECEIVED: 4})]
    (difference,) = found(said)
    assert (difference.what, difference.expected, difference.found) == ("tally-differs", 5, 4)


def test_a_plan_of_another_manifest_than_the_approved_is_named() -> None:
    warning = AWarning()
    approved = warning.published(manifest_sha256="f" * 64)
    said = [approved if message.verb == "issued" else message for message in warning.whole()]
    (difference,) = found(said)
    assert (difference.what, difference.expected) == ("manifest-differs", "f" * 64)


def test_a_second_word_on_the_same_revision_is_named() -> None:
    warning = AWarning()
    again = warning.published(content_sha256="2" * 64)
    other = AWarning(warning.warning_id, a_manifest(phones=6)).plan()
    assert names([*warning.whole(), warning.published(), warning.plan()]) == set()
    assert names([*warning.whole(), again]) == {"revision-twice"}
    assert names([*warning.whole(), other]) == {"plan-twice"}


def test_a_station_that_is_not_in_the_manifest_is_named() -> None:
    warning = AWarning()
    stranger = [outcome("500110999999", One.RECEIVED, 1)]
    told = {One.CONFIRMED: 1, One.RECEIVED: 1, One.FAILED: 1}
    (difference,) = found([*warning.whole(), warning.report(Channel.STATION, told, stranger)])
    assert (difference.what, difference.about) == ("target-not-planned", "500110999999")


def test_a_station_of_the_manifest_that_no_request_names_is_counted() -> None:
    warning = AWarning()
    said = []
    for message in warning.whole():
        if message.verb == "requested" and message.channel is Channel.STATION:  # type: ignore[attr-defined]
            message = message.model_copy(update={"targets": STATIONS[1:]})
        said.append(message)
    assert names(said) == {"size-differs", "targets-forgotten"}


def test_what_waits_after_the_end_is_named_and_what_was_handed_over_has_time_until_expiry() -> None:
    warning = AWarning()
    begun = [warning.published(), warning.plan(), *warning.requests()]
    ended = warning.halted()
    sent = [warning.report(c.channel, {One.SENT: c.count}) for c in warning.manifest.channels]
    assert names([*begun, *sent, ended]) == set()
    assert names([*begun, *sent, ended], 7 * 3600) == {"open-after-end"}
    queued = [warning.report(c.channel, {One.QUEUED: c.count}) for c in warning.manifest.channels]
    assert names([*begun, *queued, ended], 30) == set()
    assert names([*begun, *queued, ended]) == {"open-after-end"}
    done = [warning.report(c.channel, {One.WITHDRAWN: c.count}) for c in warning.manifest.channels]
    assert names([*begun, *queued, *done, ended], 7 * 3600) == set()


async def compared(
    database_url: str,
    nats_url: str,
    folder: Path,
    act: Callable[..., Awaitable[None]] | None = None,
    unsaid: Callable[[Message], bool] = lambda _: False,
) -> Reconciled:
    """Return what reconciling says five minutes after a warning was recorded and something was done."""
    crypto, clock = a_crypto(folder), HandClock(NOON)
    async with a_database(database_url, clock) as db, a_bus(nats_url, folder) as bus:
        clock.at = (await LedgerStream(bus).life()).created_at
        warning = AWarning(at=clock.at)
        said = without(warning.whole(), unsaid)
        async with recording(db, bus, crypto):
            await publish(bus, *said)
            await until(db, len(said))
        if act is not None:
            await act(db, bus, crypto)
        clock.move(minutes=5)
        sources = Sources(db, LedgerStream(bus), GRACE)
        result = await everything(sources)
        only = await of_warning(sources, str(warning.warning_id))
        assert [d for d in result.differences if d.warning_id] == [
            d for d in only.differences if d.warning_id
        ]
        with pytest.raises(NotFound):
            await of_warning(sources, str(AWarning().warning_id))
        return result


async def test_a_sound_ledger_adds_up(clean_nats_url: str, database_url: str, tmp_path: Path) -> None:
    result = await compared(database_url, clean_nats_url, tmp_path)
    assert result.adds_up, result.differences
    assert (result.warnings, result.deliveries, result.behind) == (1, 3, 0)


async def test_a_missing_delivery_is_found(clean_nats_url: str, database_url: str, tmp_path: Path) -> None:
    result = await compared(
        database_url,
        clean_nats_url,
        tmp_path,
        unsaid=lambda m: m.noun == "delivery" and m.channel is Channel.SMS,  # type: ignore[attr-defined]
    )
    assert [(d.what, d.channel, d.expected) for d in result.differences] == [
        ("delivery-not-requested", "sms", 5),
        ("delivery-silent", "sms", 5),
    ]


async def test_a_record_deleted_behind_our_back_is_found(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    async def steal(db: Any, _: Any, crypto: Any) -> None:
        await sign.head(db, sign.Signer(crypto, "test"))
        async with db.transaction() as tx:
            await tx.execute(delete(RECORDS).where(RECORDS.c.position == 3))

    result = await compared(database_url, clean_nats_url, tmp_path, steal)
    assert {d.what for d in result.differences} == {"ledger-count", "ledger-broken"}


async def test_a_leaf_changed_after_it_was_signed_for_is_found(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    async def forge(db: Any, _: Any, crypto: Any) -> None:
        await sign.head(db, sign.Signer(crypto, "test"))
        async with db.transaction() as tx:
            forged = update(RECORDS).where(RECORDS.c.position == 3)
            await tx.execute(forged.values(leaf=b"{}", leaf_hash=bytes(32)))

    result = await compared(database_url, clean_nats_url, tmp_path, forge)
    assert [d.what for d in result.differences] == ["ledger-broken"]


async def test_what_the_stream_has_and_the_ledger_does_not_take_is_found_in_time(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    async def say_more(_: Any, bus: Any, __: Any) -> None:
        before = (await LedgerStream(bus).life()).last
        await publish(bus, a_fact())
        while (await LedgerStream(bus).life()).last == before:
            pass

    result = await compared(database_url, clean_nats_url, tmp_path, say_more)
    (difference,) = result.differences
    assert difference.what == "ledger-behind"
    assert result.behind == 1
    assert difference.expected == result.stream_last


async def test_a_head_is_not_signed_over_a_ledger_that_was_changed(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(*(a_fact(n) for n in range(300)))
        first = await sign.head(book.db, book.signer)
        assert await sign.head(book.db, book.signer) == first
        async with book.db.transaction() as tx:
            await tx.execute(update(NODES).values(hash=bytes(32)))
        await book.say(a_fact())
        with pytest.raises(sign.Broken):
            await sign.head(book.db, book.signer)
