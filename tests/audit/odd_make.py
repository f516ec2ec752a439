"""Odd facts: of every kind that the audit itself reads, with a field that is missing or holds anything."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from contracts.fact import Fact
from contracts.message import Message
from services.audit.model.entry import Heard
from tests.audit.audit_make import STATIONS, a_fact
from tests.audit.ledger_make import heard

PROPOSAL = "00000000-0000-7000-8000-00000000000a"
INFINITE = "@infinite"
"""In its place stands a number that no float holds: JSON may say it, our own writer does not."""

VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, 2**70, 10**400, 1.5, 1e308, INFINITE),
    *("", "x", "1", "１２", "²", "\0", "9" * 4000, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *([], [1], ["x"], [[[]]], [{}], {}, {"x": {"y": [None]}}, [["size", 1]]),
)

_PHOTO = {
    "delivery_id": "d",
    "revision": 1,
    "channel": "station",
    "report": 1,
    "tally": {"received": 1},
    "heard_at": 1,
}
_COUNT = {
    "revision": 1,
    "channel": "station",
    "planned": 1,
    "asked": 1,
    "strangers": 0,
    "states": {"received": 1},
    "received": 1,
    "waits_ms": [1, 1, 1],
}

OWN: dict[str, dict[str, Any]] = {
    "head.signed": {"size": 1, "root": "0" * 64, "key_id": "k"},
    "ledger.key-changed": {"before": "k", "size": 1, "public_key": "x"},
    "epoch.opened": {"epoch": 9, "stream_created_us": 1, "position": 0, "begin": 0},
    "gap.found": {"epoch": 9, "first": 1, "last": 2},
    "proposal.made": {
        "proposal": "p",
        "what": "deletion",
        "wanted": {"class": "security", "before_us": 1, "upto": 5, "rules": 1},
    },
    "proposal.confirmed": {"proposal": "p"},
    "hold.placed": {"scope": "period", "over": "", "from_us": 1, "until_us": 2, "reason": "x"},
    "hold.lifted": {"agreement": "a", "proposed_by": "sun"},
    "records.listed": {
        "number": 1,
        "group": 1,
        "groups": 1,
        "positions": "1",
        "sha256": "0" * 64,
        "deliveries": [],
        "targets": [],
    },
    "records.deleted": {"number": 1},
    "difference.found": {"what": "x", "count": 1, "named": []},
    "audit.queried": {"path": "/x", "query": ""},
    "ledger.refiled": {"count": 1, "first": 1, "last": 1, "kinds": []},
}

OTHERS: dict[str, dict[str, Any]] = {
    "onset.observed": {"onset": "2026-06-01T12:00:00Z", "town": None, "observed_by": "x", "note": "x"},
    "outcome.judged": {"outcome": "hit"},
    "event.missed": {"hazard": "11B03", "level": "RED", "towns": [], "at": "2026-06-01T12:00:00Z"},
    "figure.entered": {"month": "2026-06", "numerator": 1, "denominator": 2},
    "afterwards.written": {"onset": None, "verdict": "hit"},
    "duty.climbed": {"duty": "d", "rung": "phone", "called": 2, "revision": 1},
    "duty.unanswered": {"duty": "d", "rung": "alarm", "revision": 1},
    "duty.answered": {"way": "sms", "after_s": 3, "revision": 1},
    "duty.taken": {"way": "manual", "revision": 1},
    "plan.amendment-declined": {"note": "x"},
    "warning.drafted": {"revision": 1, "note": "x"},
    "warning.submitted": {"revision": 1, "emergency": "x"},
    "warning.approved": {"revision": 1, "content_sha256": "1" * 64, "manifest_sha256": "1" * 64, "note": "x"},
    "warning.emergency-reviewed": {"revision": 1, "note": "x"},
    "delivery.worded": {
        "revision": 1,
        "channel": "station",
        "rendering": "",
        "pieces": [{"name": "a", "text": "b"}],
    },
    "registry.imported": {"what": "stations", "added": 1, "proposed_by": "li", "read_by": "li"},
    "note.kept": {"reason": "x", "text": ["x"], "number": 1},
}

ABOUTS = ("²/³", "1" * 5000 + "/1", "9999999999/1", "\0", "2/1")


def _details(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {}
    yield whole
    for name in whole:
        yield {key: value for key, value in whole.items() if key != name}
        for value in VALUES:
            yield {**whole, name: value}


def _nested() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield facts in which what lies deeper is odd: what is wanted, and what is carried of deliveries."""
    made, listed = OWN["proposal.made"], OWN["records.listed"]
    for wanted in _details(made["wanted"]):
        yield "proposal.made", {**made, "wanted": wanted}
    for photo in _details(_PHOTO):
        yield "records.listed", {**listed, "deliveries": [photo]}
    for count in _details(_COUNT):
        yield "records.listed", {**listed, "targets": [count]}


def odd_facts(warning_id: UUID) -> list[Fact]:
    """Return them all, around an agreement that is as it must be."""
    name = str(warning_id)
    agreed = {**OWN["proposal.made"], "proposal": PROPOSAL}
    own = {"service": "audit", "warning_id": name}
    found = [
        a_fact(kind="proposal.made", about="security", actor="sun", detail=agreed, **own),
        a_fact(kind="proposal.confirmed", actor="zhou", detail={"proposal": PROPOSAL}, **own),
    ]
    told = [(kind, detail) for kind, whole in OWN.items() for detail in _details(whole)]
    for number, (kind, detail) in enumerate([*told, *_nested()]):
        about = {"hold.placed": f"hold-{number}"}.get(kind, PROPOSAL)
        found.append(a_fact(kind=kind, about=about, detail=detail, **own))
    for kind, whole in OTHERS.items():
        found += [a_fact(kind=kind, warning_id=name, about=STATIONS[0], detail=d) for d in _details(whole)]
        found += [a_fact(kind=kind, warning_id=name, about=about, detail=whole) for about in ABOUTS]
    return found


def as_heard(messages: list[Message], first: int) -> list[Heard]:
    """Return messages as they lie in the stream, with the numbers that our own writer does not write."""
    return [
        Heard(h.sequence, h.at_us, h.message_id, h.subject, h.payload.replace(b'"@infinite"', b"1e400"))
        for h in heard(messages, first)
    ]
