"""Ask for the story of a warning: its steps in time, and what each place had come to at any moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.audit.actions.ask import STATION
from services.audit.model.acts import Act, act_of
from services.audit.model.deliveries import Target
from services.audit.model.differences import ending_of
from services.audit.model.entry import read
from services.audit.model.replay import Track, moments, town_of, track
from services.audit.model.rows import Ending, Revision
from services.audit.model.steps import Step, steps
from services.audit.store import books, ledger, questions, stories
from services.kit.db import Database
from services.kit.errors import NotFound


async def timeline(db: Database, warning_id: str) -> list[Step]:
    """Return the steps of a warning, from the first draft to the last answer."""
    async with questions.snapshot(db) as connection:
        known = await books.whole(connection, [warning_id])
        told = await stories.acts(connection, warning_id)
    acts = [_act(record["position"], record["recorded_at"], record) for record in told]
    return steps(known, [act for act in acts if act is not None])


def _act(position: int, recorded_at: datetime, record: questions.Record) -> Act | None:
    entry = read(ledger.subject_of(record), ledger.unpacked(record["payload"]))
    return act_of(position, recorded_at, entry)


@dataclass(frozen=True)
class Outcomes:
    """What became of the named targets of one revision on one channel, moment by moment."""

    revision: Revision
    ending: Ending | None
    channel: str
    tracks: Sequence[Track]
    moments: Sequence[int]
    """Milliseconds after the approval: the steps of a replay."""
    silent_after: timedelta
    names: Mapping[str, str]
    """Of targets, and of towns by their twelve digits."""
    choices: Sequence[tuple[int, str]]
    """The revisions and channels that there are."""

    @property
    def end(self) -> datetime:
        """The last moment of the replay."""
        return self.revision.approved_at + timedelta(milliseconds=self.moments[-1])

    def ms(self, at: datetime | None) -> int:
        """Return a moment in milliseconds after the approval; the last one when none is named."""
        if at is None:
            return self.moments[-1]
        return int((at - self.revision.approved_at) / timedelta(milliseconds=1))


async def outcomes(
    db: Database, warning_id: str, silent_after: timedelta, revision: int | None, channel: str | None
) -> Outcomes:
    """Return the outcomes of a revision, the newest when none is named; raise NotFound of one not known."""
    async with questions.snapshot(db) as connection:
        known = await books.headings(connection, [warning_id])
        choices = await stories.channels(connection, warning_id)
        chosen = max((r.revision for r in known.revisions.values()), default=None)
        found = known.revisions.get((warning_id, revision or chosen or 0))
        if found is None:
            raise NotFound("the ledger knows no such revision", mend="choose one that was published")
        way = channel or STATION
        told = await books.rows(connection, questions.targets_of(warning_id, way), Target)
        mine = sorted((t for t in told if t.revision == found.revision and t.planned), key=lambda t: t.key)
        tracks = [track(target, found.approved_at, silent_after) for target in mine]
        towns = {f"{town_of(one.place)}000" for one in tracks if one.place}
        names = await questions.names(connection, {*(one.target for one in tracks), *towns})
    ending = ending_of(known, found.key)
    last = ending.at if ending else found.approved_at
    end = int((last - found.approved_at) / timedelta(milliseconds=1))
    return Outcomes(found, ending, way, tracks, moments(tracks, end), silent_after, names, choices)
