"""The files that follow from the records: made for a folder, and made once more when it is verified."""

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.canonical import canonical_bytes, sha256_hex
from contracts.outcome import TargetState
from services.audit.folder.story import Issue, Story, plan_bytes
from services.audit.forms import guarded
from services.audit.model.acts import OF_CLOCKS, Act
from services.audit.model.deliveries import Target
from services.audit.model.entry import Entry
from services.kit.clock import beijing, from_microseconds
from services.kit.masking import masked, masked_deep

Names = Mapping[str, str]

TIMELINE_HEAD = (
    "position",
    "recorded_at",
    "event_at",
    "kind",
    "revision",
    "channel",
    "about",
    "name",
    "actor",
)


def row(cells: tuple[Any, ...]) -> bytes:
    """Return one line of a table that any spreadsheet opens, and takes for no formula."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([_cell(cell) for cell in cells])
    return written.getvalue().encode()


def _cell(value: Any) -> str:
    text = "" if value is None else beijing(value) if isinstance(value, datetime) else masked(str(value))
    return guarded(text)


BEGIN = "\N{BYTE ORDER MARK}".encode()
"""With it a spreadsheet reads Chinese as Chinese."""


def timeline_head() -> bytes:
    """Return the first line of the timeline."""
    return BEGIN + row(TIMELINE_HEAD)


def timeline_row(position: int, recorded_at: datetime, entry: Entry, names: Names) -> bytes:
    """Return the line of one record."""
    when = (position, recorded_at, entry.event_at)
    what = (entry.kind, entry.revision, entry.channel)
    return row((*when, *what, entry.about, names.get(entry.about or ""), entry.actor))


def derived(story: Story, names: Names) -> dict[str, bytes]:
    """Return the files that follow from a story, but the timeline, by their paths."""
    found = {
        "warning.json": _json(_warning(story)),
        "outcomes.json": _json(_outcomes(story)),
        "escalations.json": _json([a.plain() for a in story.acts if _of_clocks(a)]),
        "targets.csv": _targets(story, names),
    }
    found |= story.caps
    found |= {name: plan_bytes(message) for name, (_, message) in story.plans.items()}
    found |= {wording.name: masked(wording.text()).encode() for wording in story.wordings.values()}
    return dict(sorted(found.items()))


def _of_clocks(act: Act) -> bool:
    return act.kind.partition(".")[0] == OF_CLOCKS


def _json(value: Any) -> bytes:
    return canonical_bytes(masked_deep(value)) + b"\n"


def _warning(story: Story) -> dict[str, Any]:
    ended = [{"revision": e.revision, "reason": e.reason, "at": beijing(e.at)} for e in story.endings()]
    return {
        "warning_id": story.warning_id,
        "records": story.records,
        "revisions": [_revision(story.issues[number]) for number in sorted(story.issues)],
        "endings": ended,
        "acts": [act.plain() for act in story.acts if not _of_clocks(act)],
    }


def _revision(issue: Issue) -> dict[str, Any]:
    message, notice = issue.message, issue.message.notice
    return {
        "position": issue.position,
        "revision": message.revision,
        "verb": message.verb,
        "mode": message.mode.value,
        "identifier": notice.identifier,
        "hazard": notice.hazard,
        "hazard_name": notice.hazard_name,
        "level": notice.level.value,
        "sender_name": notice.sender_name,
        "text": notice.text.model_dump(mode="json"),
        "areas": [[place.code, place.name] for place in notice.areas],
        "approved_by": list(notice.approved_by),
        "approved_at": beijing(message.approved_at),
        "said_at": beijing(message.at),
        "onset": beijing(notice.onset) if notice.onset else None,
        "expires_at": beijing(notice.expires),
        "content_sha256": message.content_sha256,
        "manifest_sha256": message.manifest_sha256,
        "cap_sha256": sha256_hex(message.cap_xml.encode()),
    }


def _outcomes(story: Story) -> list[dict[str, Any]]:
    found = []
    for revision in story.revisions():
        plan = story.books.plans.get((story.warning_id, revision))
        lines = [
            {
                "channel": line.channel,
                "targeted": line.targeted,
                **{column.value: count for column, count in line.columns.items()},
                "deliveries": line.deliveries,
                "silent": line.silent,
                "adds_up": line.adds_up,
            }
            for line in story.lines(revision)
        ]
        count, manifest = (plan.count, plan.manifest_sha256) if plan else (None, None)
        found.append({"revision": revision, "count": count, "manifest_sha256": manifest, "channels": lines})
    return found


_STATES = [state.value for state in TargetState]


def _targets(story: Story, names: Names) -> bytes:
    head = ("revision", "channel", "target", "name", "planned", "state", *_STATES, "confirmed_by")
    return BEGIN + row(head) + b"".join(_target(target, names) for target in story.targets())


def _target(target: Target, names: Names) -> bytes:
    times = [from_microseconds(target.times[s]) if s in target.times else None for s in _STATES]
    what = (target.revision, target.channel, target.target, names.get(target.target))
    return row((*what, target.planned, target.state, *times, target.confirmed_by))
