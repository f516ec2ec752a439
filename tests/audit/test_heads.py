"""Heads outside the database: kept in two places, and by them is found what is done to the ledger."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, update

from services.audit.actions import heads, sign
from services.audit.actions.heads import Keeper
from services.audit.heads import FilePlace, FolderPlace, HttpPlace, places
from services.audit.model import checkpoint
from services.audit.store.tables import EPOCHS, HEADS, NODES, RECORDS
from services.kit.crypto import SoftwareCrypto
from services.kit.errors import Retry
from tests.audit.audit_make import AWarning, a_fact
from tests.audit.keeping_make import AKeeping, a_keeping
from tests.audit.ledger_make import heard


async def signed(keeping: AKeeping, place: Any, rounds: int = 4) -> None:
    """Record some facts, sign after each round, and take the heads to the place."""
    for n in range(rounds):
        await keeping.book.say(a_fact(2 * n), a_fact(2 * n + 1))
        found = await sign.head(keeping.db, keeping.book.signer)
        await sign.mark(keeping.db, found)
        await keeping.flow()
        await Keeper(keeping.db, place, keeping.book.signer).step()


async def named(keeping: AKeeping, *where: Any, whole: bool = False) -> set[str]:
    found = await heads.compare(keeping.db, keeping.book.signer, where, whole=whole)
    return {difference.what for difference in found}


async def test_every_head_lies_in_the_file_and_verify_reads_it(database_url: str, tmp_path: Path) -> None:
    place = FilePlace(tmp_path / "out/heads")
    async with a_keeping(database_url, tmp_path) as keeping:
        await signed(keeping, place)
        rows = await keeping.db.rows(select(HEADS).order_by(HEADS.c.size))
        kept = checkpoint.read_all(place.path.read_text())
        assert [one.text() for one in kept] == [row["checkpoint"] for row in rows]
        assert await named(keeping, place) == await named(keeping, place, whole=True) == set()


async def test_a_head_is_said_as_a_fact_hourly_and_after_each_warning(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:

        async def marks() -> bool:
            return await sign.mark(keeping.db, await sign.head(keeping.db, keeping.book.signer))

        await keeping.book.say(a_fact())
        assert await marks()
        assert not await marks()
        await keeping.book.say(a_fact())
        assert not await marks()
        keeping.clock.move(hours=1)
        assert await marks()
        await keeping.flow()
        assert not await marks()
        warning = AWarning()
        for message in (warning.published(), warning.halted()):
            await keeping.book.say(message)
            assert await marks()
        rows = await keeping.db.rows(select(RECORDS.c.kind).where(RECORDS.c.kind == "head.signed"))
        assert len(rows) == 2


async def test_a_torn_end_of_the_file_is_cut_and_written_again(tmp_path: Path) -> None:
    async with a_keeping(f"sqlite:///{tmp_path}/db/{{name}}.db", tmp_path) as keeping:
        place = FilePlace(tmp_path / "heads")
        await signed(keeping, place, 2)
        whole = place.path.read_text()
        place.path.write_text(whole + whole[:50])
        assert len(await place.kept(whole=True)) == 2
        await signed(keeping, place, 1)
        assert len(checkpoint.read_all(place.path.read_text())) == 3


@pytest.mark.parametrize("cut", range(8))
async def test_the_end_of_a_long_file_is_read_wherever_it_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    async with a_keeping(f"sqlite:///{tmp_path}/db/{{name}}.db", tmp_path) as keeping:
        place = FilePlace(tmp_path / "heads")
        await signed(keeping, place, 3)
        content = place.path.read_bytes()
        dash = content.find("\N{EM DASH}".encode())
        monkeypatch.setattr("services.audit.heads.TAIL", len(content) - dash + 3 - cut)
        assert [one.head.size for one in await place.kept(whole=False)]
        await signed(keeping, place, 1)
        assert len(await place.kept(whole=True)) == 4


async def test_a_file_of_something_else_stops_no_worker_and_is_told_when_it_lasts(tmp_path: Path) -> None:
    async with a_keeping(f"sqlite:///{tmp_path}/db/{{name}}.db", tmp_path) as keeping:
        place = FilePlace(tmp_path / "heads")
        await signed(keeping, place, 2)
        content = place.path.read_bytes()
        place.path.write_bytes(b"\xff\xfe\n" + content)
        await keeping.book.say(a_fact(50))
        found = await sign.head(keeping.db, keeping.book.signer)
        with pytest.raises(Retry):
            await place.put(checkpoint.read(found.checkpoint))
        for minutes in (0, 6):
            keeping.clock.move(minutes=minutes)
            with pytest.raises(Retry):
                await Keeper(keeping.db, place, keeping.book.signer).step()
        late = await heads.compare(keeping.db, keeping.book.signer, [])
        assert [one.what for one in late] == ["heads-behind"]
        place.path.write_bytes(content)
        await Keeper(keeping.db, place, keeping.book.signer).step()
        assert await named(keeping, place) == set()


async def tear(keeping: AKeeping, upto: int) -> None:
    """Do what restoring yesterday's backup does."""
    async with keeping.db.transaction() as tx:
        await tx.execute(delete(RECORDS).where(RECORDS.c.position > upto))
        await tx.execute(delete(HEADS).where(HEADS.c.size > upto))
        await tx.execute(delete(NODES))
        await tx.execute(update(EPOCHS).values(sequence=upto))


