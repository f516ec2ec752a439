"""yutian gateway: the reference puller, from the command line."""

import asyncio
import contextlib
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer

from services.kit import telemetry
from services.kit.errors import Refused
from services.puller.contract import Contract
from services.puller.journal import Journal
from services.puller.puller import Puller
from services.puller.smpp import Smsc, centre_of


def gateway(
    to: Annotated[str, typer.Option(help="Where to submit: smpp://name:password@host:port/source")],
    key_file: Annotated[Path, typer.Option(help="File with the gateway's key (yt_live_... or yt_drill_...)")],
    gateway_id: Annotated[str, typer.Option("--gateway", help="The gateway's id, such as cmcc")] = "cmcc",
    url: Annotated[str, typer.Option(help="Where Yutian answers")] = "http://127.0.0.1:8600",
    state: Annotated[Path, typer.Option(help="File of what was submitted")] = Path("var/gateway.db"),
    pace: Annotated[float | None, typer.Option(min=0.1, help="At most so many numbers a second")] = None,
    udh: Annotated[bool, typer.Option(help="Long texts as parts with a header, not as one payload")] = False,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM of the CA that Yutian's address is under")
    ] = None,
) -> None:
    """Pull SMS work, submit it over SMPP 3.4, and pass the receipts on, until it is stopped."""
    telemetry.configure("gateway", "INFO", "")
    centre = centre_of(to)
    try:
        key = key_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Refused("the key file cannot be read", mend="write the key into it, one line") from None
    verify: bool | str = str(certificate) if certificate else True
    journal = Journal(state)
    smsc = Smsc(centre, lambda message, said: journal.receipt(message, said, _now()), udh=udh)
    try:
        asyncio.run(_run(smsc, journal, pace, (url, gateway_id, key), verify))
    finally:
        journal.close()


async def _run(
    smsc: Smsc, journal: Journal, pace: float | None, us: tuple[str, str, str], verify: bool | str
) -> None:
    async with httpx.AsyncClient(verify=verify) as http:
        await _until_stopped(Puller(Contract(http, *us), smsc, journal, pace))


async def _until_stopped(puller: Puller) -> None:
    running = asyncio.ensure_future(puller.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        try:
            await running
        except ExceptionGroup as fallen:
            first: BaseException = fallen
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from None


def _now() -> str:
    return datetime.now(UTC).isoformat()
