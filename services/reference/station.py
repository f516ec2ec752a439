"""A headless warning terminal. A vendor can read it whole: it knows only the public contract.

It keeps its place in a file, verifies what it is given, plays, has a person confirm, and reports every fact.
"""

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from services.kit.errors import Refused
from services.reference.notebook import Notebook
from services.reference.signed import events, signed

BEAT_S = 60.0
SILENCE_S = 45.0
"""The house writes a comment every 15 s: after three of them the connection is dead."""

LONGEST_PAUSE_S = 30.0
LONGEST_PLAY_S = 120.0
WAIT_S = 25
STATUS = {"live": "Actual", "drill": "Exercise"}
IN_FORCE = ("alert", "update")
LONGEST_NAME = 60
_NOT_OURS = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND)
_NEVER_TAKEN = (400, 409, 413, 422)
"""Answers that stay the same however often one tells."""

Entry = dict[str, Any]


@dataclass
class Terminal:
    """One station in one mode, as its key says: `yt_live_...` or `yt_drill_...`."""

    code: str
    key: str
    http: httpx.AsyncClient
    notebook: Notebook
    certificate: str | None = None
    play: tuple[str, ...] = ()
    say: Callable[[str], None] = print
    offset_s: float = 0.0
    _at_work: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _speaker: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def mode(self) -> str:
        """The mode that the key is for; what comes of another mode is refused."""
        return "drill" if self.key.startswith("yt_drill_") else "live"

    @property
    def unconfirmed(self) -> dict[str, Entry]:
        """What nobody has confirmed yet, by name."""
        return self.notebook.unconfirmed

    def now(self) -> datetime:
        """Return the time by the server's clock: ours may be wrong by days."""
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.offset_s, UTC)

    # ---- taking

    def take(self, entry: Entry) -> None:
        """Take one entry of the sequence: refuse it, or print it, and have it played beside the stream."""
        if entry["kind"] == "summary":
            self.say(f"{entry['count']} older entries are over")
            return
        name = f"{entry['warning_id']}/{entry['revision']}/{entry['kind']}"
        why, words, verified = self.examine(entry)
        if entry["mode"] == self.mode:
            self.report(entry, "received")
        if why:
            self.say(f"refused {name}: {why}")
        elif name not in self._at_work and (name not in self.notebook.said or name in self.unconfirmed):
            self._end(entry)
            if verified:
                self.report(entry, "verified")
            drill = "【演练】" if self.mode == "drill" else ""
            trust = "verified" if verified else "NOT VERIFIED"
            self.say(f"{drill}{entry['level']} {entry['kind']} {words} [{trust}]")
            if entry["kind"] != "halt":
                self.unconfirmed[name] = entry
            self._at_work[name] = asyncio.create_task(self._sound(name, entry))

    def resume(self) -> None:
        """Go on after a power cut: what had not sounded to its end sounds, and all can still be confirmed."""
        for name, entry in list(self.unconfirmed.items()):
            if self.examine(entry)[0]:
                del self.unconfirmed[name]
            elif name not in self.notebook.said:
                self._at_work[name] = asyncio.create_task(self._sound(name, entry))

    def examine(self, entry: Entry) -> tuple[str | None, str, bool]:
        """Return why an entry is refused (or None), its words, and whether they were verified."""
        if entry["mode"] != self.mode:
            return f"it is of mode {entry['mode']}", "", False
        words, expires, verified = entry["title"], entry["expires"], False
        if self.certificate and entry["kind"] != "halt":
            try:
                found = signed(entry.get("cap_xml") or "", self.certificate)
            except ValueError as error:
                return str(error), "", False
            if found.status != STATUS[self.mode] or found.identifier != entry["identifier"]:
                return "another warning was signed, or one of another mode", "", False
            words, expires, verified = found.headline, found.expires, True
        if entry["kind"] in IN_FORCE:
            if datetime.fromisoformat(expires) <= self.now():
                return "it has expired", words, verified
            if entry["revision"] <= self.notebook.ended.get(entry["warning_id"], 0):
                return "it was ended", words, verified
        return None, words, verified

    def _end(self, entry: Entry) -> None:
        """End what an entry replaces, and silence it: revisions before it, by a halt its own too."""
        up_to = entry["revision"] - (entry["kind"] != "halt")
        self.notebook.end(entry["warning_id"], up_to)
        for name in [*self._at_work, *self.unconfirmed]:
            warning_id, revision, kind = name.split("/")
            if warning_id == entry["warning_id"] and int(revision) <= up_to and kind in IN_FORCE:
                self.unconfirmed.pop(name, None)
                if task := self._at_work.pop(name, None):
                    task.cancel()

    async def _sound(self, name: str, entry: Entry) -> None:
        """Play, one after the other; what was played to its end is not played again after a power cut."""
        async with self._speaker:
            if self.play and await self._played(entry):
                self.report(entry, "played")
        self.notebook.said.append(name)
        self.notebook.save()
        self._at_work.pop(name, None)
        await self.try_to_tell()

    async def _played(self, entry: Entry) -> bool:
        """Run the command that sounds; its environment says what it plays."""
        told = {name: str(entry.get(name) or "") for name in ("kind", "level", "mode", "title", "speech")}
        env = {**os.environ, **{f"WARNING_{name.upper()}": value for name, value in told.items()}}
        child = None
        try:
            nothing = asyncio.subprocess.DEVNULL
            child = await asyncio.create_subprocess_exec(*self.play, env=env, stdin=nothing)
            return await asyncio.wait_for(child.wait(), LONGEST_PLAY_S) == 0
        except (OSError, TimeoutError) as error:
            self.say(f"nothing was played: {type(error).__name__}")
            return False
        finally:
            if child is not None and child.returncode is None:
                child.kill()

    # ---- telling

    def report(self, entry: Entry, fact: str, by: str | None = None) -> None:
        """Queue a fact. Told late, twice or out of order it does no harm; lost it would."""
        told = {"sequence": entry["sequence"], "fact": fact, "at": self.now().isoformat()}
        self.notebook.facts.append({**told, **({"by": by} if by else {})})
        self.notebook.save()

    def confirm(self, by: str) -> None:
        """Somebody has read what there is, and says so with his name."""
        by = name_in(by)
        for entry in self.unconfirmed.values():
            self.report(entry, "confirmed", by)
            self.say(f"confirmed by {by}: {entry['title']}")
        self.unconfirmed.clear()
        self.notebook.save()

    async def tell(self) -> None:
        """Tell what is queued; struck out is what was taken, and what never will be."""
        while some := self.notebook.facts[:100]:
            await self._tell(some)
            self.notebook.facts = [one for one in self.notebook.facts if one not in some]
            self.notebook.save()

    async def _tell(self, some: list[dict[str, Any]]) -> None:
        """Tell some facts; where they are refused for good, each by itself: a bad one holds up no other."""
        try:
            await self.ask("POST", "reports", {"reports": some})
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in _NEVER_TAKEN:
                raise
            if len(some) == 1:
                what = f"{some[0]['fact']} of {some[0]['sequence']}"
                self.say(f"{what} is not taken: {error.response.status_code}")
                return
            for one in some:
                await self._tell([one])

    async def try_to_tell(self) -> None:
        """Tell, unless there is no connection: then it is told later."""
        with contextlib.suppress(httpx.HTTPError, Refused):
            await self.tell()

    async def ask(self, method: str, what: str, body: Any = None, wait_s: float = 0) -> Any:
        """Ask the house; raise Refused when the key is not, or no longer, good."""
        path, headers = f"/api/v1/stations/{self.code}/{what}", {"authorization": f"Bearer {self.key}"}
        reply = await self.http.request(method, path, json=body, headers=headers, timeout=wait_s + 20)
        _admitted(reply)
        answer = reply.json()
        self._set_clock(answer["server_time"])
        return answer

    def _set_clock(self, server_time: str) -> None:
        self.offset_s = datetime.fromisoformat(server_time).timestamp() - datetime.now(UTC).timestamp()

    async def beat(self) -> None:
        """Give a sign of life every minute, and tell what could not be told before."""
        while True:
            clock = datetime.now(UTC).isoformat()
            body = {"terminal": "reference", "seq": self.notebook.sequence, "clock": clock}
            with contextlib.suppress(httpx.HTTPError):
                await self.ask("POST", "heartbeat", body)
                await self.tell()
            await asyncio.sleep(BEAT_S)

    # ---- following

    async def follow(self, *, long_poll: bool = False) -> None:
        """Follow the sequence for ever, by a stream or by long polls; after a loss wait, longer each time."""
        failures = 0
        self.resume()
        while True:
            before = self.notebook.sequence
            try:
                await (self._poll() if long_poll else self._stream())
                failures = 0
            except (httpx.HTTPError, ValueError, KeyError) as error:
                failures = 1 if self.notebook.sequence > before else failures + 1
                self.say(f"connection lost: {type(error).__name__}")
            pause = min(LONGEST_PAUSE_S, 2 ** min(failures, 9) / 2) if failures else 0
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 (jitter)

    async def _poll(self) -> None:
        path = f"alerts?after={self.notebook.sequence}&wait={WAIT_S}"
        page = await self.ask("GET", path, wait_s=WAIT_S)
        for entry in page["data"]:
            self.take(entry)
        await self._reach(page["next"])

    async def _stream(self) -> None:
        headers = {"authorization": f"Bearer {self.key}", "last-event-id": str(self.notebook.sequence)}
        path, patience = f"/api/v1/stations/{self.code}/stream", httpx.Timeout(20, read=SILENCE_S)
        async with self.http.stream("GET", path, headers=headers, timeout=patience) as reply:
            _admitted(reply)
            async for kind, data, sequence in events(reply):
                if kind == "hello":
                    self._set_clock(data["server_time"])
                    await self.tell()
                else:
                    self.take(data)
                if sequence is not None:
                    await self._reach(sequence)

    async def _reach(self, sequence: int) -> None:
        """Note how far we are: what was not handled to its end is sent again."""
        self.notebook.sequence = sequence
        self.notebook.save()
        await self.tell()


def _admitted(reply: httpx.Response) -> None:
    if reply.status_code in _NOT_OURS:
        raise Refused(f"the house answers {reply.status_code}", mend="look at the code and at the key")
    reply.raise_for_status()


def name_in(typed: str) -> str:
    """Return the name that was typed, without what cannot be seen, such as an arrow key."""
    return "".join(filter(str.isprintable, typed)).strip()[:LONGEST_NAME]


async def confirmations(terminal: Terminal, by: str) -> None:
    """Take each line that is typed as a confirmation: a name, or nothing for the usual one."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        terminal.confirm(name_in(line.decode(errors="replace")) or by)
        await terminal.try_to_tell()
