"""How the desk names things: the visitor's words for modes, states, channels, times and people."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.outcome import Column
from contracts.values import Channel, Level, Mode
from services.issuer.catalogue import Catalogue
from services.issuer.desk.times import typed
from services.issuer.model import Kind, State
from services.kit.clock import BEIJING
from services.kit.pages import said, translations

MODES = {Mode.LIVE: "Live", Mode.DRILL: "Drill"}
STATES = {
    State.DRAFT: "Draft",
    State.REVIEW: "Waiting for approval",
    State.ISSUED: "In force",
    State.SUPERSEDED: "Replaced",
    State.CANCELLED: "Lifted",
    State.HALTED: "Halted",
    State.EXPIRED: "Expired",
    State.REJECTED: "Rejected",
}
KINDS = {Kind.ALERT: "First issue", Kind.UPDATE: "Update", Kind.CANCEL: "Lift"}
CHANNELS = {
    Channel.STATION: "Village stations",
    Channel.SMS: "SMS to lists",
    Channel.AREA: "Area SMS",
    Channel.BROADCAST: "Emergency broadcast",
    Channel.CABLE: "Cable TV",
    Channel.WECHAT: "WeChat",
    Channel.APP: "Apps",
    Channel.FEED: "Public feed",
    Channel.VOICE: "Telephone calls",
}
UNITS = {
    Channel.STATION: "village stations",
    Channel.SMS: "people",
    Channel.AREA: "area orders",
    Channel.BROADCAST: "regions",
    Channel.CABLE: "regions",
    Channel.WECHAT: "people",
    Channel.APP: "regions",
    Channel.FEED: "feed",
    Channel.VOICE: "people",
}
COLUMNS = {
    Column.CONFIRMED: "Confirmed",
    Column.DELIVERED: "Received",
    Column.FAILED: "Failed",
    Column.WITHDRAWN: "Withdrawn",
    Column.EXPIRED: "Expired",
    Column.OPEN: "Open",
}
ROLES = {
    "drafter": "drafter",
    "checker": "checker",
    "signer": "signer",
    "town-desk": "town desk",
    "auditor": "auditor",
    "operator": "operator",
    "department": "department",
}
ACTS = {
    "drafted": "drafted it",
    "edited": "changed it",
    "submitted": "sent it for approval",
    "approved": "approved it",
    "returned": "returned it",
    "rejected": "rejected it",
    "issued": "issued it",
    "halted": "halted it",
    "expired": "ran out",
    "superseded": "was replaced",
    "cancelled": "was lifted",
    "update begun": "began an update",
    "lift begun": "began to lift it",
    "commented": "commented",
    "runs out soon": "announced how many minutes are left",
    "halt reviewed": "reviewed the halt",
    "emergency reviewed": "reviewed the emergency flow",
    "correction begun": "began a correction",
    "split": "gave towns another colour",
}
FIELDS = {
    "hazard": "signal",
    "level": "colour",
    "selection": "area",
    "window": "window",
    "slots": "numbers",
    "observed": "observation",
    "effective": "beginning",
    "onset": "onset",
    "expires": "validity",
    "text": "Chinese text",
    "text_en": "English text",
    "supersedes": "what it replaces",
    "beside": "what stays beside it",
    "left_out": "ways left out",
    "consultation": "note of the consultation",
    "stage": "lead stage",
    "department": "department",
    "product": "product",
}
"""What a change of a draft touched; fields that only follow from others are not named."""

OPERATORS = {"cmcc": "China Mobile", "cucc": "China Unicom", "ctcc": "China Telecom", "": "another carrier"}

TABLES: tuple[dict[Any, str], ...] = (
    *(MODES, STATES, KINDS, CHANNELS, UNITS, COLUMNS, ROLES, ACTS, FIELDS, OPERATORS),
)
"""Every table whose words are looked up in a catalogue."""


HAPPENED = {
    "session.opened": "signed in",
    "session.failed": "was not let in",
    "session.ended": "signed out",
    "sessions.ended": "signed out everywhere else",
    "account.rests": "rests after too many failures",
    "account.made": "account made",
    "account.roles": "roles changed",
    "account.disabled": "account disabled",
    "account.enabled": "account enabled",
    "password.given": "password given by an operator",
    "password.changed": "password changed",
    "factor.enrolled": "second factor enrolled",
    "factor.recovered": "recovery code used",
    "factor.reset": "second factor forgotten",
    "proposal.made": "proposed",
    "proposal.confirmed": "proposal confirmed",
    "proposal.declined": "proposal declined",
}
"""What may happen to an account, in words that catalogues have."""

_BROWSERS = ("Edg/", "Firefox/", "MicroMessenger/", "Chrome/", "Safari/", "curl/", "python-httpx/")
_SYSTEMS = ("HarmonyOS", "Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
"""The first of each that a browser names; what others pretend to be comes after them."""

NOTES = {
    "password": "wrong password",
    "code": "wrong code",
    "resting": "while it rests",
    "disabled": "account disabled",
    "by hand": "from the list of sessions",
    "too many sessions": "too many sessions",
    "account": "New account",
    "roles": "Other roles",
    "second-factor": "Forget the second factor",
    "enable": "Let it be used again",
}


@dataclass(frozen=True)
class Wording:
    """Words for one visitor."""

    language: str
    catalogue: Catalogue
    now: datetime

    def say(self, words: str, **values: object) -> str:
        """Return words in the visitor's language, with values put in."""
        found = translations(self.language).gettext(words)
        return found % values if values else found

    def said(self, text: str | None) -> str:
        """Return what code said, in the visitor's language."""
        return said(text, self.language)

    def mode(self, mode: Mode) -> str:
        """Name a mode."""
        return self.say(MODES[mode])

    def state(self, state: State) -> str:
        """Name a state."""
        return self.say(STATES[state])

    def kind(self, kind: Kind) -> str:
        """Name what a revision does."""
        return self.say(KINDS[kind])

    def channel(self, channel: Channel) -> str:
        """Name a channel."""
        return self.say(CHANNELS[channel])

    def channels(self, channels: Iterable[Channel]) -> list[str]:
        """Name channels."""
        return [self.channel(channel) for channel in channels]

    def unit(self, channel: Channel) -> str:
        """Name what a channel counts."""
        return self.say(UNITS[channel])

    def column(self, column: Column) -> str:
        """Name a column of the account."""
        return self.say(COLUMNS[column])

    def in_order(self, channels: Iterable[Any]) -> list[Any]:
        """Return what is said of channels in the order in which people look for them."""
        return sorted(channels, key=lambda one: list(CHANNELS).index(one.channel))

    def operator(self, operator: str) -> str:
        """Name a telecom operator."""
        return self.say(OPERATORS.get(operator, operator))

    def act(self, act: str) -> str:
        """Name what somebody did."""
        return self.say(ACTS.get(act, act))

    def note(self, act: str, note: str) -> str:
        """Return what was noted of a deed: the fields that a change touched, the reason of another."""
        if act != "edited":
            return note
        return self.listed(self.say(FIELDS[name]) for name in note.split(", ") if name in FIELDS)

    def roles(self, roles: Iterable[str]) -> str:
        """Name roles of which one is needed."""
        return self.say(" or ").join(self._role(role) for role in sorted(roles))

    def _role(self, role: str) -> str:
        """Name a role; that of a department by the department's name."""
        department = self.catalogue.products.departments.get(role.removeprefix("department:"))
        return self.both(department) if department else self.say(ROLES.get(role, role))

    def role(self, role: str) -> str:
        """Name a role."""
        return self.say(ROLES.get(role, role))

    def browser(self, agent: str) -> str:
        """Name a browser and its system by what it calls itself."""
        known = (next((word for word in words if word in agent), "") for words in (_BROWSERS, _SYSTEMS))
        return " · ".join(word.rstrip("/") for word in known if word) or agent[:40]

    def happened(self, act: str) -> str:
        """Name what happened to an account."""
        return self.say(HAPPENED.get(act, act))

    def note_of(self, note: str) -> str:
        """Translate what a history adds: reasons, kinds, and roles one by one."""
        for role in sorted(ROLES, key=len, reverse=True):
            note = re.sub(rf"(?<![\w-]){role}(?![\w-])", self.role(role), note)
        return self.say(NOTES.get(note, note))

    def hazard(self, code: str) -> str:
        """Name a hazard; an unknown one by its code."""
        known = next((hazard for hazard in self.catalogue.every if hazard.code == code), None)
        return code if known is None else self.both(known.name)

    def colour(self, level: Level) -> str:
        """Name a colour."""
        return self.both(self.catalogue.signals.colours[level].name)

    def mark(self, level: Level) -> str:
        """Return the colour as an icon has room for it: the first character in Chinese."""
        name = self.colour(level)
        return name[:1] if self.language == "zh" else name

    def roman(self, level: Level) -> str:
        """Return the grade of a colour in Roman numerals."""
        return self.catalogue.signals.colours[level].roman

    def both(self, words: Any) -> str:
        """Return what the catalogue says in two languages, in the visitor's."""
        return str(words.zh if self.language == "zh" else words.en)

    def moment(self, at: datetime) -> str:
        """Return a moment as people write it, the year only when it is another one."""
        local = at.astimezone(BEIJING)
        if local.year == self.now.astimezone(BEIJING).year:
            return typed(at, self.language) if self.language == "zh" else f"{local:%m-%d %H:%M}"
        return f"{local:%Y-%m-%d %H:%M}"

    def clock(self, at: datetime) -> str:
        """Return a moment to the second."""
        return f"{at.astimezone(BEIJING):%m-%d %H:%M:%S}"

    def lasting(self, span: timedelta) -> str:
        """Return how long something lasts, in its two largest units."""
        minutes, seconds = divmod(max(0, round(span.total_seconds())), 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return self.say("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
        if minutes >= 10:
            return self.say("%(minutes)s min", minutes=minutes)
        return self.say("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=seconds)

    def left(self, until: datetime) -> str:
        """Return how long it is until a moment."""
        return self.lasting(until - self.now)

    def since(self, at: datetime) -> str:
        """Return how long ago a moment was."""
        return self.lasting(self.now - at)

    def seconds(self, seconds: float | None) -> str:
        """Return a measured time."""
        return "–" if seconds is None else self.say("%(seconds)s s", seconds=f"{seconds:.1f}")

    def listed(self, names: Iterable[str]) -> str:
        """Return names as a sentence lists them."""
        return ("、" if self.language == "zh" else ", ").join(names)
