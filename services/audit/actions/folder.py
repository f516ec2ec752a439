"""Make a case folder: everything the ledger holds of a warning up to one signed head, in flat memory.

The same position gives the same bytes: times are those of the records and of the head, never of the making.
"""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO, BinaryIO
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.canonical import canonical_bytes
from services.audit.actions import ask, sign
from services.audit.actions.sign import Signed, Signer
from services.audit.folder import files, index
from services.audit.folder.archive import PIECE, Writer
from services.audit.folder.contents import (
    CONTENTS,
    HEAD,
    INDEX,
    KEYS,
    LATER,
    NAMES,
    RECORDS,
    TIMELINE,
    VERIFY,
    Contents,
    record_line,
)
from services.audit.folder.index import Face
from services.audit.folder.story import Story
from services.audit.model.differences import Patience, differences
from services.audit.model.entry import Entry, read
from services.audit.store import ledger, questions, tree
from services.audit.store.proofs import Prover
from services.audit.store.questions import Record
from services.kit.clock import beijing
from services.kit.db import Database
from services.kit.errors import Invalid, NotFound, Retry

AT_ONCE = 100
"""Records in memory at a time."""

GRACE = timedelta(seconds=60)


@dataclass
class _Making:
    """A folder that is being made."""

    zip: Writer
    story: Story
    names: dict[str, str] = field(default_factory=dict)
    looked_up: set[str] = field(default_factory=set)
    """What is called by one name is called so to the end, whatever the registry says meanwhile."""


