"""Updates, lifts and muting, on both databases."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from contracts import cap
from contracts.values import Lane, Level, Mode
from contracts.warning import WarningCancelled, WarningIssued, WarningUpdated
from services.issuer import actions
from services.issuer.model import Kind, Person, State, Wish
from services.kit.errors import Invalid, Refused
from tests.issuer.issuer_make import LI, WANG, ZHANG, Office, a_text


def references(message: Any) -> list[str]:
    root = etree.fromstring(message.cap_xml.encode())
    return (root.findtext(f"{{{cap.NAMESPACE}}}references") or "").split()


def named(message: Any) -> str:
    root = etree.fromstring(message.cap_xml.encode())
    sender, identifier, sent = (
        root.findtext(f"{{{cap.NAMESPACE}}}{name}") for name in ("sender", "identifier", "sent")
    )
    return f"{sender},{identifier},{sent}"


async def test_an_update_replaces_its_predecessor_and_a_lift_ends_the_chain(office: Office) -> None:
    first = await office.issued(level=Level.RED)
    office.clock.move(minutes=30)
    await office.updated(first.warning_id, level=Level.ORANGE)
    office.clock.move(minutes=30)
    await office.lifted(first.warning_id)
    assert await office.states(first.warning_id) == [State.SUPERSEDED, State.CANCELLED, State.ISSUED]
    (issued,) = await office.said(WarningIssued)
    (updated,) = await office.said(WarningUpdated)
    (cancelled,) = await office.said(WarningCancelled)
    assert references(updated) == [named(issued)]
    assert references(cancelled) == [named(issued), named(updated)]
    assert (updated.revision, cancelled.revision) == (2, 3)
    assert (updated.lane, cancelled.lane) == (Lane.URGENT, Lane.URGENT)
    assert cancelled.manifest_sha256 == updated.manifest_sha256
    assert "降级为橙色" in updated.notice.text.headline
    assert "解除" in cancelled.notice.text.headline


async def test_references_leave_out_what_has_expired(laptop: Office) -> None:
    first = await laptop.issued()
    later = first.content.expires + timedelta(hours=10)
    await laptop.updated(first.warning_id, expires=later)
    laptop.clock.at = first.content.expires + timedelta(minutes=1)
    await laptop.lifted(first.warning_id)
    (updated,) = await laptop.said(WarningUpdated)
    (cancelled,) = await laptop.said(WarningCancelled)
    assert references(cancelled) == [named(updated)]


async def test_a_lift_needs_approval_and_gives_up_what_else_was_being_written(office: Office) -> None:
    issued = await office.issued()
    await actions.update(office.db, office.catalogue, issued.warning_id, ZHANG)
    lift = await actions.cancel(office.db, office.catalogue, issued.warning_id, ZHANG)
    assert (lift.state, lift.content.kind, lift.revision) == (State.REVIEW, Kind.CANCEL, 3)
    assert lift.manifest == issued.manifest
    assert await office.states(issued.warning_id) == [State.ISSUED, State.REJECTED, State.REVIEW]
    with pytest.raises(Refused):
        await office.approve(lift, Person("zhang", "张敏", frozenset({"signer"})))
    with pytest.raises(Refused, match="already"):
        await actions.cancel(office.db, office.catalogue, issued.warning_id, LI)
    await office.approve(lift, WANG)
    assert await office.states(issued.warning_id) == [State.CANCELLED, State.REJECTED, State.ISSUED]


async def test_a_lift_can_be_returned_edited_and_submitted_without_the_router(laptop: Office) -> None:
    issued = await laptop.issued()
    lift = await actions.cancel(laptop.db, laptop.catalogue, issued.warning_id, ZHANG)
    back = await actions.send_back(laptop.db, laptop.press, lift.warning_id, WANG, "say why")
    await laptop.edit(back, Wish(text=a_text(headline="綦江区气象台解除暴雨橙色预警信号")))
    laptop.reach.away = True
    again = await actions.submit(laptop.db, laptop.press, laptop.reach, lift.warning_id, ZHANG)
    assert again.manifest == issued.manifest
    assert (await laptop.approve(again, WANG)).state is State.ISSUED


async def test_a_lifted_warning_is_neither_updated_nor_lifted_again(laptop: Office) -> None:
    issued = await laptop.issued()
    await laptop.lifted(issued.warning_id)
    with pytest.raises(Refused, match="lifted"):
        await actions.update(laptop.db, laptop.catalogue, issued.warning_id, ZHANG)
    with pytest.raises(Refused, match="lifted"):
        await actions.cancel(laptop.db, laptop.catalogue, issued.warning_id, ZHANG)


async def test_two_updates_begun_at_once_and_one_wins(office: Office) -> None:
    issued = await office.issued()
    begun = await asyncio.gather(
        *(actions.update(office.db, office.catalogue, issued.warning_id, one) for one in (ZHANG, LI, WANG)),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, Exception) for one in begun) == 1
    assert await office.states(issued.warning_id) == [State.ISSUED, State.DRAFT]


async def test_a_warning_mutes_another_one(office: Office) -> None:
    yellow = await office.issued(level=Level.YELLOW)
    orange = await office.issued(supersedes=(yellow.warning_id,))
    assert await office.states(yellow.warning_id) == [State.SUPERSEDED]
    message = (await office.said(WarningIssued))[-1]
    assert [(p.warning_id, p.revision) for p in message.supersedes] == [(yellow.warning_id, 1)]
    assert references(message) == [named((await office.said(WarningIssued))[0])]
    assert (await office.get(orange.warning_id)).published == orange.published


async def test_only_a_warning_in_force_of_the_same_mode_is_muted(laptop: Office) -> None:
    drill = await laptop.issued(Mode.DRILL)
    draft = await laptop.drafted()
    for other in (drill, draft):
        with pytest.raises(Invalid) as refused:
            await laptop.drafted(supersedes=(other.warning_id,))
        assert refused.value.faults[0].field == "supersedes[0]"
