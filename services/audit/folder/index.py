"""What a person reads of a case folder: the index, and the words on verifying. Offline, no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts.outcome import Column
from services.audit import say
from services.audit.folder.contents import CONTENTS, RECORDS
from services.audit.folder.story import Story, approved_otherwise
from services.audit.model.account import ChannelAccount, reach, state_of, total
from services.audit.model.deliveries import Target
from services.audit.model.differences import Difference, ending_of
from services.audit.model.steps import picture, steps
from services.kit import pages
from services.kit.masking import masked

LANGUAGE = "zh"
STATIC = Path(__file__).parents[1] / "static"
SHEETS = ("folder.css", "story.css")
MOST_PLACES = 400


@dataclass(frozen=True)
class Face:
    """What the folder is of, beside its story."""

    origin: str
    tree_size: int
    root: str
    signed_at: datetime
    keys: Sequence[str]
    differences: Sequence[Difference]
    names: Mapping[str, str]


def index(story: Story, face: Face) -> bytes:
    """Return the page that is opened first."""
    found = steps(story.books, story.acts)
    return masked(
        pages.environment(LANGUAGE)
        .get_template("audit/folder.html")
        .render(
            sheet="".join((STATIC / name).read_text(encoding="utf-8") for name in SHEETS),
            say=say.ALL,
            columns=list(Column),
            story=story,
            face=face,
            revisions=[_revision(story, face, number) for number in reversed(story.revisions())],
            picture=picture(found),
            steps=found,
            otherwise=approved_otherwise(story),
            people=[act for act in story.acts if act.kind.startswith("warning.")],
            clocks=[act for act in story.acts if act.kind.startswith("duty.")],
            head_lines=VERIFY_LINES,
            contents=CONTENTS,
            records=RECORDS,
        )
    ).encode()


def _revision(story: Story, face: Face, number: int) -> dict[str, Any]:
    key = (story.warning_id, number)
    revision, plan = story.books.revisions.get(key), story.books.plans.get(key)
    ending = ending_of(story.books, key)
    stations = [t for t in story.targets() if t.revision == number and t.channel == "station" and t.planned]
    lines = story.lines(number)
    return {
        "number": number,
        "issue": story.issues.get(number),
        "plan": plan,
        "state": state_of(revision, ending, face.signed_at) if revision else None,
        "ended_at": ending.at if ending else None,
        "lines": [_line(line) for line in lines],
        "total": _line(total(lines)),
        "stations": reach(stations, revision.approved_at) if revision else None,
        "unreached": [t for t in stations if t.received_at is None][:MOST_PLACES],
        "unanswered": [t for t in stations if t.received_at and t.confirmed_at is None][:MOST_PLACES],
        "caps": [p for p in sorted(story.caps) if p.removeprefix(f"cap/{number}")[:1] in (".", "-")],
        "plans": [p for p in sorted(story.plans) if p.removeprefix(f"plans/{number}")[:1] in (".", "-")],
        "wordings": [w for _, w in sorted(story.wordings.items()) if w.revision == number],
        "unworded": [channel for revised, channel in story.silent_channels() if revised == number],
    }


def _line(line: ChannelAccount) -> dict[str, Any]:
    counts = {column.value: count for column, count in line.columns.items()}
    return {**vars(line), **counts, "received": line.received, "adds_up": line.adds_up}


def place(target: Target, names: Mapping[str, str]) -> str:
    """Return a target's name, or its code."""
    return names.get(target.target, target.target)


VERIFY_LINES = (
    "You need the program `yutian` and the ledger's public key, got by another way than this folder.",
    "Run: yutian audit verify-folder FOLDER.zip --public-key KEY.pem",
    "It says which file was changed, removed or added, and which record does not fit its proof.",
    "By hand: contents.json names every file with its size and SHA-256, and is signed with Ed25519.",
    "What is signed there: the line yutian-case-folder/1, a line feed, and the canonical JSON of `contents`.",
    "head.txt is the signed head of the whole ledger, a checkpoint as C2SP describes it.",
    "Each line of records.jsonl is one record with its proof to that head, as RFC 6962 describes it.",
    "A leaf's hash is SHA-256 of a zero byte and its canonical JSON; it holds the SHA-256 of the payload.",
    "How many records the ledger holds of this warning is in contents.json: none can be left out unseen.",
    "What else the folder says follows from these records; the program makes it once more and compares.",
    "later.json, when it is there, proves that a later head of the ledger grew out of head.txt.",
    "People are counted, known by keyed hashes alone; what was typed as a reason stands as it was typed.",
)


def verify_text() -> bytes:
    """Return the words on verifying, in Chinese and below in English."""
    chinese = [pages.said(line, LANGUAGE) for line in VERIFY_LINES]
    blocks = (chinese, VERIFY_LINES)
    return (
        "\n\n".join("\n".join(f"{n}. {line}" for n, line in enumerate(b, 1)) for b in blocks).encode() + b"\n"
    )
