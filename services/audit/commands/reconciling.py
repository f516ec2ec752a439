"""The auditor's commands that compare: yutian audit reconcile, recount. Exit 1: something differs."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.audit.commands.calling import WAIT_S, Token, Url, answer, bar, client
from services.kit.terminal import Output

HERE = "/api/v1/audit/reconcile"
_OF_A_STRETCH = ("part", "upto", "has_more", "next")


def reconcile(
    warning: Annotated[str | None, typer.Option(help="Only this warning, by its id")] = None,
    wait: Annotated[float, typer.Option(min=0, max=60, help="Seconds for what is in flight")] = 0,
    url: Url = "",
    token: Token = "",
    output: Output = "table",
    whole: Annotated[bool, typer.Option(help="Compute every record, hash and account anew")] = False,
) -> None:
    """Compare manifests, deliveries, reports, stream and ledger; name every difference."""
    asked = {"wait": str(wait)} | ({"warning": warning} if warning else {})
    with client(url, token) as http:
        if whole:
            body = answer(http.get(HERE, params={**asked, "whole": "true"}, timeout=None))
        elif warning:
            body = answer(http.get(HERE, params=asked, timeout=WAIT_S + wait))
        else:
            body = _everything(http, wait)
    if output == "json":
        sys.stdout.write(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _show_reconciled(body)
    raise typer.Exit(0 if body["adds_up"] else 1)


def _everything(http: httpx.Client, wait: float) -> dict[str, Any]:
    """Compare stretch after stretch, with a bar beside the output; return all of it as one answer."""
    differences: list[Any] = []
    counts = {"warnings": 0, "deliveries": 0}
    body: dict[str, Any] = {}
    with bar("warnings", None) as (drawn, task):
        for body in _stretches(http, wait):
            differences += body["differences"]
            counts = {name: count + body[name] for name, count in counts.items()}
            if body["part"] == "records":
                drawn.update(task, description="records", completed=body["upto"], total=body["position"])
            else:
                drawn.update(task, completed=counts["warnings"], total=None)
    last = {name: value for name, value in body.items() if name not in _OF_A_STRETCH}
    return {**last, **counts, "covers": "everything", "adds_up": not differences, "differences": differences}


def _stretches(http: httpx.Client, wait: float) -> Iterator[dict[str, Any]]:
    asked = {"wait": str(wait)}
    while True:
        body = answer(http.get(f"{HERE}/stretches", params=asked, timeout=WAIT_S + wait))
        yield body
        if body["next"] is None:
            return
        asked = {"after": body["next"]}


def recount(
    warning: Annotated[str | None, typer.Option(help="Only this warning, by its id")] = None,
    url: Url = "",
    token: Token = "",
    output: Output = "table",
) -> None:
    """Fold the records of every warning anew, and name every row of the books that is another."""
    with client(url, token) as http:
        wanted = {"warning": warning} if warning else {}
        body = answer(http.get("/api/v1/audit/recount", params=wanted, timeout=None))
    if output == "json":
        sys.stdout.write(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _show_differences(Console(soft_wrap=True), body)
        verdict = "the books are what the records come to" if body["adds_up"] else "the books differ"
        typer.echo(f"{verdict}: {body['warnings']} warnings")
    raise typer.Exit(0 if body["adds_up"] else 1)


def _show_differences(console: Console, body: dict[str, Any]) -> None:
    if body["differences"]:
        table = Table("what", "warning", "rev", "channel", "about", "expected", "found", "why")
        for found in body["differences"]:
            names = ("what", "warning_id", "revision", "channel", "about", "expected", "found", "why")
            table.add_row(*("" if found[name] is None else str(found[name]) for name in names))
        console.print(table)


def _show_reconciled(body: dict[str, Any]) -> None:
    console = Console(soft_wrap=True)
    _show_differences(console, body)
    verdict = "everything adds up" if body["adds_up"] else f"{len(body['differences'])} differences"
    console.print(
        f"{verdict}: {body['warnings']} warnings, {body['deliveries']} deliveries, "
        f"{body['position']} records, {body['behind']} in flight",
        highlight=False,
    )
