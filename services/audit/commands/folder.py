"""The auditor's commands on case folders: yutian audit folder | verify-folder."""

import sys
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from uuid import UUID

import httpx
import orjson
import typer
from rich.console import Console

from services.audit.commands.calling import STDOUT, Token, Url, answer, client, opened, progress
from services.audit.folder.verify import FolderVerdict
from services.audit.folder.verify import verify_folder as verify_zip
from services.audit.model import checkpoint
from services.audit.model.checkpoint import PublicKey
from services.kit.errors import Refused
from services.kit.terminal import Output

_ZIP = b"PK\x03\x04"
PublicKeys = Annotated[
    list[Path] | None,
    typer.Option(help="The ledger's public key (PEM), got by another way than the file; more than one"),
]
Heads = Annotated[
    list[Path] | None,
    typer.Option(help="A checkpoint that you kept: the ledger must still begin with it"),
]


def folder(
    warning: Annotated[UUID, typer.Argument(help="The warning, by its id")],
    file: Annotated[Path, typer.Argument(help="Where to; - is standard output")],
    upto: Annotated[int | None, typer.Option(help="Size of a signed head; default: the newest")] = None,
    later: Annotated[bool, typer.Option(help="Add the proof that the newest head grew out of it")] = False,
    url: Url = "",
    token: Token = "",
) -> None:
    """Fetch the case folder of a warning: a zip to be read and verified offline."""
    query: dict[str, Any] = {"later": later, **({"upto": upto} if upto else {})}
    with client(url, token) as http, opened(file) as out:
        _fetch(http, f"/api/v1/audit/warnings/{warning}/folder", query, out)
    if str(file) != STDOUT:
        typer.echo(f"{file}: verify it with yutian audit verify-folder", err=True)


def _fetch(http: httpx.Client, address: str, query: dict[str, Any], out: BinaryIO) -> None:
    with http.stream("GET", address, params=query, timeout=None) as reply:
        if reply.is_error:
            reply.read()
            answer(reply)
        expected, found = int(reply.headers.get("content-length", 0)), 0
        with progress("bytes", expected or None) as advance:
            for piece in reply.iter_bytes():
                out.write(piece)
                found += len(piece)
                advance(len(piece))
    if found != expected:
        raise Refused("the folder was cut short", mend="run it again")


def verify_folder(
    file: Annotated[Path, typer.Argument(help="The folder, a zip")],
    public_key: PublicKeys = None,
    head: Heads = None,
    output: Output = "table",
) -> None:
    """Verify a case folder offline, with nothing but the file and the public key."""
    keys = [PublicKey(text_of(path)) for path in public_key or []]
    kept = [checkpoint.read(text_of(path)) for path in head or []]
    try:
        with file.open("rb") as zipped:
            verdict = verify_zip(zipped, keys, kept)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None
    if output == "json":
        sys.stdout.write(orjson.dumps(_plain(verdict), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _show(verdict)
    raise typer.Exit(0 if verdict.holds else 1)


def _plain(verdict: FolderVerdict) -> dict[str, Any]:
    return {
        "holds": verdict.holds,
        "warning_id": verdict.warning_id,
        "records": verdict.records,
        "files": verdict.files,
        "checkpoint": verdict.head.text() if verdict.head else None,
        "own_key": verdict.own_key,
        "faults": [vars(fault) for fault in verdict.faults],
        "more_faults": verdict.more,
        "differences": [vars(difference) for difference in verdict.differences],
    }


def _show(verdict: FolderVerdict) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False)
    if verdict.own_key:
        Console(stderr=True).print("no --public-key was given: the key in the folder itself was believed")
    for fault in verdict.faults:
        record = f", record {fault.position}" if fault.position else ""
        console.print(f"BROKEN {fault.file or 'the zip'}{record}: {fault.why}")
    if verdict.more:
        console.print(f"and {verdict.more} more")
    for difference in verdict.differences:
        found = {name: value for name, value in vars(difference).items() if value is not None}
        console.print("DIFFERS " + " ".join(f"{k}={v}" for k, v in found.items()))
    if verdict.faults:
        return
    console.print(
        f"warning {verdict.warning_id}: {verdict.files} files, {verdict.records} records, all as signed"
    )
    if verdict.head:
        console.print(verdict.head.text(), end="")


def is_folder(file: Path) -> bool:
    """Tell whether a file is a zip, by its first bytes."""
    try:
        with file.open("rb") as begin:
            return begin.read(len(_ZIP)) == _ZIP
    except OSError:
        return False


def text_of(path: Path) -> str:
    """Return a small text; raise Refused when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read: {type(error).__name__}") from None
