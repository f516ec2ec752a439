"""A case folder, and what can be done to one."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from contracts.fact import Fact
from contracts.values import Lane, Mode
from services.audit.actions.folder import folder
from services.audit.folder.archive import Writer
from services.audit.folder.contents import Contents, File, read_contents
from services.audit.folder.verify import FolderVerdict, verify_folder
from services.audit.model.checkpoint import PublicKey, SignedHead
from tests.audit.audit_make import NOON, AWarning, a_fact
from tests.audit.ledger_make import ALedger


def worded(warning: AWarning, channel: str = "station", rendering: str = "", **pieces: str) -> Fact:
    """Return the fact with which a channel says what it says."""
    given = pieces or {"title": "暴雨红色预警", "speech": "请立即转移。"}
    return Fact(
        mode=Mode.LIVE,
        lane=Lane.ROUTINE,
        kind="delivery.worded",
        at=NOON,
        service="stations",
        warning_id=str(warning.warning_id),
        detail={
            "revision": 1,
            "channel": channel,
            "rendering": rendering,
            "pieces": [{"name": name, "text": text} for name, text in given.items()],
        },
    )


def acts(warning: AWarning) -> list[Fact]:
    """Return what people and clocks did about a warning."""
    name = str(warning.warning_id)
    told: dict[str, Any] = {"revision": 1, "content_sha256": "1" * 64}
    rung = {"revision": 1, "rung": "phone", "called": 2}
    return [
        a_fact(kind="warning.drafted", warning_id=name, actor="li", detail=told),
        a_fact(kind="warning.approved", warning_id=name, actor="wang", detail=told),
        a_fact(kind="duty.climbed", warning_id=name, about="500110001002", detail=rung),
    ]


async def told(book: ALedger, warning: AWarning) -> None:
    """Record a warning whole, with its words and acts, among records of other things."""
    before, after = acts(warning)[:2], acts(warning)[2:]
    await book.say(a_fact(), *before, *warning.whole(), worded(warning), a_fact())
    await book.say(worded(warning, "sms", "public", text="请转移"), *after, *(a_fact(n) for n in range(5)))


@dataclass(frozen=True, repr=False)
class Folder:
    """A folder as bytes, what was signed of it, and the key to verify it with."""

    content: bytes
    contents: Contents
    pem: str

    def check(self, content: bytes | None = None, *kept: SignedHead) -> FolderVerdict:
        """Verify these bytes, or the folder as it is."""
        return verify_folder(
            io.BytesIO(self.content if content is None else content), [PublicKey(self.pem)], kept
        )

    def files(self) -> dict[str, bytes]:
        """Return everything in it."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as found:
            return {name: found.read(name) for name in found.namelist()}

    def with_files(self, files: Mapping[str, bytes | None], *, resign: Any = None) -> bytes:
        """Return it with other files, None for one that is removed; `resign` signs the contents anew."""
        out = io.BytesIO()
        writer = Writer(out)
        changed = {k: v for k, v in {**self.files(), **files}.items() if v is not None}
        written = changed.pop("contents.json", None)
        for path, content in changed.items():
            writer.add(path, content)
        if resign is not None:
            assert written is not None
            contents, _ = read_contents(written)
            fresh = Contents(**{**vars(contents), "files": tuple(writer.files)})
            written = fresh.text("00000000", resign(fresh.signed()))
        if written is not None:
            writer.add("contents.json", written)
        writer.close()
        return out.getvalue()


async def a_folder(book: ALedger, warning: AWarning, **given: Any) -> Folder:
    """Return the folder of a warning."""
    out = io.BytesIO()
    made = await folder(book.db, book.signer, warning.warning_id, out, **given)
    return Folder(out.getvalue(), made, book.crypto.public_key(book.signer.key_id()))


def lines_of(folder: Folder) -> list[bytes]:
    """Return the lines of the records."""
    return folder.files()["records.jsonl"].splitlines(keepends=True)


def json_of(folder: Folder, path: str) -> Any:
    """Return a file of a folder, read."""
    return orjson.loads(folder.files()[path])


def unpacked(folder: Folder, to: Path) -> Path:
    """Unpack a folder as a person would."""
    with zipfile.ZipFile(io.BytesIO(folder.content)) as found:
        found.extractall(to)
    return to


def listed(contents: Contents) -> dict[str, File]:
    """Return the files that were signed for, by path."""
    return {file.path: file for file in contents.files}
