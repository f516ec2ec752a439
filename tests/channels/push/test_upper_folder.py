"""The folder of the platform above us, on a disk and on a real FTP server, and servers that are none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aioftp
import pytest
from pydantic import SecretStr

from contracts.outcome import TargetState
from sandbox import upper
from services.channels.push.adapter import Unset, Unwell
from services.channels.push.store.serials import Serials
from services.channels.push.upper.adapter import Upper
from services.channels.push.upper.exchange import Disk, Exchange
from services.channels.push.upper.ftp import Ftp
from services.channels.push.worker import Workers
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Invalid
from tests.channels.push.push_make import PushHouse, only
from tests.channels.push.test_exam_upper import PATIENCE, UpperCandidate
from tests.clock import HandClock

USER, PASSWORD = "qijiang", "a-password"
Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the two in it."""
    for name in ("in", "ack"):
        (tmp_path / "shared" / name).mkdir(parents=True)
    return tmp_path / "shared"


@asynccontextmanager
async def a_server(root: Path, **rights: bool) -> AsyncIterator[int]:
    permissions = [aioftp.Permission("/", **rights)] if rights else None
    server = aioftp.Server([aioftp.User(USER, PASSWORD, base_path=root, permissions=permissions)])
    await server.start("127.0.0.1", 0)
    try:
        yield server.server_port
    finally:
        await server.close()


def at(port: int, password: str = PASSWORD, timeout_s: float = 5.0) -> Ftp:
    return Ftp(f"ftp://{USER}@127.0.0.1:{port}/", SecretStr(password), timeout_s)


@pytest.fixture(params=["disk", "ftp"])
async def exchange(request: pytest.FixtureRequest, root: Path) -> AsyncIterator[Exchange]:
    """The folder by one of its two ways."""
    if request.param == "disk":
        yield Disk(root, 5.0)
        return
    async with a_server(root) as port:
        yield at(port)


async def test_a_file_is_put_named_read_and_removed(exchange: Exchange, root: Path) -> None:
    await exchange.put("in/a.part", b"first")
    await exchange.put("in/a.part", b"x" * 100_000)
    assert await exchange.has("in")
    assert not await exchange.has("in/a")
    assert await exchange.rename("in/a.part", "in/a")
    assert not await exchange.rename("in/a.part", "in/a")
    assert (root / "in" / "a").stat().st_size == 100_000
    assert await exchange.read("in/a", 200_000) == b"x" * 100_000
    assert await exchange.read("in/a", 999) == b"x" * 1000
    assert await exchange.read("in/none", 999) is None
    assert await exchange.remove("in/a")
    assert not await exchange.remove("in/a")
    assert not await exchange.has("nowhere")


async def test_a_folder_that_is_not_there_is_for_an_operator(exchange: Exchange) -> None:
    with pytest.raises(Unset):
        await exchange.put("nowhere/a", b"x")


async def test_a_whole_warning_goes_up_by_either_way(
    exchange: Exchange, root: Path, migrated: Path, clock: HandClock, crypto: SoftwareCrypto
) -> None:
    candidate = UpperCandidate(clock, crypto)
    candidate.platform = platform = upper.Platform(root, now=clock)
    db = Database("upper", f"sqlite:///{migrated}/house.db", clock)
    adapter = Upper(exchange, Serials(db), PATIENCE)
    house = PushHouse(db, clock, Workers(db, adapter, crypto), crypto)
    request = candidate.request()
    assert await adapter.probe() == "both folders are there"
    await house.take(request)
    await house.once()
    assert await house.tally(request) == only(sent=2)
    platform.look()
    await house.work(5)
    assert await house.tally(request) == {TargetState.RECEIVED: 2}
    assert [m.msg_type for m in platform.taken.values()] == ["Alert"]
    await db.close()


async def test_a_wrong_password_is_for_an_operator_and_is_not_repeated(root: Path) -> None:
    async with a_server(root) as port:
        with pytest.raises(Unset, match="answered 530") as unset:
            await at(port, "wrong-password").has("in")
    assert "wrong-password" not in str(unset.value)