async def test_a_ledger_restored_from_a_backup_is_known_and_refilled_to_the_same_heads(
    database_url: str, tmp_path: Path
) -> None:
    place = FolderPlace(tmp_path / "second")
    async with a_keeping(database_url, tmp_path) as keeping:
        stream = heard([a_fact(n) for n in range(40)])
        for n in range(0, 40, 10):
            await keeping.book.take(stream[n : n + 10])
            await sign.head(keeping.db, keeping.book.signer)
            await Keeper(keeping.db, place, keeping.book.signer).step()
        before = await keeping.db.rows(select(HEADS.c.checkpoint).order_by(HEADS.c.size))
        await tear(keeping, 10)
        assert await named(keeping, place) == {"ledger-restored"}
        await keeping.book.reopen()
        await keeping.book.take(stream[10:])
        await Keeper(keeping.db, place, keeping.book.signer).step()
        assert await named(keeping, place) == set()
        assert await keeping.db.rows(select(HEADS.c.checkpoint).order_by(HEADS.c.size)) == before


async def test_a_ledger_that_is_refilled_with_something_else_is_broken_where_it_differs(
    database_url: str, tmp_path: Path
) -> None:
    place = FilePlace(tmp_path / "heads")
    async with a_keeping(database_url, tmp_path) as keeping:
        stream = heard([a_fact(n) for n in range(30)])
        for n in range(0, 30, 10):
            await keeping.book.take(stream[n : n + 10])
            await sign.head(keeping.db, keeping.book.signer)
            await Keeper(keeping.db, place, keeping.book.signer).step()
        await tear(keeping, 10)
        await keeping.book.reopen()
        await keeping.book.take(heard([a_fact(n) for n in range(100, 125)], 11))
        await Keeper(keeping.db, place, keeping.book.signer).step()
        found = await heads.compare(keeping.db, keeping.book.signer, [place])
        assert [(d.what, d.why) for d in found] == [
            ("ledger-broken", "records 11 to 20 are not those over which a head was signed"),
            ("ledger-broken", "records 11 to 30 are not those over which a head was signed"),
        ]


Act = Callable[[AKeeping, FilePlace], Awaitable[None]]


async def _delete_from_database(keeping: AKeeping, place: FilePlace) -> None:
    rows = await keeping.db.rows(select(HEADS.c.size).order_by(HEADS.c.size))
    async with keeping.db.transaction() as tx:
        await tx.execute(delete(HEADS).where(HEADS.c.size == rows[1]["size"]))


async def _delete_from_file(keeping: AKeeping, place: FilePlace) -> None:
    lines = place.path.read_text().splitlines(keepends=True)
    place.path.write_text("".join(lines[:5] + lines[10:]))


async def _cut_file(keeping: AKeeping, place: FilePlace) -> None:
    lines = place.path.read_text().splitlines(keepends=True)
    place.path.write_text("".join(lines[:-5]))


async def _remove_file(keeping: AKeeping, place: FilePlace) -> None:
    place.path.unlink()


async def _flip_in_file(keeping: AKeeping, place: FilePlace) -> None:
    text = place.path.read_text()
    place.path.write_text(text.replace("ledger\n", "ledgex\n", 1))


async def _sign_anew(keeping: AKeeping, place: FilePlace) -> None:
    crypto = keeping.book.crypto
    crypto.keys.add("ledger", Ed25519PrivateKey.generate().private_bytes_raw())
    other = sign.Signer(SoftwareCrypto(crypto.keys), keeping.book.signer.origin)
    async with keeping.db.transaction() as tx:
        row = (await tx.execute(select(HEADS).order_by(HEADS.c.size).limit(1))).mappings().one()
        key_id, head = other.sign(checkpoint.read(row["checkpoint"]).head)
        forged = update(HEADS).where(HEADS.c.size == row["size"])
        await tx.execute(forged.values(key_id=key_id, checkpoint=head.text()))


