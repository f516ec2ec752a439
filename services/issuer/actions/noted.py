"""Noted: the notes that went out, and how far each has come."""

from dataclasses import dataclass
from uuid import UUID

from services.issuer import store
from services.issuer.actions.following import photograph
from services.issuer.model import WeatherWarning
from services.issuer.model.note import Note
from services.issuer.model.progress import Photograph
from services.kit.db import Database
from services.kit.errors import NotFound


@dataclass(frozen=True)
class Sent:
    """A note that went out, and how far it has come."""

    note: Note
    warning: WeatherWarning
    """The note itself, as the revision that it is."""
    photo: Photograph


async def listed(
    db: Database,
    town: str | None,
    of_warning: UUID | None = None,
    after: store.notes.Place | None = None,
    limit: int = 50,
) -> list[Sent]:
    """Return notes that went out, the newest first, each with how far it has come."""
    async with db.read() as connection:
        notes = await store.notes.page(connection, town, of_warning, after, limit)
        out = [await store.warnings.get(connection, one.note_id, store.notes.ONLY) for one in notes]
    photos = [await photograph(db, one.note_id, store.notes.ONLY) for one in notes]
    return [Sent(*each) for each in zip(notes, out, photos, strict=True)]


async def one(db: Database, note_id: UUID, town: str | None) -> Sent:
    """Return one note with how far it has come; raise NotFound for one of another town."""
    async with db.read() as connection:
        note = await store.notes.find(connection, note_id)
        if note is None or town not in (None, note.town):
            raise NotFound("there is no such note")
        out = await store.warnings.get(connection, note_id, store.notes.ONLY)
    return Sent(note, out, await photograph(db, note_id, store.notes.ONLY))
