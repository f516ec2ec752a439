"""What `yutian station` does. Exit 1: the house does not take the key, or a file is broken."""

import asyncio
import os
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx

from services.kit.errors import Invalid
from services.reference.notebook import Notebook
from services.reference.station import Terminal, confirmations


def station(
    code: str,
    key_file: Path,
    url: str,
    certificate: Path | None,
    play: str,
    by: str,
    state: Path,
    *,
    long_poll: bool,
) -> None:
    """Run a terminal until it is stopped."""
    key = _read(key_file, "--key-file").strip()
    if not key.startswith(("yt_live_", "yt_drill_")):
        raise Invalid("--key-file", "holds no key", "write the key of the station into it, and nothing else")
    pem = _read(certificate, "--certificate") if certificate else None
    command = tuple(shlex.split(play))
    made = partial(
        Terminal, code, key, notebook=Notebook.open(state), certificate=pem, play=command, say=_say
    )
    asyncio.run(_run(url, made, by, long_poll=long_poll))


def _read(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise Invalid(option, f"{path} cannot be read", "name a file that you may read") from None


def _say(words: str) -> None:
    sys.stdout.write(words + os.linesep)
    sys.stdout.flush()


async def _run(url: str, made: Callable[..., Terminal], by: str, *, long_poll: bool) -> None:
    """Run everything beside each other until one ends: it never ends well."""
    async with httpx.AsyncClient(base_url=url) as http:
        terminal = made(http=http)
        work = [terminal.follow(long_poll=long_poll), terminal.beat()]
        tasks = [asyncio.ensure_future(one) for one in work]
        typed = asyncio.ensure_future(confirmations(terminal, by))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (*tasks, typed):
                task.cancel()
            await asyncio.gather(*tasks, typed, return_exceptions=True)