async def _other_root(keeping: AKeeping, place: FilePlace) -> None:
    async with keeping.db.transaction() as tx:
        await tx.execute(update(HEADS).values(root=bytes(32)))


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (_delete_from_database, "heads-missing"),
        (_delete_from_file, "heads-missing"),
        (_cut_file, "heads-missing"),
        (_remove_file, "heads-missing"),
        (_flip_in_file, "head-forged"),
        (_sign_anew, "head-forged"),
        (_other_root, "head-forged"),
    ],
)
async def test_what_is_done_to_heads_is_found(
    database_url: str, tmp_path: Path, act: Act, expected: str
) -> None:
    place = FilePlace(tmp_path / "out/heads")
    async with a_keeping(database_url, tmp_path) as keeping:
        await signed(keeping, place)
        await act(keeping, place)
        assert expected in await named(keeping, place)
        assert expected in await named(keeping, place, whole=True)


async def test_a_head_that_was_deleted_everywhere_is_missed_by_its_fact(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        place = FilePlace(tmp_path / "heads")
        await signed(keeping, place)
        keeping.clock.move(hours=2)
        await signed(keeping, place)
        sizes = [row["size"] for row in await keeping.db.rows(select(HEADS.c.size).order_by(HEADS.c.size))]
        async with keeping.db.transaction() as tx:
            await tx.execute(delete(HEADS).where(HEADS.c.size == sizes[4]))
        place.path.unlink()
        assert "heads-missing" in await named(keeping)


async def test_a_key_that_was_changed_as_it_should_be_is_no_forgery(
    database_url: str, tmp_path: Path
) -> None:
    place = FilePlace(tmp_path / "heads")
    async with a_keeping(database_url, tmp_path) as keeping:
        await signed(keeping, place)
        keys = keeping.book.crypto.keys
        keys.add("ledger", Ed25519PrivateKey.generate().private_bytes_raw())
        keeping.book.signer = sign.Signer(SoftwareCrypto(keys), keeping.book.signer.origin)
        await signed(keeping, place)
        assert await named(keeping, place, whole=True) == set()
        kinds = {row["kind"] for row in await keeping.db.rows(select(RECORDS.c.kind))}
        assert "ledger.key-changed" in kinds


async def test_a_second_place_takes_heads_by_put_or_post_and_is_told_when_it_is_behind(
    database_url: str, tmp_path: Path
) -> None:
    taken: list[tuple[str, str, str]] = []
    away, posts_only = False, False

    def answer(request: httpx.Request) -> httpx.Response:
        if away or (posts_only and request.method == "PUT"):
            return httpx.Response(405 if posts_only and not away else 503)
        taken.append((request.method, request.url.path, request.content.decode()))
        return httpx.Response(201)

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http,
        a_keeping(database_url, tmp_path) as keeping,
    ):
        place = HttpPlace(http, "http://far/heads/")
        await signed(keeping, place, 1)
        away = True
        with pytest.raises(Retry):
            await signed(keeping, place, 1)
        assert await named(keeping, place) == set()
        keeping.clock.move(minutes=6)
        assert await named(keeping, place) == {"heads-behind"}
        away, posts_only = False, True
        await signed(keeping, place, 1)
        assert await named(keeping, place) == set()
        rows = await keeping.db.rows(select(HEADS.c.checkpoint).order_by(HEADS.c.size))
        assert [text for _, _, text in taken] == [row["checkpoint"] for row in rows]
        assert [method for method, _, _ in taken] == ["PUT", "POST", "POST"]
        assert taken[0][1] == "/heads/2"


async def test_what_cannot_be_written_waits_and_signing_goes_on(tmp_path: Path) -> None:
    (tmp_path / "wall").write_text("not a folder")
    async with (
        a_keeping(f"sqlite:///{tmp_path}/db/{{name}}.db", tmp_path) as keeping,
        httpx.AsyncClient() as http,
    ):
        for place in places(tmp_path / "wall/heads", str(tmp_path / "wall/second"), http):
            await keeping.book.say(a_fact())
            with pytest.raises(Retry):
                await signed(keeping, place, 1)
        assert (await sign.head(keeping.db, keeping.book.signer)).size > 0


async def test_a_folder_never_writes_over_a_head(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "second")
    one = checkpoint.SignedHead(checkpoint.Head("a", 5, bytes(32)), b"1234", bytes(64))
    two = checkpoint.SignedHead(checkpoint.Head("a", 5, bytes(32)), b"1235", bytes(64))
    await place.put(one)
    await place.put(one)
    with pytest.raises(Retry):
        await place.put(two)
    assert await place.kept(whole=True) == [one]
