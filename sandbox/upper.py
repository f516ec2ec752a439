"""The 12379 platform above: fetches zips from a folder, looks at them strictly, puts acknowledgements back.

Its folder lies on this disk. It is reached by FTP, as in earnest, or by a face of HTTP that a test can spoil.
"""

import asyncio
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aioftp
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from lxml import etree

from sandbox.faults import FaultKind, Faults, install

_MOST_BYTES = 1 << 20
_ORDER = ["identifier", "sender", "senderCode", "sendTime", "status", "msgType", "scope", "code"]
_ORDER += ["secClassification", "note", "references", "info"]
_IDENTIFIER = re.compile(r"\d{14}_\d{14}(_\d)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+08:00")
_NEEDED = ("eventType", "severity", "effective", "expires", "headline", "description", "senderName")
_LOOK_S = 0.5


class Objection(Exception):
    """What is wrong with a file: a code, and what it means."""

    def __init__(self, code: str, note: str) -> None:
        super().__init__(code)
        self.code = code
        self.note = note


@dataclass(frozen=True)
class Taken:
    """A message that the platform took."""

    identifier: str
    msg_type: str
    status: str
    references: str
    headline: str
    note: str
    geocode: str
    at: datetime


@dataclass
class Platform:
    """The platform, its folder, and what it took."""

    root: Path
    user: str = "qijiang"
    password: str = "sandbox"
    takes_after_s: float = 0.0
    """How long a file lies there before it is fetched."""
    acks_after_s: float = 0.0
    """How long after that its acknowledgement comes."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    taken: dict[str, Taken] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    duplicates: int = 0
    refuses: str = ""
    """A code with which everything is refused."""
    port: int = 0
    _seen: dict[str, datetime] = field(default_factory=dict)
    _acks: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in ("in", "ack"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)

    def look(self) -> None:
        """Fetch what has lain there long enough, and write the acknowledgements that are due."""
        for path in sorted((self.root / "in").glob("*.zip")):
            if self.now() - self._seen.setdefault(path.name, self.now()) >= timedelta(
                seconds=self.takes_after_s
            ):
                content = path.read_bytes()
                path.unlink()
                del self._seen[path.name]
                self._fetched(path.stem, content)
        for stem, (at, content) in list(self._acks.items()):
            if self.now() >= at:
                del self._acks[stem]
                (self.root / "ack" / f"{stem}.xml").write_bytes(content)

    def _fetched(self, stem: str, content: bytes) -> None:
        try:
            if self.refuses:
                raise Objection(self.refuses, "refused")
            message = self._checked(stem, content)
            self.taken[message.identifier] = message
            answer = _ack("0", "", "received")
        except Objection as objection:
            self.refused.append((stem, objection.code))
            answer = _ack("1", objection.code, objection.note)
        self._acks[stem] = (self.now() + timedelta(seconds=self.acks_after_s), answer)

    def _checked(self, stem: str, content: bytes) -> Taken:
        message = _read(stem, content, self.now())
        if message.identifier in self.taken:
            self.duplicates += 1
            raise Objection("E09", "the identifier was used before")
        if message.msg_type == "Cancel" and message.references not in self.taken:
            raise Objection("E10", "what is cancelled is not known here")
        return message

    def standing(self) -> list[Taken]:
        """Return the warnings that stand above: not cancelled since they were first said."""
        over = {message.references for message in self.taken.values() if message.msg_type == "Cancel"}
        said = (message for message in self.taken.values() if message.msg_type != "Cancel")
        return [message for message in said if (message.references or message.identifier) not in over]

    def view(self) -> dict[str, Any]:
        """Return what the platform holds, as GET /state shows it."""
        messages = [
            {"identifier": m.identifier, "msg_type": m.msg_type, "headline": m.headline}
            for m in self.taken.values()
        ]
        refused = [{"file": stem, "code": code} for stem, code in self.refused]
        return {"messages": messages, "refused": refused, "duplicates": self.duplicates}

    async def run(self) -> None:
        """Serve the folder by FTP, and look into it for ever."""
        user = aioftp.User(self.user, self.password, base_path=self.root)
        server = aioftp.Server([user])
        await server.start("127.0.0.1", self.port)
        self.port = server.server_port
        try:
            while True:
                await asyncio.to_thread(self.look)
                await asyncio.sleep(_LOOK_S)
        finally:
            await server.close()


def create(state: Platform) -> FastAPI:
    """Return the folder of the platform as a web application, for tests that spoil the way to it."""
    app = FastAPI(title="12379", docs_url=None, redoc_url=None)
    install(app, state.faults, state.view)

    @app.put("/put/{path:path}")
    async def put(path: str, request: Request) -> dict[str, Any]:
        _enter(state, request)
        (state.root / path).write_bytes(await request.body())
        return {"put": path}

    @app.post("/name/{path:path}")
    async def name(path: str, to: str, request: Request) -> dict[str, Any]:
        _enter(state, request)
        found = (state.root / path).exists()
        if found:
            (state.root / path).rename(state.root / to)
        return {"named": found}

    @app.get("/has/{path:path}")
    async def has(path: str, request: Request) -> dict[str, Any]:
        _enter(state, request)
        return {"has": (state.root / path).exists()}

    @app.get("/file/{path:path}")
    async def read(path: str, request: Request) -> Response:
        _enter(state, request)
        file = state.root / path
        return Response(file.read_bytes()) if file.exists() else JSONResponse({"missing": True}, 404)

    @app.delete("/file/{path:path}")
    async def remove(path: str, request: Request) -> dict[str, Any]:
        _enter(state, request)
        found = (state.root / path).exists()
        (state.root / path).unlink(missing_ok=True)
        return {"removed": found}

    return app


def _enter(state: Platform, request: Request) -> None:
    if request.headers.get("authorization") != f"Bearer {state.password}":
        raise HTTPException(401, "who is there?")
    if fault := state.faults.take(FaultKind.REFUSE, request.url.path):
        raise HTTPException(fault.code or 503, "not now")
    state.look()


def _read(stem: str, content: bytes, now: datetime) -> Taken:
    root = _document(stem, content)
    if root.tag != "alert" or [child.tag for child in root] != _ORDER:
        raise Objection("E03", "the elements are not those of the profile, in their order")
    said = {name: (root.findtext(name) or "").strip() for name in _ORDER}
    info = root.find("info")
    assert info is not None
    if not _IDENTIFIER.fullmatch(said["identifier"]) or not said["identifier"].startswith(said["senderCode"]):
        raise Objection("E04", "the identifier is not one")
    if not all((info.findtext(name) or "").strip() for name in _NEEDED):
        raise Objection("E05", "something is missing that is needed")
    times = (said["sendTime"], *(info.findtext(name) or "" for name in ("effective", "expires")))
    if not all(map(_TIME.fullmatch, times)):
        raise Objection("E06", "a time is not written as the profile has it")
    if info.findtext("area/geocode") in (None, ""):
        raise Objection("E07", "there is no area")
    event, colour = info.findtext("eventType"), (info.findtext("severity") or "").upper()
    if stem != f"{said['identifier']}_{event}_{colour}_{said['msgType']}":
        raise Objection("E08", "the file's name is not that of its content")
    return Taken(
        identifier=said["identifier"],
        msg_type=said["msgType"],
        status=said["status"],
        references=said["references"],
        headline=info.findtext("headline") or "",
        note=said["note"],
        geocode=info.findtext("area/geocode") or "",
        at=now,
    )


def _document(stem: str, content: bytes) -> etree._Element:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (member,) = archive.infolist()
            if member.filename != f"{stem}.xml" or member.file_size > _MOST_BYTES:
                raise Objection("E01", "the zip does not hold its one file")
            document = archive.read(member)
    except (zipfile.BadZipFile, ValueError):
        raise Objection("E01", "the zip cannot be read") from None
    try:
        return etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise Objection("E02", "the file is not XML") from None


def _ack(status: str, code: str, note: str) -> bytes:
    root = etree.Element("msg")
    rows = etree.SubElement(etree.SubElement(root, "data"), "rows")
    for name, text in (("status", status), ("error_code", code), ("note", note)):
        etree.SubElement(rows, name).text = text
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
