"""Recording: one order, no record twice, whatever arrives."""

import asyncio
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from contracts import MESSAGES
from contracts.canonical import sha256_hex
from contracts.fact import Leaf
from services.audit.model import chain, merkle
from services.audit.model.entry import Heard
from services.audit.store import ledger, tree
from services.audit.store.ledger import unpacked
from services.audit.store.tables import DELIVERIES, RECORDS, TARGETS
from services.kit.leadership import Leadership, LostLead
from tests.audit.audit_make import (
    AWarning,
    a_fact,
)
from tests.audit.ledger_make import (
    a_ledger,
    heard,
)

SAMPLES = Path(__file__).parents[2] / "contracts/samples"


async def rows(db, table):  # type: ignore[no-untyped-def]
    return await db.rows(select(table).order_by(*table.primary_key.columns))


async def test_every_record_is_chained_to_the_one_before_it(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        said = heard(AWarning().whole())
        await book.take(said[:4])
        await book.take(said[4:])
        before, leaves = chain.GENESIS, []
        for row, one in zip(await rows(book.db, RECORDS), said, strict=True):
            leaf = Leaf.model_validate_json(row["leaf"])
            assert leaf.to_bytes() == row["leaf"]
            assert (leaf.sequence, leaf.message_id, leaf.subject) == (
                one.sequence,
                one.message_id,
                one.subject,
            )
            assert leaf.recorded_at_us == one.at_us
            assert row["chain"] == chain.linked(before, row["leaf"])
            before = row["chain"]
            leaves.append(merkle.leaf_hash(row["leaf"]))
        async with book.db.read() as connection:
            assert await tree.root(connection, (0, len(leaves))) == merkle.join(
                [merkle.fold(leaves[slice(*s.leaves)]) for s in merkle.cover((0, len(leaves)))]
            )


async def test_a_message_that_comes_again_is_not_recorded_again(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        said = heard([a_fact(n) for n in range(5)])
        await book.take(said)
        again = [Heard(s.sequence + 5, s.at_us, s.message_id, s.subject, s.payload) for s in said]
        stand = await book.take([*said, *again, *again])
        assert (stand.size, stand.sequence, stand.skipped) == (5, 10, 5)


async def test_messages_of_one_stretch_are_recorded_in_the_order_of_the_stream(
    database_url: str, tmp_path: Path
) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        said = heard([a_fact(n) for n in range(20)])
        await book.take(reversed(said))
        assert [row["sequence"] for row in await rows(book.db, RECORDS)] == list(range(1, 21))


async def test_the_same_id_with_other_bytes_is_another_record(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        (first, second) = heard([a_fact(1), a_fact(2)])
        forged = Heard(2, second.at_us, first.message_id, second.subject, second.payload)
        await book.take([first, forged])
        forged_again = Heard(3, second.at_us, first.message_id, second.subject, second.payload)
        stand = await book.take([forged_again])
        assert (stand.size, stand.skipped) == (2, 1)
        ids = [row["message_id"] for row in await rows(book.db, RECORDS)]
        assert ids[0] == first.message_id
        assert ids[1].startswith(f"{first.message_id}/")


STRANGE = [
    ("yutian.live.fact.v1.recorded.routine", b"not json"),
    ("yutian.live.fact.v9.recorded.routine", b"{}"),
    ("yutian", b""),
    ("yutian.live.delivery.v1.reported.sms.urgent", b'{"tally": 1}'),
    ("yutian.live.fact.v1.recorded.routine", a_fact(about="a\x00b" * 90, actor="\x07").to_bytes()),
    ("yutian.live.fact.v1.recorded.routine", a_fact(kind="a" * 3000, warning_id="w\x00" * 99).to_bytes()),
    ("yutian.live.fact.v1.recorded.routine", a_fact().to_bytes().replace(b"2026-", b"9999-")),
    (
        "yutian.live.fact.v1.recorded.routine",
        a_fact().to_bytes().replace(b"2026-06-01T04:00:00Z", b"0001-01-01T00:00:00+08:00"),
    ),
    ("yutian.registry.v1.changed.x", b'{"block":"district","sha256":"zz"}'),
    (
        "yutian.live.warning.v1.halted.urgent",
        AWarning().halted(revision=10**30).to_bytes(),
    ),
]


@pytest.mark.parametrize("message_id", ["", "x" * 5000, "é\x00", "0190-a/b"])
async def test_nothing_is_too_strange_to_be_kept(database_url: str, tmp_path: Path, message_id: str) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        said = [
            Heard(n, 1_000_000 * n, f"{message_id}{n}" if message_id else "", subject, payload)
            for n, (subject, payload) in enumerate(STRANGE, start=1)
        ]
        await book.take(said)
        found = await rows(book.db, RECORDS)
        assert [unpacked(row["payload"]) for row in found] == [payload for _, payload in STRANGE]
        assert [row["kind"] for row in found].count("unknown") == 8
        assert all(
            orjson.loads(row["leaf"])["subject"] == s for row, (s, _) in zip(found, STRANGE, strict=True)
        )


async def test_numbers_that_do_not_fit_do_not_stop_the_ledger(database_url: str, tmp_path: Path) -> None:
    warning = AWarning()
    huge = warning.plan().to_bytes().replace(b'"size":3', b'"size":99999999999')
    async with a_ledger(database_url, tmp_path) as book:
        await book.take([Heard(1, 1, "one", warning.plan().subject, huge)])
        assert [row["kind"] for row in await rows(book.db, RECORDS)] == ["unknown"]


async def test_sealed_bodies_do_not_stay_in_the_ledger(database_url: str, tmp_path: Path) -> None:
    warning = AWarning()
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(*warning.requests())
        for row, message in zip(await rows(book.db, RECORDS), warning.requests(), strict=True):
            kept = unpacked(row["payload"])
            assert (b"sha256:" in kept) is (message.batch is not None)
            assert chain.kept(message.subject, message.to_bytes()) == kept
            if message.batch:
                assert message.batch.sealed.encode() not in kept
                assert message.batch.hashes.encode() not in kept


@pytest.mark.parametrize("message", ["station.v1.told", "warning.v1.halted"])
def test_a_number_that_people_tell_each_other_is_kept_masked(message: str) -> None:
    written = (SAMPLES / f"{message}.json").read_bytes()
    words = "三户老人需要转移" if "told" in message else "正文中的时段写错"
    typed = written.replace(words.encode(), "打 138 1234 5678，再打一三九一二三四五六七八".encode())
    said = chain.kept(f"yutian.live.{message}.urgent", typed)
    assert chain.kept(f"yutian.live.{message}.urgent", written) == written
    assert said == typed.replace(b"138 1234 5678", b"138****5678").replace(
        "一三九一二三四五六七八".encode(), b"139****5678"
    )
    assert typed != written
    assert MESSAGES[message].from_bytes(said)


async def test_books_are_the_same_in_whatever_order_the_messages_come(
    database_url: str, tmp_path: Path
) -> None:
    warning = AWarning()
    said = heard(warning.whole())
    mixed = [Heard(n, *vars_of(one)) for n, one in enumerate(reversed(said), start=1)]
    async with a_ledger(database_url, tmp_path) as book:
        for one in mixed:
            await book.take([one])
        backwards = [await rows(book.db, table) for table in (DELIVERIES, TARGETS)]
    async with a_ledger(f"sqlite:///{tmp_path}/other/{{name}}.db", tmp_path) as book:
        await book.take(said)
        forwards = [await rows(book.db, table) for table in (DELIVERIES, TARGETS)]
    for one, other in zip(backwards, forwards, strict=True):
        assert [without(row) for row in one] == [without(row) for row in other]


def vars_of(one: Heard) -> tuple[int, str, str, bytes]:
    return one.at_us, one.message_id, one.subject, one.payload


def without(row):  # type: ignore[no-untyped-def]
    return {name: value for name, value in row.items() if name != "heard_at"}


@given(epoch=st.integers(1, 9), sequence=st.integers(1, 2**60), name=st.text(), subject=st.text())
def test_a_leaf_is_the_canonical_form_of_its_contract(
    epoch: int, sequence: int, name: str, subject: str
) -> None:
    one = Heard(sequence, 1_780_000_000_000_000, "", subject, b"{}")
    fields = {"epoch": epoch, "sequence": sequence, "recorded_at_us": one.at_us, "message_id": name}
    contract = Leaf(**fields, subject=subject, payload_sha256=sha256_hex(one.payload))
    assert chain.leaf_of(epoch, one, name, sha256_hex(one.payload)) == contract.to_bytes()


async def test_who_has_lost_the_lead_appends_nothing(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(a_fact())
        other = Leadership(book.db, "me")
        async with book.db.transaction() as tx:
            await other._claim_in(tx, "record")
        with pytest.raises(LostLead):
            await book.say(a_fact(2))
        async with book.db.read() as connection:
            assert await ledger.size(connection) == 1


async def test_two_appenders_at_once_make_one_chain(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        said = heard([a_fact(n) for n in range(50)])
        await asyncio.gather(
            *(book.take(said[start : start + 10]) for start in range(0, 50, 10)), return_exceptions=True
        )
        found = await rows(book.db, RECORDS)
        assert [row["position"] for row in found] == list(range(1, len(found) + 1))
        before = chain.GENESIS
        for row in found:
            assert row["chain"] == chain.linked(before, row["leaf"])
            before = row["chain"]
