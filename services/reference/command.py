"""The command `yutian station`. Exit 1: the house does not take the key, or the file is broken."""

import asyncio
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import httpx
import typer

from services.kit.errors import Invalid, Refused
from services.reference.notebook import Notebook
from services.reference.station import Terminal, confirmations


def station(
    code: Annotated[str, typer.Option(help="Code of the station")],
    key_file: Annotated[Path, typer.Option(help="File with its key, yt_live_... or yt_drill_...")],
    url: Annotated[str, typer.Option(help="Where the stations house answers")] = "http://127.0.0.1:8600",
    certificate: Annotated[
        Path | None, typer.Option(help="PEM to verify with; without it nothing is verified, and that is said")
    ] = None,
    play: Annotated[str, typer.Option(help="Command that sounds, such as 'aplay siren.wav'")] = "",
    by: Annotated[str, typer.Option(help="Who confirms by pressing Enter")] = "值班员",
    state: Annotated[Path | None, typer.Option(help="File that keeps its place; default: beside the key")] = None,
    long_poll: Annotated[bool, typer.Option("--long-poll", help="Ask again and again, no stream")] = False,
) -> None:
    """Be a warning terminal: follow, verify, print, play, report; Enter (or a name) confirms."""
    key = _read(key_file, "--key-file").strip()
    if not key.startswith(("yt_live_", "yt_drill_")):
        raise Invalid("--key-file", "holds no key", "write the key of the station into it, and nothing else")
    pem = _read(certificate, "--certificate") if certificate else None
    kept = Notebook.open(state or key_file.with_suffix(".state"))
    asyncio.run(_run(url, Terminal(code, key, httpx.AsyncClient(), kept, pem, tuple(shlex.split(play)), _say), by, long_poll))


def _read(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise Invalid(option, f"{path} cannot be read", "name a file that you may read") from None


def _say(words: str) -> None:
    sys.stdout.write(words + os.linesep)
    sys.stdout.flush()


async def _run(url: str, terminal: Terminal, by: str, long_poll: bool) -> None:
    """Run everything beside each other until one ends."""
    async with httpx.AsyncClient(base_url=url) as terminal.http:
        work = [terminal.follow(long_poll=long_poll), terminal.beat()]
        tasks = [asyncio.ensure_future(one) for one in work]
        typed = asyncio.ensure_future(confirmations(terminal, by))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except Refused:
            raise
        finally:
            for task in (*tasks, typed):
                task.cancel()
            await asyncio.gather(*tasks, typed, return_exceptions=True)
