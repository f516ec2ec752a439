"""The operator's commands: yutian channels test | links. Exit 0: every road is up; 1: one is down."""

import sys
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.kit.crypto import KeyFolder
from services.kit.errors import Refused
from services.kit.settings import Settings
from services.kit.terminal import Output

channels = typer.Typer(no_args_is_help=True, help="The roads to the partners: test them, look at them.")

Url = Annotated[
    str, typer.Option(envvar="YUTIAN_CHANNELS_URL", help="Where the channels answer; default: here")
]
Token = Annotated[
    str, typer.Option(envvar="YUTIAN_TOKEN", help="An operator's session; default: the services' own key")
]
WAIT_S = 60.0


@channels.command(name="test")
def prove_links(url: Url = "", token: Token = "", output: Output = "table") -> None:
    """Test the road to every partner now, without disturbing anyone, and print what was seen."""
    _show(_asked("POST", "/api/v1/links/test", url, token), output)


@channels.command(name="links")
def show_links(url: Url = "", token: Token = "", output: Output = "table") -> None:
    """Print what the last test of every road saw."""
    _show(_asked("GET", "/api/v1/links", url, token), output)


def _asked(method: str, path: str, url: str, token: str) -> list[dict[str, Any]]:
    settings = Settings.load()
    key = token or settings.internal_key.get_secret_value()
    key = key or KeyFolder(settings.key_folder()).active("internal")[1].decode()
    address = (url or settings.base_url()).rstrip("/")
    try:
        reply = httpx.request(
            method, f"{address}{path}", headers={"authorization": f"Bearer {key}"}, timeout=WAIT_S
        )
    except httpx.HTTPError as error:
        why = f"the channels do not answer at {address}: {type(error).__name__}"
        raise Refused(why, mend="start them, or name another address with --url") from None
    if reply.is_error:
        raise Refused(f"the channels answered {reply.status_code}", mend="an operator may test the roads")
    found: list[dict[str, Any]] = reply.json()["data"]
    return found


def _show(links: list[dict[str, Any]], output: str) -> None:
    if output == "json":
        sys.stdout.write(orjson.dumps({"data": links}, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        Console(soft_wrap=True).print(table(links))
    raise typer.Exit(0 if links and all(link["up"] for link in links) else 1)


def table(links: list[dict[str, Any]]) -> Table:
    """Return the table of the roads: one line for each channel."""
    found = Table("channel", "road", "since", "took", "what was seen")
    for link in links:
        state = "up" if link["up"] else "down" if link["tested"] else "not tested"
        took = "" if link["took_ms"] is None else f"{link['took_ms']} ms"
        found.add_row(link["channel"], state, (link["since"] or "")[:19], took, link["seen"])
    return found
