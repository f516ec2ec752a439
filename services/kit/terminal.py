"""What commands have in common: how they show what they found."""

from typing import Annotated

import typer

from services.kit.errors import Invalid

FORMS = ("table", "json")


def _known(form: str) -> str:
    if form not in FORMS:
        raise Invalid("--output", f"there is no {form!r}", f"use one of {', '.join(FORMS)}")
    return form


Output = Annotated[str, typer.Option("--output", "-o", help="table or json", callback=_known)]
