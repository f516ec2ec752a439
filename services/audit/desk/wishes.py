"""What somebody typed into a form of the auditor's pages: an empty field asks for nothing."""

from datetime import date, datetime

from services.kit.clock import BEIJING
from services.kit.errors import Invalid


def day_in(field: str, text: str) -> date | None:
    """Return a day as browsers send it."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(field, "is no day", "write it as 2026-06-01") from None


def moment_in(field: str, text: str) -> datetime | None:
    """Return a moment as browsers send it, in Beijing time when it names no zone."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip().replace(" ", "T"))
        if 1970 <= found.year < 9000:
            return found if found.tzinfo else found.replace(tzinfo=BEIJING)
    except ValueError:
        pass
    raise Invalid(field, "cannot be read as a time", "write 2026-06-01 12:00 or RFC 3339")