async def folder(
    db: Database,
    signer: Signer,
    warning_id: UUID,
    out: BinaryIO,
    *,
    upto: int | None = None,
    later: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> Contents:
    """Write the folder of a warning; raise NotFound when the ledger knows no such warning up to there.

    `upto` is the size of a head that was signed before; `later` adds the proof that the newest one grew
    out of it.
    """
    head = await _head(db, signer, upto)
    making = _Making(await asyncio.to_thread(Writer, out), Story(str(warning_id)))
    try:
        with tempfile.TemporaryFile() as timeline:
            await _records(db, head, making, timeline, stopping)
            await asyncio.to_thread(_timeline, making, timeline)
        if not making.story.records:
            raise NotFound("the ledger knows no such warning", mend="look its id up in the list of warnings")
        beside = {**_keys(await _signers(db, signer), signer), HEAD: head.checkpoint.encode()}
        if later:
            beside[LATER] = await _later(db, signer, head)
        return await asyncio.to_thread(_write_rest, making, signer, head, beside)
    finally:
        with suppress(OSError):
            making.zip.close()


async def _head(db: Database, signer: Signer, upto: int | None) -> Signed:
    newest = await sign.head(db, signer)
    if upto is None or upto == newest.size:
        return newest
    async with db.read() as connection:
        found = await questions.head_of(connection, upto)
    if found is None:
        raise Invalid(
            "upto", "is not the size of a signed head", "leave it out, or give a size that was signed"
        )
    return Signed(**found)


async def _records(
    db: Database, head: Signed, making: _Making, timeline: IO[bytes], stopping: Callable[[], bool]
) -> None:
    """Write every record of the warning with its proof, and fold it into the story."""
    prover, after = Prover(head.size, head.root), 0
    timeline.write(files.timeline_head())
    with making.zip.open(RECORDS) as sink:
        while True:
            if stopping():
                raise Retry("the process stops", after=5)
            async with db.read() as connection:
                given = {"warning_id": making.story.warning_id}
                found = await questions.records(connection, after, AT_ONCE, **given)
                rows = [row for row in found if row["position"] <= head.size]
                paths = [await prover.path(connection, r["position"], bytes(r["leaf_hash"])) for r in rows]
                await _learn_names(connection, making, rows)
            if not rows:
                return
            after = rows[-1]["position"]
            lines, told = await asyncio.to_thread(_told, rows, paths, making)
            await asyncio.to_thread(sink.write, lines)
            timeline.write(told)


async def _learn_names(connection: AsyncConnection, making: _Making, rows: Sequence[Record]) -> None:
    """Learn what the places are called that these records are about."""
    wanted = {str(row["about"]) for row in rows if row["about"]}
    for row in rows:
        if row["kind"] in ("plan.made", "plan.amended"):
            entry = _entry(row)
            channels = getattr(getattr(entry.message, "manifest", entry.message), "channels", ())
            wanted |= {target for c in channels for target in c.targets if len(target) < 40}
    unknown = sorted(wanted - making.looked_up)
    making.looked_up |= wanted
    for begin in range(0, len(unknown), AT_ONCE):
        making.names |= await questions.names(connection, unknown[begin : begin + AT_ONCE])


def _entry(row: Record) -> Entry:
    subject = ledger.subject_of(row)
    return read(subject, ledger.unpacked(row["payload"]))


def _told(rows: Sequence[Record], paths: Sequence[list[bytes]], making: _Making) -> tuple[bytes, bytes]:
    """Return the lines of records, and those of the timeline."""
    lines, told = [], []
    for row, path in zip(rows, paths, strict=True):
        payload = ledger.unpacked(row["payload"])
        entry = read(ledger.subject_of(row), payload)
        making.story.hear(row["position"], row["recorded_at"], entry)
        lines.append(record_line(row["position"], bytes(row["leaf"]), payload, path))
        told.append(files.timeline_row(row["position"], row["recorded_at"], entry, making.names))
    return b"".join(lines), b"".join(told)


def _timeline(making: _Making, timeline: IO[bytes]) -> None:
    timeline.seek(0)
    with making.zip.open(TIMELINE) as sink:
        while piece := timeline.read(PIECE):
            sink.write(piece)


async def _signers(db: Database, signer: Signer) -> list[str]:
    async with db.read() as connection:
        return sorted({signer.key_id(), *await tree.keys(connection)})


def _keys(ids: Sequence[str], signer: Signer) -> dict[str, bytes]:
    """Return the public keys of all heads, each under the name that it has in them."""
    found = {}
    for key_id in ids:
        key = signer.public_key(key_id)
        found[f"{KEYS}{key.name(signer.origin).hex()}.pem"] = key.pem.encode()
    return found


async def _later(db: Database, signer: Signer, head: Signed) -> bytes:
    newest = await sign.head(db, signer)
    path = await ask.growth(db, head.size, newest.size)
    told = {"first": head.size, "second": newest.size, "path": [node.hex() for node in path]}
    return canonical_bytes({**told, "checkpoint": newest.checkpoint}) + b"\n"


def _write_rest(making: _Making, signer: Signer, head: Signed, beside: dict[str, bytes]) -> Contents:
    """Write what follows from the records, what a person reads, and last the signed contents."""
    story, zipped = making.story, making.zip
    face = _face(making, signer, head, beside)
    beside[NAMES] = canonical_bytes(making.names) + b"\n"
    beside |= {INDEX: index.index(story, face), VERIFY: index.verify_text()}
    for path, content in sorted({**beside, **files.derived(story, making.names)}.items()):
        zipped.add(path, content)
    contents = Contents(
        origin=signer.origin,
        warning_id=story.warning_id,
        tree_size=head.size,
        root=head.root.hex(),
        signed_at=beijing(head.signed_at),
        records=story.records,
        first=story.first,
        last=story.last,
        files=tuple(zipped.files),
    )
    key_id, signature = signer.crypto.sign(contents.signed())
    name = signer.public_key(key_id).name(signer.origin).hex()
    zipped.add(CONTENTS, contents.text(name, signature))
    zipped.close()
    return contents


def _face(making: _Making, signer: Signer, head: Signed, beside: dict[str, bytes]) -> Face:
    """Return what the index says beside the story."""
    return Face(
        origin=signer.origin,
        tree_size=head.size,
        root=head.root.hex(),
        signed_at=head.signed_at,
        keys=[name.removeprefix(KEYS) for name in beside if name.startswith(KEYS)],
        differences=differences(making.story.books, Patience(head.signed_at, GRACE)),
        names=making.names,
    )
