"""The auditor's commands: yutian audit reconcile | refile | export | verify. Exit 1: something is wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import httpx
import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.audit import checkpoint
from services.audit.checkpoint import PublicKey
from services.audit.verify import Verdict
from services.audit.verify import verify as verify_lines
from services.kit.crypto import KeyFolder
from services.kit.errors import Invalid, Refused
from services.kit.settings import Settings
from services.kit.terminal import Output

audit = typer.Typer(no_args_is_help=True, help="The ledger: reconcile, refile, export, verify.")

Url = Annotated[str, typer.Option(envvar="YUTIAN_AUDIT_URL", help="Where the audit answers; default: here")]
Token = Annotated[
    str, typer.Option(envvar="YUTIAN_TOKEN", help="An auditor's session; default: the services' own key")
]

WAIT_S = 60.0
REFILE_S = 3600.0
_STDOUT = "-"


@audit.command()
def reconcile(
    warning: Annotated[str | None, typer.Option(help="Only this warning, by its id")] = None,
    wait: Annotated[float, typer.Option(min=0, max=60, help="Seconds for what is in flight")] = 0,
    url: Url = "",
    token: Token = "",
    output: Output = "table",
) -> None:
    """Compare manifests, deliveries, reports, stream and ledger; name every difference."""
    with _client(url, token) as client:
        asked = {"wait": str(wait), **({"warning": warning} if warning else {})}
        body = _answer(client.get("/api/v1/audit/reconcile", params=asked, timeout=WAIT_S + wait))
    if output == "json":
        sys.stdout.write(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _show_reconciled(body)
    raise typer.Exit(0 if body["adds_up"] else 1)


def _show_reconciled(body: dict[str, Any]) -> None:
    console = Console(soft_wrap=True)
    if body["differences"]:
        table = Table("what", "warning", "rev", "channel", "about", "expected", "found", "why")
        for found in body["differences"]:
            names = ("what", "warning_id", "revision", "channel", "about", "expected", "found", "why")
            table.add_row(*("" if found[name] is None else str(found[name]) for name in names))
        console.print(table)
    verdict = "everything adds up" if body["adds_up"] else f"{len(body['differences'])} differences"
    console.print(
        f"{verdict}: {body['warnings']} warnings, {body['deliveries']} deliveries, "
        f"{body['position']} records, {body['behind']} in flight",
        highlight=False,
    )


@audit.command()
def refile(url: Url = "", token: Token = "") -> None:
    """Read again what an older version could not read; leaves and chain stay as they are."""
    with _client(url, token) as client:
        body = _answer(client.post("/api/v1/audit/refile", timeout=REFILE_S))
    typer.echo(f"{body['unknown']} records were unknown, {body['read']} of them are read now")


@audit.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to; - is standard output")],
    url: Url = "",
    token: Token = "",
) -> None:
    """Fetch the whole ledger as a transcript that can be verified offline."""
    with _client(url, token) as client:
        head = _answer(client.get("/api/v1/audit/head"))
        with _opened(file) as out, _progress("records", head["tree_size"]) as advance:
            _fetch(client, out, advance)
    if str(file) != _STDOUT:
        typer.echo(f"{file}: {head['tree_size']} records or more; the public key:", err=True)
        typer.echo(head["public_key"], nl=False)


def _fetch(client: httpx.Client, out: BinaryIO, advance: Any) -> None:
    """Stream the transcript into a file; raise Refused when the answer ends before its end."""
    tail = b""
    with client.stream("GET", "/api/v1/audit/export") as reply:
        if reply.is_error:
            reply.read()
            _answer(reply)
        for piece in reply.iter_bytes():
            out.write(piece)
            tail = (tail + piece)[-400:]
            advance(piece.count(b"\n"))
    if b'\n{"end":' not in tail:
        raise Refused("the export was cut short", mend="run it again")


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """Open the file; what is not whole does not take its name."""
    if str(file) == _STDOUT:
        yield sys.stdout.buffer
        return
    draft = file.with_name(f".{file.name}.part")
    try:
        with draft.open("wb") as out:
            yield out
        draft.replace(file)
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Any]:
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


@audit.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The transcript; - is standard input")],
    public_key: Annotated[
        list[Path] | None,
        typer.Option(help="The ledger's public key (PEM), got by another way than the file; more than one"),
    ] = None,
    head: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint that you kept: the ledger must still begin with it"),
    ] = None,
    output: Output = "table",
) -> None:
    """Verify a transcript offline, with nothing but the file and the public key."""
    keys = [PublicKey(_text(path)) for path in public_key or []]
    kept = [checkpoint.read(_text(path)) for path in head or []]
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
    if str(file) == _STDOUT:
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield lines
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read: {type(error).__name__}") from None


@contextmanager
def _client(url: str, token: str) -> Iterator[httpx.Client]:
    """Talk to the audit as an auditor, or as one of our own services."""
    settings = Settings.load()
    given = token or settings.internal_key.get_secret_value()
    bearer = given or KeyFolder(settings.key_folder()).active("internal")[1].decode()
    address, headers = url or settings.base_url(), {"Authorization": f"Bearer {bearer}"}
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=WAIT_S) as client:
            yield client
    except (httpx.InvalidURL, UnicodeEncodeError):
        raise Invalid(
            "--url or --token", "is none", "give an address such as http://127.0.0.1:8600"
        ) from None
    except httpx.HTTPError as error:
        raise Refused(
            f"no answer from {address}: {type(error).__name__}", mend="start the audit, or give --url"
        ) from None


def _answer(reply: httpx.Response) -> Any:
    """Return the body of an answer; raise Refused with the reason when it is an error."""
    if reply.is_error:
        try:
            why = reply.json().get("detail", "")
        except ValueError:
            why = ""
        raise Refused(f"the audit answered {reply.status_code}: {why}")
    return reply.json()
