"""How the auditor's commands talk to the audit, and write what it answers."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.kit.crypto import KeyFolder
from services.kit.errors import Invalid, Refused
from services.kit.settings import Settings

Url = Annotated[str, typer.Option(envvar="YUTIAN_AUDIT_URL", help="Where the audit answers; default: here")]
Token = Annotated[
    str, typer.Option(envvar="YUTIAN_TOKEN", help="An auditor's session; default: the services' own key")
]

WAIT_S = 60.0
STDOUT = "-"


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open the file; what is not whole does not take its name."""
    if str(file) == STDOUT:
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
def bar(what: str, total: int | None) -> Iterator[tuple[Progress, TaskID]]:
    """Draw a bar beside the output while somebody looks at it; yield it with its task."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as drawn:
        yield drawn, drawn.add_task(what, total=total)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Any]:
    """Draw a bar beside the output; yield what advances it."""
    with bar(what, total) as (drawn, task):
        yield lambda count: drawn.advance(task, count)


@contextmanager
def client(url: str, token: str) -> Iterator[httpx.Client]:
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


def answer(reply: httpx.Response) -> Any:
    """Return the body of an answer; raise Refused with the reason when it is an error."""
    if reply.is_error:
        try:
            why = reply.json().get("detail", "")
        except ValueError:
            why = ""
        raise Refused(f"the audit answered {reply.status_code}: {why}")
    return reply.json()
