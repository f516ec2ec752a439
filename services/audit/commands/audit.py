"""The auditor's commands, `yutian audit ...`. Exit 0: it holds; 1: something is wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import httpx
import orjson
import typer
from rich.console import Console

from services.audit.commands import folder as folder_command
from services.audit.commands import lists as list_command
from services.audit.commands import reconciling
from services.audit.commands.calling import STDOUT, Token, Url, answer, client, opened, progress
from services.audit.model import checkpoint
from services.audit.model.checkpoint import PublicKey
from services.audit.proof.verify import Verdict
from services.audit.proof.verify import verify as verify_lines
from services.kit.errors import Refused
from services.kit.terminal import Output

audit = typer.Typer(no_args_is_help=True, help="The ledger: reconcile, refile, export, verify, list, folder.")

REFILE_S = 3600.0

audit.command("reconcile")(reconciling.reconcile)
audit.command("recount")(reconciling.recount)


@audit.command()
def refile(
    url: Url = "",
    token: Token = "",
    whole: Annotated[bool, typer.Option(help="Fold every record anew into tables newer than it")] = False,
) -> None:
    """Read again what an older version could not read; leaves and chain stay as they are."""
    with client(url, token) as http:
        query = {"whole": True} if whole else {}
        body = answer(http.post("/api/v1/audit/refile", params=query, timeout=REFILE_S))
    typer.echo(f"{body['unknown']} records were unknown, {body['read']} of them are read now")
    if whole:
        typer.echo(f"{body['warnings']} warnings were folded anew, {body['left']} were left as they are")


@audit.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to; - is standard output")],
    url: Url = "",
    token: Token = "",
) -> None:
    """Fetch the whole ledger as a transcript that can be verified offline."""
    with client(url, token) as http:
        head = answer(http.get("/api/v1/audit/head"))
        with opened(file) as out, progress("records", head["tree_size"]) as advance:
            _fetch(http, out, advance)
    if str(file) != STDOUT:
        typer.echo(f"{file}: {head['tree_size']} records or more; the public key:", err=True)
        typer.echo(head["public_key"], nl=False)


def _fetch(http: httpx.Client, out: BinaryIO, advance: Any) -> None:
    """Stream the transcript into a file; raise Refused when the answer ends before its end."""
    tail = b""
    with http.stream("GET", "/api/v1/audit/export") as reply:
        if reply.is_error:
            reply.read()
            answer(reply)
        for piece in reply.iter_bytes():
            out.write(piece)
            tail = (tail + piece)[-400:]
            advance(piece.count(b"\n"))
    if b'\n{"end":' not in tail:
        raise Refused("the export was cut short", mend="run it again")


@audit.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The transcript; - is standard input")],
    public_key: Annotated[
        list[Path] | None,
        typer.Option(help="The ledger's public key (PEM), got by another way than the file; more than one"),
    ] = None,
    head: Annotated[
        list[Path] | None,
        typer.Option(help="Checkpoints that you kept, one after another: the ledger must still begin so"),
    ] = None,
    output: Output = "table",
) -> None:
    """Verify a transcript offline, with nothing but the file and the public key."""
    if folder_command.is_folder(file):
        folder_command.verify_folder(file, public_key, head, output)
    keys = [PublicKey(folder_command.text_of(path)) for path in public_key or []]
    kept = [signed for path in head or [] for signed in checkpoint.read_all(folder_command.text_of(path))]
    with _read(file) as lines:
        verdict = verify_lines(lines, keys, kept)
    if output == "json":
        sys.stdout.write(orjson.dumps(_verdict(verdict), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _show_verdict(verdict)
    raise typer.Exit(0 if verdict.holds else 1)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "holds": verdict.holds,
        "records": verdict.records,
        "heads": verdict.heads,
        "checkpoint": verdict.head.text() if verdict.head else None,
        "own_key": verdict.own_key,
        "broken": vars(verdict.broken) if verdict.broken else None,
        "differences": [vars(difference) for difference in verdict.differences],
    }


def _show_verdict(verdict: Verdict) -> None:
    console = Console(soft_wrap=True, highlight=False)
    if verdict.own_key:
        Console(stderr=True).print("no --public-key was given: the key in the file itself was believed")
    broken = verdict.broken
    if broken is not None:
        record = f", record {broken.position}" if broken.position else ""
        console.print(f"BROKEN at line {broken.line}{record}: {broken.why}", markup=False)
        console.print(f"a signed head vouches for the first {broken.sound} records")
        return
    for difference in verdict.differences:
        found = {name: value for name, value in vars(difference).items() if value is not None}
        console.print("DIFFERS " + " ".join(f"{k}={v}" for k, v in found.items()), markup=False)
    console.print(f"{verdict.records} records, {verdict.heads} signed heads: chain, tree and signatures hold")
    if verdict.head:
        console.print(verdict.head.text(), markup=False, end="")


@contextmanager
def _read(file: Path) -> Iterator[BinaryIO]:
    if str(file) == STDOUT:
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield lines
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None


audit.command("folder")(folder_command.folder)
audit.command("verify-folder")(folder_command.verify_folder)
audit.command("list")(list_command.take)
