"""The adapter to a broadcast platform: a packet is posted, then asked after until it was played."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Mode, Withdrawal
from services.channels.push.adapter import (
    NOTHING_TO_LIFT,
    Air,
    Answer,
    Answers,
    Earlier,
    Job,
    NotThere,
    Unconfigured,
    every,
    look_again_s,
    since_taken,
    taken,
)
from services.channels.push.broadcast import packet
from services.channels.push.broadcast.answers import StateReport
from services.channels.push.broadcast.audio import SILENT, Audio, Library
from services.channels.push.broadcast.desk import Desk, accept
from services.channels.push.broadcast.draft import Draft, Drafts
from services.channels.push.broadcast.packet import Wording
from services.channels.push.broadcast.site import PlayState, Site
from services.channels.push.calling import quoted
from services.kit.errors import Retry

Word = Callable[[DeliveryRequested], DeliveryRequested]
"""Puts the words that are to be read into a request."""

_MESSAGE, _SHA256 = "message", "message-sha256"
"""Names of what is written down: the numbers of the message, and the hash of its main file."""


class Broadcast:
    """Speaks EBD to a platform: of loudspeakers, or a head-end; drills may have one of their own."""

    def __init__(
        self,
        desks: Mapping[Mode, Desk | None],
        drafts: Drafts,
        word: Word,
        *,
        text: Wording = packet.read_aloud,
        library: Library = SILENT,
        channel: Channel = Channel.BROADCAST,
    ) -> None:
        self.desks = desks
        self.drafts = drafts
        self.word = word
        self.text = text
        self.library = library
        self.channel = channel

    async def send(self, job: Job) -> Answers:
        """Post the message; a replacement or a cancel names the message that it ends."""
        desk = self._desk(job.request.mode)
        action = job.request.action
        ended = None if action is Action.START else await self._ended_by(desk, job)
        if action is Action.STOP and ended is None:
            yield every(job, TargetState.WITHDRAWN, NOTHING_TO_LIFT)
            return
        posted = await self._posted(desk, job, ended.reference if ended else None)
        if posted.known:
            yield taken(job, ended, posted.draft.related)
            return
        yield Answer(reference=posted.draft.message_id, air=Air.MAYBE, memo=posted.memo)
        receipt = await desk.post(posted.draft.packet_id, posted.main, self.drafts, audio=posted.audio)
        if receipt.code.final_refusal and action is Action.REPLACE and posted.draft.related:
            # A platform that no longer knows the predecessor must not keep people from the update.
            posted = await self._new(desk, job, None)
            yield Answer(reference=posted.draft.message_id, memo=posted.memo)
            receipt = await desk.post(posted.draft.packet_id, posted.main, self.drafts, audio=posted.audio)
        accept(receipt)
        yield taken(job, ended, posted.draft.related)

    async def follow(self, job: Job) -> Answers:
        """Ask how far the message has come."""
        assert job.reference is not None
        report = await self._desk(job.request.mode).state(job.reference, self.drafts)
        if report is None:
            raise Retry("the platform does not know a message that it took", after=30)
        yield meaning(job, report)

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:  # noqa: ARG002 (there is one way to cancel)
        """Cancel what is still waiting or playing, and see that it ends."""
        assert job.reference is not None
        desk = self._desk(job.request.mode)
        report = await desk.state(job.reference, self.drafts)
        if report is None and job.air is Air.MAYBE:
            raise NotThere("the platform does not know the message yet")
        if report is None or report.state.final:
            yield Answer(air=Air.OFF)
            return
        draft = await self.drafts.kept(job.memo, "stop", desk.site, job.reference)
        cancel = job.request.model_copy(update={"action": Action.STOP})
        main = self._main(desk.site, cancel, draft, None)
        yield Answer(memo=draft.memo("stop"))
        accept(await desk.post(draft.packet_id, main, self.drafts))
        yield Answer(air=Air.ON, ask_again_s=look_again_s(job.at - draft.at))

    async def probe(self) -> str:
        """Send a heartbeat to every platform; nobody hears it."""
        self._desk(Mode.LIVE)
        different = {desk.line.addresses: desk for desk in self.desks.values() if desk is not None}
        for desk in different.values():
            await desk.check_connection(self.drafts)
        off = "".join({desk.clock.words() for desk in different.values()})
        return f"the heartbeat was answered{off}"

    def _desk(self, mode: Mode) -> Desk:
        desk = self.desks[mode]
        if desk is None:
            raise Unconfigured(f"the broadcast platform for {mode} messages is not configured", after=10)
        return desk

    async def _ended_by(self, desk: Desk, job: Job) -> Earlier | None:
        """Return the message that this one ends; raise NotThere while the platform may yet learn of it."""
        known = next((one for one in job.earlier if one.sure), None)
        if known is not None or job.request.action is Action.REPLACE:
            return known
        for one in job.earlier:
            if await desk.state(one.reference, self.drafts) is not None:
                return one
        if job.earlier:
            raise NotThere("the platform does not know yet what is to be lifted")
        return None

    async def _posted(self, desk: Desk, job: Job, related: str | None) -> "Posted":
        """Return what is posted: the same as before, or anew when that has worn out or would differ now.

        A platform refuses other words under a number that it knows: so it is asked first whether it took
        the earlier ones.
        """
        kept = Draft.of(job.memo, _MESSAGE)
        if kept is None:
            return await self._new(desk, job, related)
        if not kept.worn(desk.site, job.at):
            again = self._made(desk.site, job.request, kept)
            if job.memo.get(_SHA256, again.sha256) == again.sha256:
                return again
        if await desk.state(kept.message_id, self.drafts) is not None:
            return Posted(kept, b"", None, known=True)
        return await self._new(desk, job, related)

    async def _new(self, desk: Desk, job: Job, related: str | None) -> "Posted":
        draft = await self.drafts.make(desk.site, related, desk.clock.behind_s)
        return self._made(desk.site, job.request, draft)

    def _made(self, site: Site, request: DeliveryRequested, draft: Draft) -> "Posted":
        audio = packet.audio_of(self.library, request)
        return Posted(draft, self._main(site, request, draft, audio), audio)

    def _main(self, site: Site, request: DeliveryRequested, draft: Draft, audio: Audio | None) -> bytes:
        if draft.related is None:
            # The replacement of nothing is a first message.
            request = request.model_copy(update={"action": Action.START})
        return packet.message(
            site,
            self.word(request),
            packet_id=draft.packet_id,
            message_id=draft.message_id,
            related=draft.related,
            at=draft.at,
            behind_s=draft.behind_s,
            audio=audio,
            text=self.text,
        )


@dataclass(frozen=True)
class Posted:
    """A message as it is posted, with what must be the same in each attempt."""

    draft: Draft
    main: bytes
    audio: Audio | None
    known: bool = False
    """True when the platform has it already."""

    @property
    def sha256(self) -> str:
        """The hash of the main file."""
        return hashlib.sha256(self.main).hexdigest()

    @property
    def memo(self) -> dict[str, str]:
        """What is written down before it is posted."""
        return {**self.draft.memo(_MESSAGE), _SHA256: self.sha256}


def meaning(job: Job, report: StateReport) -> Answer:
    """Return what a state means for the areas of a job; the platform names those that were covered."""
    covered = [n for n, area in enumerate(job.targets) if area in report.areas]
    # A platform may tell of a message before it has answered that it took it.
    again = look_again_s(since_taken(job) if "taken" in job.memo else timedelta(0))
    match report.state:
        case PlayState.NOT_PROCESSED | PlayState.WAITING:
            return Answer(ask_again_s=again)
        case PlayState.PLAYING:
            return Answer(dict.fromkeys(covered, TargetState.RECEIVED), ask_again_s=again)
        case PlayState.PLAYED:
            return every(job, TargetState.PLAYED, air=Air.OFF)
        case PlayState.FAILED:
            return _failed(job, covered, f"not played: {quoted(report.description)}")
        case _:
            return every(job, TargetState.WITHDRAWN, "cancelled at the platform", air=Air.OFF)


def _failed(job: Job, covered: list[int], why: str) -> Answer:
    deaf = [n for n in range(len(job.targets)) if n not in covered]
    states = dict.fromkeys(deaf, TargetState.FAILED) | dict.fromkeys(covered, TargetState.PLAYED)
    return Answer(states, dict.fromkeys(deaf, why), air=Air.OFF)
