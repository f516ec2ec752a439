"""How the desk names things, as tables: English words that catalogues have, by value."""

from typing import Any

from contracts.outcome import Column
from contracts.values import Channel, Mode
from services.issuer.model import Kind, State

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
    Channel.WEB: "Browsers",
    Channel.MEDIA: "Radio and media",
    Channel.WEIBO: "Weibo",
    Channel.UPPER: "12379 platform above us",
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
    Channel.WEB: "regions",
    Channel.MEDIA: "newsrooms",
    Channel.WEIBO: "post",
    Channel.UPPER: "file handed up",
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
    "suspension proposed": "led to the proposal of a suspension",
    "suspension confirmed": "confirmed the suspension",
    "suspension declined": "declined the suspension",
    "suspension withdrawn": "ended the proposal of a suspension",
    "suspension followed": "let a suspension follow at once",
    "suspension lift proposed": "led to the proposal to lift a suspension",
    "suspension lift confirmed": "confirmed the lift of the suspension",
    "suspension lift declined": "declined to lift the suspension",
    "suspension lift withdrawn": "ended the proposal to lift a suspension",
    "note sent": "sent it as a town's note",
    "note added": "added a town's note beside it",
}
FIELDS = {
    "hazard": "signal",
    "level": "colour",
    "selection": "area",
    "window": "window",
    "slots": "numbers",
    "observed": "observation",
    "observed_en": "observation in English",
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

GROUPS = {
    "responsible": "responsible persons",
    "grid-member": "grid members",
    "subscriber": "subscribers",
    "": "in no group",
}
"""Roles and groups of recipients that have words of their own; another group by its name."""

OPERATORS = {"cmcc": "China Mobile", "cucc": "China Unicom", "ctcc": "China Telecom", "": "another carrier"}

TABLES: tuple[dict[Any, str], ...] = (
    *(MODES, STATES, KINDS, CHANNELS, UNITS, COLUMNS, ROLES, ACTS, FIELDS, OPERATORS, GROUPS),
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

BROWSERS = ("Edg/", "Firefox/", "MicroMessenger/", "Chrome/", "Safari/", "curl/", "python-httpx/")
SYSTEMS = ("HarmonyOS", "Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
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
