"""Who takes the exam: a partner's sandbox, our adapter to it, and what the partner says when it refuses."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI

from contracts.delivery import DeliveryRequested, SealedBatch
from contracts.outcome import Column, TargetState, columns
from contracts.values import Action, Channel, Mode
from contracts.warning import Notice
from sandbox.faults import Faults
from services.channels.push.adapter import Adapter
from services.channels.push.calling import Line
from services.channels.push.worker import Workers
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.channels.exam.network import Network
from tests.channels.push.push_make import PushHouse, a_batch, a_notice, a_request
from tests.clock import HandClock


class TheirClock:
    """The partner's clock, which may be wrong."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        return self.clock.now() + self.off


class Candidate(ABC):
    """A partner's sandbox, and our adapter to it."""

    channel: Channel
    path: str
    """Of the call that says a warning."""
    arrived: TargetState
    """What targets come to when all is well."""
    times = 1
    """How many things the partner is told for one delivery."""
    at_once = 1
    """How many of these it is told at the same time."""
    people: tuple[str, ...] = ()
    """Who is told one by one, where no areas are."""
    can_stop = True
    """Whether what was said can be taken back by a halt."""
    many_addresses = True
    """Whether the partner may have several addresses, each as good as the others."""
    url = "http://partner"
    timeout_s = 0.5
    """How long a call to the partner may take."""

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        self.clock = clock
        self.theirs = TheirClock(clock)
        self.crypto = crypto
        self.faults = Faults()
        self.secrets: tuple[str, ...] = ()
        self.lines: list[Line] = []

    def line(self, http: httpx.AsyncClient, url: str) -> Line:
        """Return a line to the sandbox."""
        self.lines.append(Line(http, "the partner", url, self.timeout_s))
        return self.lines[-1]

    def empty(self) -> Notice:
        """Return a notice of which nothing is left that could be said."""
        notice = a_notice()
        text = notice.text.model_copy(update={"short": " \u200b ", "headline": "\u200b"})
        return notice.model_copy(update={"text": text})

    @abstractmethod
    def check_drill(self) -> None:
        """Look at what the partner was told of a drill: it says so wherever it is seen."""

    @abstractmethod
    def app(self) -> FastAPI:
        """Return the sandbox."""

    @abstractmethod
    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        """Return the adapter, speaking to this address."""

    def request(
        self,
        revision: int = 1,
        action: Action = Action.START,
        *,
        mode: Mode = Mode.LIVE,
        notice: Notice | None = None,
        part: str = "0",
    ) -> DeliveryRequested:
        """Return a request to this channel: for its areas, or for its people."""

        def build(batch: SealedBatch | None = None) -> DeliveryRequested:
            return a_request(
                self.channel,
                revision=revision,
                action=action,
                mode=mode,
                notice=notice,
                part=part,
                batch=batch,
            )

        if not self.people:
            return build()
        return build(a_batch(self.crypto, build().delivery_id, self.people, mode))

    @abstractmethod
    def said(self) -> int:
        """Return how many things the partner was told to say, stops and lifts left out."""

    @abstractmethod
    def standing(self) -> int:
        """Return before how many the warning stands at this moment."""

    @abstractmethod
    def lifted(self) -> int:
        """Return how many lifts or stops the partner was told."""

    @abstractmethod
    def forget(self) -> None:
        """Let the partner lose all that it knows."""

    @abstractmethod
    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        """Return what arms each way in which the partner says no for good."""

    @abstractmethod
    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        """Return what arms each answer that an operator must see to."""

    async def later(self, house: PushHouse) -> None:  # noqa: B027 (most partners only answer)
        """Let the partner tell what it tells of its own accord."""


@asynccontextmanager
async def examined(
    candidate: Candidate, folder: Path, url: str | None = None
) -> AsyncIterator[tuple[PushHouse, Network]]:
    """Open a house with the candidate's adapter, on a network to its sandbox."""
    network = Network(candidate.app())
    db = Database(candidate.channel, f"sqlite:///{folder}/house.db", candidate.clock)
    async with httpx.AsyncClient(transport=network) as http:
        adapter = candidate.adapter(http, db, candidate.url if url is None else url)
        try:
            yield (
                PushHouse(db, candidate.clock, Workers(db, adapter, candidate.crypto), candidate.crypto),
                network,
            )
        finally:
            await network.settled()
            await db.close()


def open_targets(tally: Mapping[TargetState, int]) -> int:
    return columns(tally)[Column.OPEN]
