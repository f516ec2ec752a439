"""Half a year of the district: its real places, a red rainstorm over all of them, weaker ones, drills."""

import base64
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import orjson

from contracts.message import Message
from contracts.outcome import Outcome, TargetState
from contracts.registry import BLOCK_CONTEXT, BlockChanged
from contracts.values import Channel, Level, Mode
from contracts.warning import Notice, WarningCancelled
from services.audit.actions import gather
from services.audit.actions import words as indexing
from services.audit.model.entry import Heard
from services.kit.clock import microseconds
from services.kit.ids import uuid7
from tests.audit.api_make import Asked
from tests.audit.audit_make import NOON, AWarning, a_fact, a_notice
from tests.audit.district_make import PHONES, District, a_text, a_village
from tests.audit.folder_make import worded
from tests.audit.people_make import a_batch, a_request, phones
from tests.audit.report_make import about, judged, onset, seen
from tests.audit.test_approvals import act
from tests.clock import HandClock

ME = "13800000007"
NAMES = ("王建国", "李秀英", "张伟", "刘洋", "陈静", "杨勇", "赵敏", "黄丽", "周强", "吴芳")
S = TargetState
At = tuple[datetime, Message]
Change = tuple[float, str, TargetState, str | None]


@dataclass
class Told:
    """A warning and what is said of it, each at its moment."""

    warning: AWarning
    audit: Asked
    bad: int = 29
    """Every so manieth station stays silent."""
    said: list[At] = field(default_factory=list)

    def after(self, seconds: float) -> datetime:
        """Return the moment so many seconds after the approval."""
        return self.warning.at + timedelta(seconds=seconds)

    def add(self, seconds: float, *messages: Message) -> None:
        """Let messages be said then."""
        self.said += [(self.after(seconds), message) for message in messages]

    @property
    def phones(self) -> int:
        """Return how many phones it is sent to."""
        return next(c.count for c in self.warning.manifest.channels if c.channel is Channel.SMS)

    def publish(self) -> None:
        """Let people draft and approve it, and the services plan it and ask."""
        one = self.warning
        for minutes, what, who in (
            (14, "drafted", "zhang"),
            (6, "submitted", "zhang"),
            (2, "approved", "li"),
        ):
            self.add(-60 * minutes, act(one, what, who, minutes))
        notice = a_notice(one.level, one.at + timedelta(hours=6)).model_copy(
            update={"text": a_text(one.level), "areas": one.manifest.areas, "approved_by": ("李霞", "王磊")}
        )
        at = self.after(0)
        self.add(0, act(one, "approved", "wang", 0), one.published(notice=notice))
        self.add(0.2, one.plan().model_copy(update={"at": at + timedelta(seconds=0.2)}))
        crypto = self.audit.book.crypto
        for request in one.requests():
            if request.channel is Channel.SMS:
                request = a_request(one, a_batch(crypto, phones(self.phones)))
            self.add(0.3, request.model_copy(update={"at": at + timedelta(seconds=0.3), "notice": notice}))

    def channels(self) -> None:
        """Let the channels report until nothing moves any more."""
        self._report(Channel.STATION, list(self._stations()))
        towns = next(c.targets for c in self.warning.manifest.channels if c.channel is Channel.BROADCAST)
        self._report(Channel.BROADCAST, [(4 + n * 0.9, town, S.PLAYED, None) for n, town in enumerate(towns)])
        count = self.phones
        for seconds, sent, got in ((20, 0.5, 0.0), (45, 0.6, 0.4), (120, 0.05, 0.94)):
            tally = {S.SENT: round(count * sent), S.RECEIVED: round(count * got)}
            failed = count - sum(tally.values()) if seconds == 120 else 0
            tally |= {S.FAILED: failed} if failed else {S.QUEUED: count - sum(tally.values())}
            given = {state: number for state, number in tally.items() if number}
            made = self.warning.report(Channel.SMS, given)
            more = {"at": self.after(seconds), "leased_at": self.after(12)}
            self.add(seconds, made.model_copy(update=more))

    def _stations(self) -> Iterator[Change]:
        for n, code in enumerate(self.warning.manifest.villages):
            if n % self.bad == 7:
                continue
            if n % 37 == 3:
                yield 60 + n / 9, code, S.FAILED, None
                continue
            got = 0.8 + 5 * abs(math.sin(n)) ** 3 + (40 + n / 4 if n % 23 == 11 else 0)
            yield got, code, S.RECEIVED, None
            if n % 6:
                yield got + 4, code, S.PLAYED, None
            if n % 9:
                answered = 35 + 500 * abs(math.sin(n * 1.7)) ** 4 + n / 3
                yield got + answered, code, S.CONFIRMED, NAMES[n % len(NAMES)]

    def _report(self, channel: Channel, changes: Sequence[Change]) -> None:
        """Say changes as a channel does: a photograph every few seconds, then every minute."""
        entry = next(c for c in self.warning.manifest.channels if c.channel is channel)
        stands = dict.fromkeys(entry.targets, S.QUEUED)
        parts: dict[float, list[Change]] = {}
        for change in sorted(changes):
            step = 2.0 if change[0] < 20 else 60.0
            parts.setdefault((change[0] // step + 1) * step, []).append(change)
        for seconds, some in sorted(parts.items()):
            stands |= {target: state for _, target, state, _ in some}
            tally = {state: list(stands.values()).count(state) for state in set(stands.values())}
            outcomes = [Outcome(target=t, state=s, at=self.after(at), by=by) for at, t, s, by in some]
            made = self.warning.report(channel, tally, outcomes)
            self.add(seconds, made.model_copy(update={"at": self.after(seconds)}))

    def climb(self) -> None:
        """Let the clocks strike where nobody answers, and people answer at last."""
        villages = self.warning.manifest.villages
        silent = [code for n, code in enumerate(villages) if n % self.bad == 7 or n % 37 == 3]
        rungs = (("second-call", 180), ("deputy", 480), ("town-desk", 900))
        for n, code in enumerate(silent):
            for rung, seconds in rungs[: 1 + n % 3]:
                given = {"about": code, "duty": f"d{n}", "rung": rung, "called": 2}
                self.add(seconds, about(self.warning, "duty.climbed", seconds, **given))
            late = 260 + 50 * n
            answer = {"about": code, "way": ("keypress", "manual", "sms")[n % 3], "after_s": float(late)}
            if n % 7 != 6:
                self.add(late, about(self.warning, "duty.answered", late, **answer))

    def judge(self, minutes: float) -> None:
        """Let somebody say when it began and what became of it."""
        self.add(7200, onset(self.warning, minutes, 7200), judged(self.warning, "hit", 7300))

    def lift(self, seconds: float) -> None:
        """Let it be lifted, and the lift be heard everywhere."""
        one, at = self.warning, self.after(seconds)
        self.add(
            seconds,
            one.published(WarningCancelled, 2, approved_at=at, notice=self._lift()).model_copy(
                update={"at": at}
            ),
            one.plan(2).model_copy(update={"at": at}),
            *(request.model_copy(update={"at": at}) for request in one.requests(2)),
        )
        for channel in one.manifest.channels:
            later = seconds + 6
            named = channel.targets if channel.channel is not Channel.SMS else ()
            heard = [Outcome(target=t, state=S.RECEIVED, at=self.after(later)) for t in named]
            made = one.report(channel.channel, {S.RECEIVED: channel.count}, heard, revision=2)
            self.add(later + 1, made.model_copy(update={"at": self.after(later)}))

    def _lift(self) -> Notice:
        notice = a_notice(self.warning.level, self.warning.at + timedelta(hours=6))
        words = a_text(self.warning.level).model_copy(update={"headline": "綦江区气象台解除暴雨预警信号"})
        return notice.model_copy(update={"text": words, "areas": self.warning.manifest.areas})


@dataclass
class Year:
    """The ledger of a year, and what stands out in it."""

    audit: Asked
    district: District = field(default_factory=District)
    said: list[At] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.red = self.told(Level.RED, timedelta(0), None)
        self.drill = self.told(Level.ORANGE, timedelta(days=-12), 9, Mode.DRILL)

    def told(self, level: Level, later: timedelta, towns: int | None, mode: Mode = Mode.LIVE) -> Told:
        """Return a warning with all that is said of it."""
        manifest = self.district.manifest(mode, towns, PHONES if towns is None else 400)
        found = Told(AWarning(manifest=manifest, mode=mode, level=level, at=NOON + later), self.audit)
        found.publish()
        found.channels()
        return found

    async def fill(self) -> None:
        """Record all of it, in the order of its moments."""
        self._registry()
        self._before()
        self.red.climb()
        self.red.judge(52)
        self.red.add(1, *(worded(self.red.warning, "sms", "public", text=a_text(Level.RED).short),))
        self.red.add(2, worded(self.red.warning, title="暴雨红色预警", speech=a_text(Level.RED).instruction))
        self.red.lift(5.4 * 3600)
        self._gateway()
        self.said += [*self.red.said, *self.drill.said]
        await self._record()
        cast("HandClock", self.audit.book.db.clock).at = NOON + timedelta(hours=20)
        await self._indexed()

    def _registry(self) -> None:
        begin = NOON - timedelta(days=140)
        towns = {t["code"]: t["name"] for t in self.district.towns}
        for code, name in towns.items():
            self._block(code, {"kind": "town", "code": code, "name": name}, begin)
        for n, village in enumerate(self.district.villages):
            self._block(village["code"], a_village(village, n), begin)
            if n % 90 == 7:
                self._block(village["code"], a_village(village, n, 9), NOON - timedelta(days=2, minutes=n))
        gateways = [
            {"gateway_id": "cmcc-1", "name": "移动短信网关", "operator": "cmcc"},
            {"gateway_id": "cucc-1", "name": "联通短信网关", "operator": "cucc"},
        ]
        self._block("district", {"kind": "district", "gateways": gateways}, begin)
        at = NOON - timedelta(days=3)
        detail = {"read_by": "op1", "added": 120, "changed": 14}
        head = {"service": "registry", "actor": "op2", "at": at}
        self.said.append((at, a_fact(kind="registry.imported", about="recipients", detail=detail, **head)))
        keys = {"proposed_by": "op1", "keys": 1}
        code = self.district.home
        self.said.append((at, a_fact(kind="key.issued", about=code, detail=keys, **head)))

    def _block(self, code: str, body: dict[str, Any], at: datetime) -> None:
        sealed = self.audit.book.crypto.seal(orjson.dumps(body), BLOCK_CONTEXT)
        text = base64.b64encode(sealed).decode()
        name = hashlib.sha256(sealed).hexdigest()
        self.said.append((at, BlockChanged(block=code, sha256=name, sealed=text, at=at)))

    def _before(self) -> None:
        """Let months go by: stations come and go, weaker rain is warned of."""
        codes = self.district.codes()
        for n, code in enumerate(codes):
            self.said += _seen(code, "online", timedelta(days=-140, seconds=n))
            if n % 19 == 7:
                self.said += _seen(code, "offline", timedelta(days=-30, hours=n))
                self.said += _seen(code, "online", timedelta(days=-29, hours=n + n % 5))
        for hours, word in (
            (-80, "suspect"),
            (-79.9, "offline"),
            (-71, "online"),
            (-3, "suspect"),
            (-2.9, "online"),
        ):
            self.said += _seen(self.district.home, word, timedelta(hours=hours))
        levels = (Level.YELLOW, Level.BLUE, Level.ORANGE, Level.YELLOW, Level.YELLOW, Level.ORANGE)
        for n, level in enumerate(levels):
            one = self.told(level, timedelta(days=-130 + 26 * n, hours=n), 2 + n)
            one.judge(20 + 12 * n)
            self.said += one.said
        before = self.told(Level.ORANGE, timedelta(days=-100), 9, Mode.DRILL)
        notes = ("雨量预报偏大，降级为橙色", "第二段写错了镇名，退回修改", "上游涨水，请改写防御指南")
        for n, note in enumerate(notes):
            minutes = 13 - 2 * n
            returned = act(self.red.warning, "returned", "li", minutes, note=note)
            self.said.append((self.red.after(-60 * minutes), returned))
        self.said += before.said

    def _gateway(self) -> None:
        for seconds, kind in ((15, "gateway.starved"), (30, "gateway.fed")):
            self.red.add(seconds, about(self.red.warning, kind, seconds, about="cmcc-1"))

    async def _record(self) -> None:
        book = self.audit.book
        assert book.stand is not None
        begin = book.stand.sequence
        heard = []
        for n, (at, message) in enumerate(sorted(self.said, key=lambda one: one[0]), start=1):
            at_us = microseconds(at) + 180_000
            heard.append(Heard(begin + n, at_us, str(uuid7()), message.subject, message.to_bytes()))
        for first in range(0, len(heard), 200):
            await book.take(heard[first : first + 200])

    async def _indexed(self) -> None:
        book = self.audit.book
        async with book.db.transaction() as tx:
            await book.leadership._claim_in(tx, indexing.LEASE)
            await book.leadership._claim_in(tx, gather.LEASE)
        while await indexing.fold(book.db, book.leadership):
            pass
        await gather.gather(book.db, book.leadership, timedelta(0))


def _seen(code: str, presence: str, later: timedelta) -> list[At]:
    return [(NOON + later, seen(code, presence, later))]
