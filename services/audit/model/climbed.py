"""Where nobody answered: ladders that were climbed, answers that came, calls beside the plan, amendments."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from contracts.amendment import PlanAmended
from contracts.outcome import Column, TargetState, columns
from services.audit.model.account import nearest_rank
from services.audit.model.entry import plain
from services.audit.model.fields import MOST, is_count
from services.audit.model.figures import AmendmentFigures, Answer, Calls, Escalation, Rung, Silent
from services.audit.model.story import Told

CLIMBED, UNANSWERED, ANSWERED, TAKEN = "duty.climbed", "duty.unanswered", "duty.answered", "duty.taken"
LADDERS = (CLIMBED, UNANSWERED, ANSWERED, TAKEN)
DECLINED = "plan.amendment-declined"
_NUMBER = re.compile(r"[0-9]{1,9}")


def escalation(facts: Iterable[Told], names: Mapping[str, str]) -> Escalation:
    """Return what the ladders did; a rung that is told twice of one duty was climbed once."""
    climbed: dict[tuple[str, str], Told] = {}
    answers: dict[tuple[str, int | None, str], Told] = {}
    for fact in sorted(facts, key=lambda f: (f.at, f.position)):
        if fact.kind in (CLIMBED, UNANSWERED):
            climbed[str(fact.detail.get("duty")), _said(fact, "rung")] = fact
        elif fact.kind in (ANSWERED, TAKEN):
            answers.setdefault((fact.about or "", fact.revision, fact.kind), fact)
    alarms = sorted({fact.about or "" for fact in climbed.values() if fact.kind == UNANSWERED})
    return Escalation(
        places=len({fact.about for fact in climbed.values()}),
        rungs=_rungs(climbed),
        answers=_answers(list(answers.values())),
        alarms=[_silent(place, names) for place in alarms],
    )


def _rungs(climbed: Mapping[tuple[str, str], Told]) -> list[Rung]:
    found: dict[str, list[Told]] = {}
    for (_, rung), fact in sorted(climbed.items(), key=lambda item: (item[1].at, item[1].position)):
        found.setdefault(rung, []).append(fact)
    return [
        Rung(
            name=rung,
            duties=len(some),
            called=sum(_count(f.detail.get("called")) for f in some),
            alarmed=sum(f.kind == UNANSWERED for f in some),
        )
        for rung, some in found.items()
    ]


def _answers(facts: Sequence[Told]) -> list[Answer]:
    found = []
    for way in sorted({_said(f, "way") for f in facts}):
        mine = [f for f in facts if _said(f, "way") == way]
        given = [f.detail.get("after_s") for f in mine if f.kind == ANSWERED]
        waits = sorted(float(s) for s in given if _is_wait(s))
        found.append(
            Answer(
                way=way,
                count=sum(f.kind == ANSWERED for f in mine),
                taken=sum(f.kind == TAKEN for f in mine),
                p50_s=nearest_rank(waits, 0.50),
                max_s=waits[-1] if waits else None,
            )
        )
    return found


def _silent(place: str, names: Mapping[str, str]) -> Silent:
    return Silent(code=place, name=names.get(place), town=f"{place[:9]}000", state="open")


def _said(fact: Told, name: str) -> str:
    return plain(str(fact.detail.get(name) or "?"), 60)


def _is_wait(given: Any) -> TypeGuard[float]:
    return type(given) in (int, float) and 0 <= given <= MOST


def _count(given: Any) -> int:
    return given if is_count(given) else 0


@dataclass
class Call:
    """One delivery beside the plan: whom it called, and what its newest photograph shows."""

    channel: str
    size: int = 0
    report: int = 0
    tally: Mapping[str, int] = field(default_factory=dict)

    def reported(self, number: int, tally: Mapping[str, int]) -> None:
        """Take a photograph in; the one with the highest number counts, whatever is heard last."""
        if number > self.report:
            self.report, self.tally = number, tally


def calls(found: Iterable[Call]) -> list[Calls]:
    """Return the calls of each channel."""
    by_channel: dict[str, list[Call]] = {}
    for call in found:
        by_channel.setdefault(call.channel, []).append(call)
    return [_line(channel, some) for channel, some in sorted(by_channel.items())]


def _line(channel: str, some: Sequence[Call]) -> Calls:
    people = sum(call.size or sum(call.tally.values()) for call in some)
    summed = dict.fromkeys(Column, 0)
    for call in some:
        for column, count in columns({TargetState(s): n for s, n in call.tally.items()}).items():
            summed[column] += count
    known = sum(summed.values()) - summed[Column.OPEN]
    return Calls(
        channel=channel,
        calls=len(some),
        people=people,
        confirmed=summed[Column.CONFIRMED],
        received=summed[Column.DELIVERED],
        failed=summed[Column.FAILED],
        open=max(0, people - known),
    )


def amendments(messages: Iterable[PlanAmended], facts: Iterable[Told]) -> list[AmendmentFigures]:
    """Return every amendment once, by its number, in whatever order they were heard."""
    found: dict[tuple[int, int], AmendmentFigures] = {}
    for message in messages:
        added = {entry.channel.value: entry.count for entry in message.channels}
        line = _amendment(message.revision, message.number, message.by, message.at, added, taken=True)
        found.setdefault((line.revision, line.number), line)
    for fact in facts:
        revision, _, number = (fact.about or "").partition("/")
        if fact.kind == DECLINED and _NUMBER.fullmatch(revision) and _NUMBER.fullmatch(number):
            line = _amendment(int(revision), int(number), fact.actor or "", fact.at, {}, taken=False)
            found.setdefault((line.revision, line.number), line)
    return [found[key] for key in sorted(found)]


def _amendment(
    revision: int, number: int, by: str, at: Any, added: dict[str, int], *, taken: bool
) -> AmendmentFigures:
    return AmendmentFigures(revision=revision, number=number, taken=taken, by=plain(by), at=at, added=added)