async def test_a_folder_that_may_not_be_written_to_is_for_an_operator(root: Path) -> None:
    async with a_server(root, readable=True, writable=False) as port:
        with pytest.raises(Unset):
            await at(port).put("in/a", b"x")
    assert list((root / "in").iterdir()) == []


async def test_a_file_that_may_not_be_named_was_not_handed_up(
    root: Path, migrated: Path, clock: HandClock, crypto: SoftwareCrypto, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, allowed = aioftp.Server.rnto, asyncio.Event()

    async def as_allowed(server: aioftp.Server, connection: aioftp.Connection, rest: str) -> bool:
        """Answer as servers do that take files and let nobody name them."""
        if allowed.is_set():
            return bool(await name(server, connection, rest))
        connection.response("550", "permission denied")
        return True

    monkeypatch.setattr(aioftp.Server, "rnto", as_allowed)
    async with a_server(root) as port:
        db = Database("upper", f"sqlite:///{migrated}/house.db", clock)
        house = PushHouse(db, clock, Workers(db, Upper(at(port), Serials(db), PATIENCE), crypto), crypto)
        request = UpperCandidate(clock, crypto).request()
        await house.take(request)
        await house.work(120)
        assert [path.suffix for path in (root / "in").iterdir()] == [".part"]
        assert await house.tally(request) == only(queued=2)
        allowed.set()
        await house.work(120)
        assert [path.suffix for path in (root / "in").iterdir()] == [".zip"]
        await db.close()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def _saying(*lines: bytes) -> Conversation:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line)
            await writer.drain()
            await reader.readline()
        writer.close()

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        _silent,
        _saying(),
        _saying(b"HTTP/1.1 200 OK\r\n\r\n"),
        _saying(b"\xff\xfe\x00\r\n"),
        _saying(b"421 too many\r\n"),
        _saying(b"220 hello\r\n", b"331 who\r\n"),
        _saying(b"220 hello\r\n", b"230 in\r\n", b"229 Entering (|||99999|)\r\n"),
        _saying(b"220 hello\r\n", b"230 in\r\n", b"200 fine\r\n", b"227 (9,9,9,9,0,1)\r\n"),
        _saying(b"220-" + b"x" * 200_000 + b"\r\n"),
    ],
    ids=["silent", "closed", "http", "binary", "busy", "half", "no-port", "elsewhere", "long"],
)
async def test_a_server_that_is_none_is_unwell_in_time(talk: Conversation) -> None:
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    begun = asyncio.get_running_loop().time()
    for step in (
        lambda: at(port, timeout_s=0.4).put("in/a", b"x"),
        lambda: at(port, timeout_s=0.4).read("a", 9),
    ):
        with pytest.raises(Unwell) as unwell:
            await step()
        assert PASSWORD not in str(unwell.value)
    assert asyncio.get_running_loop().time() - begun < 3
    server.close()


async def test_nobody_at_the_address_is_unwell() -> None:
    with pytest.raises(Unwell):
        await at(1).has("in")


@pytest.mark.parametrize("url", ["http://host/folder", "ftp:///folder", "nonsense"])
def test_an_address_that_is_none_is_refused_by_name(url: str) -> None:
    with pytest.raises(Invalid, match="YUTIAN_UPPER_URL"):
        Ftp(url, SecretStr(""), 1.0)


async def test_the_sandbox_serves_its_folder_by_ftp(tmp_path: Path) -> None:
    platform = upper.Platform(tmp_path / "platform")
    serving = asyncio.ensure_future(platform.run())
    async with asyncio.timeout(10):
        while not platform.port:
            await asyncio.sleep(0.01)
    folder = Ftp(f"ftp://{platform.user}@127.0.0.1:{platform.port}/", SecretStr(platform.password), 5.0)
    await folder.put("in/a_b_c_d.zip", b"no zip")
    async with asyncio.timeout(10):
        while (answer := await folder.read("ack/a_b_c_d.xml", 9999)) is None:
            await asyncio.sleep(0.05)
    assert b"E01" in answer
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
