"""The adapter to browsers: each follower of a warned town is pushed to; some tell that it was shown."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from hashlib import sha256
from urllib.parse import urlsplit

from contracts.outcome import TargetState
from contracts.values import Action, Channel, Withdrawal
from services.channels.hazards import hazards
from services.channels.push.adapter import NOTHING_TO_LIFT, Air, Answer, Answers, Job, Unwell
from services.channels.push.store import browsers
from services.channels.push.store.browsers import Round
from services.channels.push.web import endpoints, message
from services.channels.push.web.message import Words
from services.channels.push.web.post import Fate, Letter, Post, Posted
from services.channels.push.web.wishes import Browser
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Problem, Retry

PORTION = 48
"""Browsers between two answers: what a crash may repeat, and how far a cancel can lag behind."""

TELLERS = 50
"""About so many browsers of a town are asked to tell that they have shown it: a crowd would hurt us."""

_TOWN_DIGITS = 9
_TOKEN = "web-push"  # noqa: S105 (a purpose, not a secret)
_NOBODY = "no browser follows this town for such a warning"
_GONE = "every browser that followed this town has gone or refused it"


class Web:
    """Pushes to browsers; what they show is the newest revision of each warning, whatever comes first."""

    channel = Channel.WEB

    def __init__(self, db: Database, crypto: CryptoProvider, post: Post, page_url: str) -> None:
        self.db = db
        self.crypto = crypto
        self.post = post
        self.page_url = page_url

    async def send(self, job: Job) -> Answers:
        """Push to everybody who is to be told and has not been; a lift goes to whoever was told."""
        self.post.check()
        delivery = _Delivery(self, job, halted=False)
        lifts = job.request.action is Action.STOP
        yield Answer(air=Air.MAYBE, reference=job.request.delivery_id.hex, messages=delivery.tokens)
        async for posted in delivery.portions():
            yield delivery.answer(posted)
        delivery.complain()
        yield await delivery.end(TargetState.WITHDRAWN if lifts else TargetState.FAILED)

    async def follow(self, job: Job) -> Answers:  # noqa: ARG002 (browsers tell us, and nobody else knows)
        """Wait: a browser that has shown it says so."""
        yield Answer()

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:
        """Show in its place that it is void; what has expired says itself until when it holds."""
        if reason is not Withdrawal.EXPIRED:
            self.post.check()
            delivery = _Delivery(self, job, halted=True)
            async for _ in delivery.portions():
                yield Answer()
            delivery.complain()
        yield Answer(air=Air.OFF)

    async def probe(self) -> str:
        """See that the push services of our browsers answer; nothing is pushed."""
        self.post.check()
        some = await browsers.any_of(self.db, self.crypto, 200)
        services = sorted({endpoints.origin(browser.address.endpoint) for browser in some})
        silent = []
        for service in services:
            try:
                await self.post.reach(service)
            except Problem:
                silent.append(urlsplit(service).hostname or "")
        if services and len(silent) == len(services):
            raise Unwell(f"no push service answers: {', '.join(silent)}")
        total = await browsers.count(self.db)
        said = f"{total} browsers; {len(services) - len(silent)} of {len(services)} push services answer"
        return f"{said}, not {', '.join(silent)}" if silent else said


class _Delivery:
    """One delivery on its way to browsers."""

    def __init__(self, web: Web, job: Job, *, halted: bool) -> None:
        self.web = web
        self.job = job
        self.halted = halted
        request = job.request
        self.words = message.words(request, halted=halted)
        self.round = Round(web.db, web.crypto, request)
        self.position = {area[:_TOWN_DIGITS]: n for n, area in enumerate(job.targets)}
        self.states = dict(enumerate(job.states))
        self.gone: set[str] = set()
        """Towns from which a browser has gone."""
        self.problem: Problem | None = None
        self.well = False
        self._offered = frozenset(hazard.code for hazard in hazards())
        self._dead: dict[str, int] = {}
        self._chance: dict[str, float] = {}

    @property
    def tokens(self) -> dict[str, int]:
        """By what a browser tells that a town's warning was shown."""
        return {self._token(town): position for town, position in self.position.items()}

    async def portions(self) -> AsyncIterator[Sequence[Posted]]:
        """Push portion by portion; yield what became of each."""
        request = self.job.request
        towns = () if self.halted or request.action is Action.STOP else tuple(self.position)
        counts = await browsers.followers(self.web.db, tuple(self.position))
        self._chance = {town: TELLERS / count for town, count in counts.items()}
        after = ""
        while found := await self._next(towns, after):
            after = found[-1].browser_id
            wanted = [one for one in found if self._wanted(one)]
            if wanted:
                yield await self._post(wanted)

    async def _next(self, towns: Sequence[str], after: str) -> Sequence[Browser]:
        if self.halted:
            return await self.round.to_halt(after, PORTION)
        return await self.round.waiting(towns, after, PORTION)

    def _wanted(self, browser: Browser) -> bool:
        request = self.job.request
        return browser.told or browser.wishes.want(request.notice, request.mode, self._offered)

    async def _post(self, wanted: Sequence[Browser]) -> Sequence[Posted]:
        if not self.halted:
            await self.round.begin(wanted)
        letters = [self._letter(browser) for browser in wanted]
        posted = await self.web.post.deliver(letters, self.web.db.clock.now(), self._dead)
        fates = {p.browser.browser_id: str(p.fate) for p in posted if p.fate is not None}
        self.gone |= {town for p in posted if p.fate is Fate.GONE for town in p.browser.wishes.towns}
        await self._write(fates)
        for one in posted:
            self.well = self.well or one.fate is not None
            self.problem = one.problem or self.problem
        return posted

    async def _write(self, fates: Mapping[str, str]) -> None:
        gone = [name for name, fate in fates.items() if fate == Fate.GONE]
        if gone:
            await self.round.forget(gone)
        if self.halted:
            await self.round.end_halt(fates.keys())
        else:
            await self.round.end(fates)

    def complain(self) -> None:
        """Raise what kept somebody from being told; while others answer, one dead service rests nobody."""
        if isinstance(self.problem, Unwell) and self.well:
            raise Retry("some push services do not answer", after=self.problem.after)
        if self.problem is not None:
            raise self.problem

    def _letter(self, browser: Browser) -> Letter:
        request = self.job.request
        said: Words = self.words.get(browser.wishes.language) or self.words["zh"]
        home = f"{self.web.page_url}/en" if said.language == "en" else self.web.page_url
        url = f"{home}/{request.warning_id}"
        tokens = () if self.halted else self._asked(browser)
        plain = message.payload(request, said, url, tokens, halted=self.halted)
        now = self.web.db.clock.now()
        return Letter(
            browser,
            plain,
            message.topic(request.warning_id),
            message.urgency(request),
            message.ttl_s(request, now),
        )

    def _asked(self, browser: Browser) -> list[str]:
        """Return the tokens of the towns for which this browser is asked to tell."""
        seed = f"{self.job.request.delivery_id}/{browser.browser_id}".encode()
        drawn = int.from_bytes(sha256(seed).digest()[:4]) / 2**32
        towns = sorted(browser.wishes.towns & self.position.keys())
        return [self._token(town) for town in towns if drawn < self._chance.get(town, 1.0)]

    def _token(self, town: str) -> str:
        return self.web.crypto.short_token(_TOKEN, f"{self.job.request.delivery_id}/{town}")

    def answer(self, posted: Sequence[Posted]) -> Answer:
        """Return what a portion means for the towns."""
        towns = {t for one in posted if one.fate is Fate.TAKEN for t in one.browser.wishes.towns}
        return self._sent(towns)

    def _sent(self, towns: Collection[str]) -> Answer:
        sent = {n: TargetState.SENT for town, n in self.position.items() if town in towns and self._untold(n)}
        self.states |= sent
        return Answer(states=sent, air=Air.ON if sent else None)

    def _untold(self, position: int) -> bool:
        return self.states[position].rank < TargetState.SENT.rank

    async def end(self, state: TargetState) -> Answer:
        """Return the end of a round: towns in which nobody has it, and what it took the place of.

        What was taken before a crash counts, though its answer was never written.
        """
        sent = self._sent(await self.round.towns(Fate.TAKEN, tuple(self.position)))
        refused = self.gone | await self.round.towns(Fate.REFUSED, tuple(self.position))
        states, details = dict(sent.states), {}
        for town, position in self.position.items():
            if self._untold(position):
                states[position] = state
                details[position] = _why(state, town in refused)
        ended = tuple(one.delivery_id for one in self.job.earlier)
        return Answer(states, details, air=sent.air, ended=ended)


def _why(state: TargetState, refused: bool) -> str:
    if state is TargetState.WITHDRAWN:
        return NOTHING_TO_LIFT
    return _GONE if refused else _NOBODY
