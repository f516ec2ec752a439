"""The auditor's command on lists: yutian audit list. A file is whole, or it is not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from uuid import UUID

import httpx
import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.audit.actions.exports import MEDIA
from services.audit.actions.lists import LISTS
from services.audit.commands.calling import STDOUT, Token, Url, answer, client, opened
from services.kit.errors import Refused

Kind = Enum("Kind", {name: name for name in LISTS})  # type: ignore[misc]
Form = Enum("Form", {name: name for name in MEDIA})  # type: ignore[misc]

PREPARING_S = 1_800.0
"""A workbook is written before its first byte comes."""

FILTERS = (
    *("warning", "gateway", "station", "year", "mode", "channel", "kind", "about", "after"),
    *("q", "who", "since", "until"),
)
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day in Beijing, included")]


def take(
    list_: Annotated[Kind, typer.Argument(metavar="LIST", help=" | ".join(LISTS))],
    form: Annotated[Form, typer.Option("--format", help="What Excel opens, or a line for each row")],
    out: Annotated[Path, typer.Option(help="Where to; - is standard output")],
    warning: Annotated[UUID | None, typer.Option(help="timeline, targets, deliveries, search")] = None,
    gateway: Annotated[str | None, typer.Option(help="deliveries")] = None,
    station: Annotated[str | None, typer.Option(help="station: twelve digits")] = None,
    year: Annotated[int | None, typer.Option(help="station")] = None,
    mode: Annotated[str | None, typer.Option(help="station: live or drill")] = None,
    channel: Annotated[str | None, typer.Option(help="timeline, targets, deliveries")] = None,
    kind: Annotated[str | None, typer.Option(help="records, timeline, search")] = None,
    about: Annotated[str | None, typer.Option(help="records")] = None,
    after: Annotated[int | None, typer.Option(help="records, timeline: beyond this record")] = None,
    q: Annotated[str | None, typer.Option(help="search: the words")] = None,
    who: Annotated[str | None, typer.Option(help="search")] = None,
    since: Day = None,
    until: Day = None,
    url: Url = "",
    token: Token = "",
) -> None:
    """Fetch a list as CSV, XLSX or JSON Lines; what is not whole does not take its name."""
    said = locals()
    query = {name: _text(said[name]) for name in FILTERS if said[name] is not None}
    path = f"/api/v1/audit/exports/{list_.value}.{form.value}"
    with client(url, token) as http, opened(out) as file:
        rows, size = _fetch(http, path, query, form.value, file)
    if str(out) != STDOUT:
        typer.echo(f"{out}: {f'{rows:,} rows, ' if rows is not None else ''}{size:,} bytes", err=True)


def _text(value: Any) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else str(value)


def _fetch(
    http: httpx.Client, path: str, query: dict[str, str], form: str, out: BinaryIO
) -> tuple[int | None, int]:
    """Write a list into a file; return its rows, as far as they are known, and its bytes."""
    count = _Count(form)
    try:
        with _bar() as (bar, task), http.stream("GET", path, params=query, timeout=PREPARING_S) as reply:
            if reply.is_error:
                reply.read()
                answer(reply)
            bar.update(task, total=_total(reply, form))
            for piece in reply.iter_bytes():
                out.write(piece)
                bar.update(task, completed=count.over(piece))
    except (httpx.RemoteProtocolError, httpx.ReadError):
        raise Refused("the list was cut short", mend="run it again") from None
    return count.rows(), count.bytes


def _total(reply: httpx.Response, form: str) -> int | None:
    """Return how many rows there will be, or bytes of a workbook."""
    said = reply.headers.get("content-length" if form == "xlsx" else "x-rows-estimated")
    return int(said) if said else None


class _Count:
    """Counts what has come: rows, about, and of a workbook bytes."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.bytes = 0
        self.lines = 0
        self.tail = b""

    def over(self, piece: bytes) -> int:
        """Count a piece; return how far it is."""
        self.bytes += len(piece)
        self.lines += piece.count(b"\n")
        self.tail = (self.tail + piece)[-400:]
        return self.bytes if self.form == "xlsx" else self.lines

    def rows(self) -> int | None:
        """Return the rows that JSON Lines say they have; raise Refused when they do not say it."""
        if self.form != "jsonl":
            return None
        try:
            return int(orjson.loads(self.tail.splitlines()[-1])["end"]["rows"])
        except (IndexError, KeyError, TypeError, orjson.JSONDecodeError):
            raise Refused("the list was cut short", mend="run it again") from None


@contextmanager
def _bar() -> Iterator[tuple[Progress, TaskID]]:
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}"),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar, bar.add_task("rows", total=None)
