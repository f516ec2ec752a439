"""Dates and references as CAP writes them."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))

_STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+](?:(?:0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)


def cap_time(at: datetime) -> str:
    """Return a moment as `YYYY-MM-DDThh:mm:ss+08:00`; fractions are cut off."""
    if at.tzinfo is None:
        raise ValueError("a moment without a zone cannot be written as CAP")
    return at.astimezone(BEIJING).replace(microsecond=0).isoformat()


def moment_of(text: str) -> datetime | None:
    """Return the moment that a date of CAP names, None when the text is not in CAP's one form."""
    if not _STRICT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Reference:
    """A message that another one refers to, by the three texts that name it."""

    sender: str
    identifier: str
    sent: str

    def __str__(self) -> str:
        """Return the triple as it stands in `references`."""
        return f"{self.sender},{self.identifier},{self.sent}"


def reference(sender: str, identifier: str, sent: datetime | str) -> str:
    """Return the triple that names a message; a `sent` given as text is repeated byte for byte."""
    written = sent if isinstance(sent, str) else cap_time(sent)
    return str(Reference(sender, identifier, written))


def references_of(text: str) -> tuple[Reference, ...]:
    """Return the references in a `references` text, leaving out what is no triple."""
    triples = (item.split(",") for item in text.split())
    return tuple(Reference(*parts) for parts in triples if len(parts) == 3 and all(parts))
