"""Words that somebody typed into a form: tidied, and refused when empty, too long or unprintable."""

from contracts.printable import is_text
from services.kit.errors import Invalid


def words_of(field: str, typed: str, longest: int, *, lines: bool = False, needed: bool = True) -> str:
    """Return what was typed, spaces made one; with `lines`, line by line."""
    rows = [" ".join(row.split()) for row in typed.splitlines()] if lines else [" ".join(typed.split())]
    said = "\n".join(rows).strip()
    if needed and not said:
        raise Invalid(field, "is empty", "say why in a few words")
    if len(said) > longest or not is_text(said):
        raise Invalid(field, "is too long or cannot be printed", f"use at most {longest} characters")
    return said
