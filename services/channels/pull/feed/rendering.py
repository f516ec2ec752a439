"""The public pages as bytes: made once for everybody, in two languages, without a request."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.values import Action, Level
from contracts.warning import WarningText
from services.channels.ground import Ground
from services.channels.hazards import hazards
from services.channels.pull.feed.district import Drawing
from services.channels.pull.feed.model import Entry, Standing
from services.kit import pages

PLACES = {"zh": "/public", "en": "/public/en"}
"""Where the pages of a language begin."""


class Words:
    """What templates ask of an entry, in one language."""

    def __init__(self, language: str, now: datetime) -> None:
        self.language = language
        self.now = now

    def text(self, entry: Entry) -> WarningText:
        """Return the words of a warning: in English where there are such."""
        english = entry.notice.text_en if self.language == "en" else None
        return english or entry.notice.text

    def hazard(self, entry: Entry) -> str:
        """Return the name of the hazard."""
        notice = entry.notice
        return notice.hazard_name_en if self.language == "en" else notice.hazard_name

    def sender(self, entry: Entry) -> str:
        """Return who warns."""
        notice = entry.notice
        return (notice.sender_name_en if self.language == "en" else "") or notice.sender_name

    def place(self, place: Any) -> str:
        """Return the name of a place."""
        return (place.name_en if self.language == "en" else "") or str(place.name)

    def short(self, place: Any) -> str:
        """Return the name of a town as a small map can hold it."""
        if self.language == "en":
            return self.place(place).removesuffix(" Town").removesuffix(" Subdistrict")
        return str(place.name).removesuffix("街道").removesuffix("镇")

    def standing(self, entry: Entry) -> Standing:
        """Return how an entry stands."""
        return entry.standing(self.now)

    def lifts(self, entry: Entry) -> bool:
        """Tell a lift from a warning."""
        return entry.action is Action.STOP


def _page(template: str, language: str, now: datetime, path: str, **values: Any) -> bytes:
    found = pages.environment(language).get_template(f"channels/{template}")
    return found.render(
        language=language,
        home=PLACES[language],
        here={code: f"{place}{path}" for code, place in PLACES.items()},
        words=Words(language, now),
        Standing=Standing,
        Level=Level,
        **values,
    ).encode()


def front(
    language: str,
    entries: Sequence[Entry],
    drawing: Drawing | None,
    changed_at: datetime,
    now: datetime,
    *,
    stale_since: datetime | None,
) -> bytes:
    """Return the page of what is in force."""
    return _page(
        "public.html",
        language,
        now,
        "",
        entries=entries,
        drawing=drawing,
        changed_at=changed_at,
        stale_since=stale_since,
        refreshing=True,
    )


def one(
    language: str, entry: Entry, drawing: Drawing | None, now: datetime, *, stale_since: datetime | None
) -> bytes:
    """Return the page of one warning, whatever has become of it."""
    path = f"/{entry.warning_id}"
    return _page(
        "public_warning.html",
        language,
        now,
        path,
        entry=entry,
        drawing=drawing,
        stale_since=stale_since,
        refreshing=True,
    )


def follow(language: str, ground: Sequence[Ground], now: datetime) -> bytes:
    """Return the page on which somebody chooses what his browser is to be told."""
    towns = [place for place in ground if place.is_town]
    return _page(
        "follow.html",
        language,
        now,
        "/follow",
        towns=towns,
        hazards=hazards(),
        levels=[level for level in reversed(Level) if level is not Level.RED],
        stale_since=None,
        refreshing=False,
    )
