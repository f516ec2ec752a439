"""Odd facts: whatever stands in the detail of one, it is recorded, named where it counts, stops nobody."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.audit.actions import look, sign, walk
from services.audit.actions import recount as recounts
from services.audit.actions.delete import LEASE, Deleter
from services.audit.actions.lately import lately
from services.audit.actions.reconcile import Sources
from services.audit.actions.stretches import everything
from services.audit.model import acts, climbed, observed, own, story
from services.audit.model.agreements import Agreements
from services.audit.model.differences import Difference
from services.audit.model.entry import read
from services.audit.model.faces import Folded
from services.audit.store import looks
from tests.audit.api_make import asked
from tests.audit.audit_make import NOON, AWarning, a_fact
from tests.audit.keeping_make import RULES
from tests.audit.odd_make import OTHERS, OWN, VALUES, as_heard, odd_facts
from tests.audit.test_watch import without
from tests.audit.watch_make import GRACE, Watching, watching


async def filled(world: Watching) -> AWarning:
    """Record a warning, and every odd fact there is."""
    warning = AWarning()
    await world.say(*warning.whole())
    assert world.book.stand is not None
    facts = odd_facts(warning.warning_id)
    for begin in range(0, len(facts), 500):
        await world.book.take(as_heard([*facts[begin : begin + 500]], world.book.stand.sequence + 1))
    world.watched = replace(world.watched, signer=world.book.signer)
    await sign.head(world.book.db, world.book.signer)
    return warning


async def positions(world: Watching, kind: str) -> list[int]:
    rows = await world.book.db.rows(
        text("SELECT position FROM records WHERE kind = :kind ORDER BY position"), {"kind": kind}
    )
    return [row["position"] for row in rows]


async def test_odd_facts_of_every_kind_stop_no_reader(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        await filled(world)
        book = world.book
        for _ in range(4):
            done = await world.round(seconds=5)
            assert done.position > 2500
        assert "part-failed" not in await world.whats(standing=None)
        sources = Sources(book.db, cast("Any", world.stream), GRACE, None, book.signer)
        one, other = await everything(sources), await lately(sources)
        for found in (one.differences, other.found.differences):
            assert {d.what for d in found} >= {"fact-odd"}
        found = await walk.whole(book.db, book.signer, RULES, GRACE)
        named = {d.about for d in found if d.what == "fact-odd"}
        for kind in ("head.signed", "epoch.opened", "gap.found", "hold.placed", "records.listed"):
            all_of = await positions(world, kind)
            assert f"record {all_of[0]}" in named, f"{kind} with an empty detail"
            assert f"record {all_of[1]}" not in named, f"{kind} as it must be"
        await walk.recounted(book.db)
        async with book.db.transaction() as tx:
            await book.leadership._claim_in(tx, LEASE)
        await Deleter(book.db, book.leadership, RULES).step()


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted({*OWN, *OTHERS})),
    st.dictionaries(
        st.sampled_from(sorted({key for d in (*OWN.values(), *OTHERS.values()) for key in d})),
        st.recursive(
            st.sampled_from(VALUES[:10]) | st.integers() | st.text(max_size=9),
            lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.text(max_size=5), deeper),
            max_leaves=6,
        ),
    ),
    st.booleans(),
)
def test_whatever_a_fact_holds_it_can_be_read(kind: str, odd: dict[str, Any], over: bool) -> None:
    whole = {**OWN, **OTHERS}[kind]
    fact = a_fact(
        kind=kind,
        service="audit",
        about="1/2",
        warning_id=str(AWarning().warning_id),
        detail={**whole, **odd} if over else odd,
    )
    entry = read(fact.subject, fact.to_bytes())
    Agreements().hear(1, fact)
    own.odd(1, fact)
    observed.observations(1, fact, NOON)
    Folded().take(1, fact, NOON)
    acts.act_of(1, NOON, entry)
    told = story.Told(1, fact.kind, fact.actor, fact.at, fact.about, fact.detail)
    climbed.escalation([told], {})
    climbed.amendments([], [told])
    story.steps([told], [])


async def test_the_pages_and_the_api_answer_over_odd_facts(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        warning = AWarning()
        await audit.book.say(*warning.whole())
        assert audit.book.stand is not None
        facts = odd_facts(warning.warning_id)
        await audit.book.take(as_heard([*facts], audit.book.stand.sequence + 1))
        name = str(warning.warning_id)
        api = ("reconcile", "keeping", "alarms", "head", f"warnings/{name}", f"warnings/{name}/records")
        paths = [f"/api/v1/audit/{path}" for path in (*api, f"warnings/{name}/folder")]
        paths += [f"/audit/{path}" for path in ("keeping", "alarms", "reconcile", "records")]
        paths += [f"/api/v1/audit/{path}" for path in ("recount", "months/2026-06", "reconcile/stretches")]
        for path in (*paths, f"/audit/warnings/{name}", f"/api/v1/audit/warnings/{name}/report"):
            assert (await audit.get(path)).status_code < 500, path


async def test_a_part_of_a_round_that_fails_is_an_alarm_and_stops_no_other(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(connection: Any, *_: Any) -> None:
        await connection.exec_driver_sql("SELECT * FROM nowhere")

    async with watching(database_url, tmp_path) as world:
        said, _ = without(AWarning(), "made")
        await world.say(*said[:1], *(a_fact(n) for n in range(3000)))
        with monkeypatch.context() as broken:
            broken.setattr(look, "at_ledger", fail)
            broken.setattr(recounts, "compare", fail)
            await world.round(seconds=70)
            await world.round(seconds=5)
        whats = await world.whats()
        assert whats.count("part-failed") == 2
        assert "plan-missing" in whats
        async with world.book.db.read() as connection:
            assert (await looks.walk(connection, looks.LEDGER)).times == 1, "the walk goes on to its end"
        for _ in range(3):
            await world.round(seconds=5)
        assert "part-failed" not in await world.whats()


async def test_a_warning_that_cannot_be_compared_is_named_and_stops_no_other(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, other = AWarning(), AWarning()
    differences = look.differences

    def compared(known: Any, *more: Any) -> Any:
        if (str(odd.warning_id), 1) in known.revisions:
            raise ValueError("odd")
        return differences(known, *more)

    async with watching(database_url, tmp_path) as world:
        await world.say(odd.published(), other.published())
        with monkeypatch.context() as broken:
            broken.setattr(look, "differences", compared)
            await world.round(seconds=70)
            await world.round(seconds=70)
        alarms = {(one.what, one.warning_id) for one in await world.alarms()}
        assert alarms == {("part-failed", str(odd.warning_id)), ("plan-missing", str(other.warning_id))}
        await world.round(minutes=2)
        assert sorted(await world.whats()) == ["plan-missing", "plan-missing"]


async def test_an_alarm_about_what_no_column_takes_is_kept(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def odd(*_: Any) -> list[Difference]:
        why = "nul \0 and more"
        place = {"warning_id": "w" * 99, "channel": "c" * 99, "about": "a" * 999}
        return [Difference("books-differ", why, expected="\0", found="x" * 9999, **place)]

    async with watching(database_url, tmp_path) as world:
        await world.say(*AWarning().whole())
        monkeypatch.setattr("services.audit.actions.recount_rounds.of_warning", odd)
        await world.round(seconds=5)
        await world.round(seconds=5)
        assert await world.whats() == ["books-differ"]
