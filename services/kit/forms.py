"""What people typed into a form, refused where it holds characters that nobody sees."""

from collections.abc import Collection

from fastapi import Request
from starlette.datastructures import FormData

from contracts import printable
from services.kit.errors import Fault, Invalid
from services.kit.kept import NEVER


async def read(request: Request, *, but: Collection[str] = ()) -> FormData:
    """Return a form; raise Invalid that names each field with hidden characters, `but` some.

    What is secret is never looked into, and nothing of what was sent is repeated.
    """
    form = await request.form()
    odd = [
        name
        for name, value in form.multi_items()
        if isinstance(value, str) and name not in NEVER and name not in but and not _readable(value)
    ]
    if odd:
        raise Invalid.of([Fault(_named(name), printable.WHY, printable.MEND) for name in dict.fromkeys(odd)])
    return form


def _readable(value: str) -> bool:
    return printable.is_text(value.replace("\r\n", "\n"))


def _named(name: str) -> str:
    return name if printable.is_line(name) else "form"
