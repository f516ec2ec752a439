"""All that readers are given, as bytes by path. What looks as it did is not drawn again."""

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.channels.ground import Ground
from services.channels.pull.feed import atom, district, listing, rendering
from services.channels.pull.feed.model import Entry, latest, shown

HTML = "text/html; charset=utf-8"
ACTIVE = "/feed/active.json"
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class File:
    """Bytes that readers are given, packed once for all who take them so."""

    content: bytes
    media_type: str
    etag: str
    packed: bytes

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "File":
        """Return the bytes with a name that is theirs, on whatever replica."""
        etag = hashlib.sha256(content).hexdigest()[:32]
        return cls(content, media_type, etag, gzip.compress(content, 6, mtime=0))


@dataclass(frozen=True)
class View:
    """What a sheet is drawn from."""

    entries: Sequence[Entry]
    """All that are known, over or not."""
    ground: Sequence[Ground]
    now: datetime
    stale_since: datetime | None = None
    """When the database was last seen, if that is too long ago."""


@dataclass(frozen=True)
class Sheet:
    """All that readers are given, by path, and one name for all of it."""

    files: Mapping[str, File]
    etag: str
    frame: bytes
    """What a follower is told: encoded once for all of them."""


class Press:
    """Draws sheets, and keeps the pages that stay as they are."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._pages: dict[tuple[object, ...], File] = {}

    def sheet(self, view: View) -> Sheet:
        """Return the sheet of a view."""
        entries = shown(view.entries, view.now)
        changed_at = max((e.changed_at(view.now) for e in view.entries), default=_NEVER)
        files = {**self._feeds(entries, changed_at), **self._fronts(entries, changed_at, view)}
        files |= self._warnings(view, entries)
        names = "".join(f"{path} {file.etag}\n" for path, file in sorted(files.items()))
        etag = hashlib.sha256(names.encode()).hexdigest()[:32]
        frame = b"id: %s\nevent: active\ndata: %s\n\n" % (etag.encode(), files[ACTIVE].content)
        return Sheet(files, etag, frame)

    def page(self, language: str, entry: Entry, view: View) -> File:
        """Return the page of one warning."""
        drawing = district.drawn(view.ground, [entry]) if entry.in_force(view.now) else None
        content = rendering.one(language, entry, drawing, view.now, stale_since=view.stale_since)
        return File.of(content, HTML)

    def _feeds(self, entries: Sequence[Entry], changed_at: datetime) -> dict[str, File]:
        given = (entries, self.base_url, changed_at)
        places = listing.geojson(entries, self.base_url)
        return {
            "/feed/cap.atom": File.of(atom.feed(*given), "application/atom+xml; charset=utf-8"),
            "/feed/rss.xml": File.of(atom.rss(*given), "application/rss+xml; charset=utf-8"),
            ACTIVE: File.of(listing.listed(*given), "application/json"),
            "/feed/active.geojson": File.of(places, "application/geo+json"),
        }

    def _fronts(self, entries: Sequence[Entry], changed_at: datetime, view: View) -> dict[str, File]:
        drawing = district.drawn(view.ground, entries)
        files = {}
        for language, place in rendering.PLACES.items():
            page = rendering.front(
                language, entries, drawing, changed_at, view.now, stale_since=view.stale_since
            )
            files[place] = File.of(page, HTML)
            files[f"{place}/follow"] = File.of(rendering.follow(language, view.ground, view.now), HTML)
        return files

    def _warnings(self, view: View, entries: Sequence[Entry]) -> dict[str, File]:
        """Return the page of each warning in both languages, and the CAP documents of those in force."""
        files: dict[str, File] = {}
        before, self._pages = self._pages, {}
        ground = hash(tuple(view.ground))
        for entry in entries:
            path = f"/feed/cap/{entry.notice.identifier}.xml"
            cap = before.get((path,)) or File.of(entry.cap_xml.encode(), atom.CAP_TYPE)
            files[path] = self._pages[path,] = cap
        for entry in latest(view.entries).values():
            for language, place in rendering.PLACES.items():
                key = (entry.delivery_id, entry.standing(view.now), language, view.stale_since, ground)
                self._pages[key] = before.get(key) or self.page(language, entry, view)
                files[f"{place}/{entry.warning_id}"] = self._pages[key]
        return files
