"""An issuer for tests: a migrated database, a press with its own keys, a reach that knows five towns."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from contracts import message_class
from contracts.delivery import DeliveryRequested
from contracts.message import Message
from contracts.plan import ChannelTargets, Manifest
from contracts.values import Action, AreaSelection, Channel, Lane, Level, Mode, Place
from contracts.warning import Notice, WarningText
from services.issuer import actions, store
from services.issuer.actions.alongside import alongside
from services.issuer.actions.door import secret_context
from services.issuer.actions.needing import steps_of
from services.issuer.catalogue import Catalogue, load
from services.issuer.model import Account, Beside, Content, Person, State, WeatherWarning, Window, Wish
from services.issuer.model.people import WITH_CODE
from services.issuer.reach import Reached
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.errors import Invalid, Retry
from services.kit.migrate import upgrade_async
from services.kit.outbox import OUTBOX
from services.kit.xmlsig import CapSigner

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""Of the second factor of everybody who approves."""
NOW = datetime(2026, 6, 11, 6, 5, tzinfo=UTC)
SIGNATURE = "【綦江区气象台】"
REGISTRY = "a" * 64
TOWNS = {
    "500110109": "东溪镇",
    "500110110": "赶水镇",
    "500110111": "打通镇",
    "500110112": "石壕镇",
    "500110120": "扶欢镇",
}
ENGLISH = {
    "500110109": "Dongxi Town",
    "500110110": "Ganshui Town",
    "500110111": "Datong Town",
    "500110112": "Shihao Town",
    "500110120": "Fuhuan Town",
}
SQUARE = ((106.6, 28.7), (106.7, 28.7), (106.7, 28.8), (106.6, 28.8), (106.6, 28.7))

ZHANG = Person("zhang", "张敏", frozenset({"drafter"}))
LI = Person("li", "李强", frozenset({"checker"}))
WANG = Person("wang", "王芳", frozenset({"signer"}))
CHEN = Person("chen", "陈涛", frozenset({"signer"}))
SUN = Person("sun", "孙丽", frozenset({"auditor"}))

M = TypeVar("M", bound=Message)


@cache
def a_crypto() -> SoftwareCrypto:
    """Return crypto with keys of its own."""
    keys = KeyFolder(Path(tempfile.mkdtemp(prefix="yutian-keys-")))
    init_keys(keys)
    return SoftwareCrypto(keys)


@cache
def _nobodys() -> str:
    return actions.Doorman(a_crypto()).nobodys


def a_doorman() -> actions.Doorman:
    """Return a doorman of this test's own event loop; the hash that he begins with is slow on purpose."""
    return actions.Doorman(a_crypto(), nobodys=_nobodys())


def an_account(username: str, name: str, password_hash: str, *roles: str) -> Account:
    """Return an account, with the second factor that its roles need."""
    sealed = a_crypto().seal(SECRET.encode(), secret_context(username)) if WITH_CODE & set(roles) else None
    return Account(username, name, password_hash, frozenset(roles), secret_sealed=sealed)


class FakeClock:
    """A clock that tests move."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the moment at which it stands."""
        return self.at

    def move(self, **by: float) -> None:
        """Move on by so many seconds, minutes, hours."""
        self.at += timedelta(**by)


@dataclass
class FakeReach:
    """A router that knows five towns, with two stations in each; it can be away."""

    away: bool = False
    pinned: list[str] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)

    async def preview(
        self,
        mode: Mode,
        selection: AreaSelection,
        *,
        pin: bool,
        channels: Collection[Channel] | None = None,
        **_: object,
    ) -> Reached:
        """Return two stations and one cable target for each town."""
        if self.away:
            raise Retry("the router, which counts who is reached, does not answer", after=2)
        unknown = [code for code in selection.towns if code not in TOWNS]
        if unknown:
            raise Invalid("selection.towns[0]", "is not in the registry", "choose another one")
        towns = selection.towns or ("500110110",)
        manifest = a_manifest(mode, selection, towns)
        if pin:
            self.pinned.append(manifest.sha256)
        names, english = (tuple(known[town] for town in towns) for known in (TOWNS, ENGLISH))
        return Reached(manifest, names, len(towns) == len(TOWNS), english, self.answer)


def a_manifest(
    mode: Mode = Mode.LIVE,
    selection: AreaSelection | None = None,
    towns: Sequence[str] = ("500110110", "500110111"),
) -> Manifest:
    """Return the target list of some towns."""
    villages = tuple(f"{town}{number}" for town in towns for number in (201, 202))
    return Manifest.pinned(
        mode=mode,
        registry_version=REGISTRY,
        selection=selection or AreaSelection(towns=tuple(towns)),
        towns=tuple(towns),
        villages=villages,
        generated=(),
        areas=tuple(
            Place(code=f"{town}000", name=TOWNS[town], name_en=ENGLISH[town], outline=SQUARE)
            for town in towns
        ),
        channels=(
            ChannelTargets.named(Channel.STATION, villages),
            ChannelTargets.named(Channel.CABLE, tuple(f"{town}000" for town in towns)),
        ),
    )


def a_text(**changes: str) -> WarningText:
    """Return the words of a rainstorm warning."""
    words = {
        "headline": "綦江区气象台发布暴雨橙色预警信号",
        "description": "预计未来3小时，赶水镇、打通镇将出现50毫米以上降雨。",
        "instruction": "请远离溪沟和低洼地带。",
        "short": "綦江区气象台发布暴雨橙色预警信号：未来3小时赶水镇、打通镇将有50毫米以上降雨。",
    }
    return WarningText(**{**words, **changes})


def a_content(**changes: Any) -> Content:
    """Return the content of an orange rainstorm warning for two towns."""
    fields: dict[str, Any] = {
        "mode": Mode.LIVE,
        "hazard": "11B03",
        "level": Level.ORANGE,
        "selection": AreaSelection(towns=("500110110", "500110111")),
        "window": Window(begin=NOW, end=NOW + timedelta(hours=3)),
        "expires": NOW + timedelta(hours=6),
        "text": a_text(),
    }
    return Content(**{**fields, **changes})


def a_request(content: Content, action: Action) -> DeliveryRequested:
    """Return the area order by which a gateway is given a content."""
    hazard = load().hazard(content.hazard)
    return DeliveryRequested(
        mode=content.mode,
        lane=Lane.URGENT,
        warning_id=UUID(int=1),
        revision=1,
        channel=Channel.AREA,
        at=NOW,
        delivery_id=UUID(int=2),
        action=action,
        targets=("cmcc:500110110000",),
        manifest_sha256=a_manifest().sha256,
        notice=Notice(
            identifier="50011041600000_20260611140500_0",
            hazard=content.hazard,
            hazard_name=hazard.name.zh,
            hazard_name_en=hazard.name.en,
            level=content.level,
            sender_code="50011041600000",
            sender_name="綦江区气象台",
            sent=NOW,
            effective=NOW,
            expires=content.expires,
            text=content.text,
            areas=a_manifest().areas,
        ),
    )


def a_warning(**changes: Any) -> WeatherWarning:
    """Return a draft of zhang's."""
    content = changes.pop("content", None) or a_content()
    fields: dict[str, Any] = {
        "warning_id": UUID(int=1),
        "revision": 1,
        "content": content,
        "content_sha256": content.sha256,
        "authors": ("zhang",),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return WeatherWarning(**{**fields, **changes})


def a_wish(**changes: Any) -> Wish:
    """Return a wish for an orange rainstorm warning of two towns, texts by the catalogue."""
    fields: dict[str, Any] = {
        "hazard": "11B03",
        "level": Level.ORANGE,
        "selection": AreaSelection(towns=("500110110", "500110111")),
    }
    return Wish(**{**fields, **changes})


@dataclass
class Office:
    """The issuer's parts, and short ways to bring a warning where a test wants it."""

    db: Database
    clock: FakeClock
    catalogue: Catalogue
    press: actions.Press
    reach: FakeReach

    async def drafted(self, mode: Mode = Mode.LIVE, by: Person = ZHANG, **wish: Any) -> WeatherWarning:
        """Return a new draft."""
        return await actions.draft(
            self.db,
            self.catalogue,
            self.reach,
            mode=mode,
            wish=a_wish(**wish),
            by=by,
            signature=SIGNATURE,
        )

    async def submitted(self, mode: Mode = Mode.LIVE, by: Person = ZHANG, **wish: Any) -> WeatherWarning:
        """Return a new warning in review; of others that say the same there it says that they stay."""
        said = a_wish(**wish)
        others = await alongside(self.db, mode, said.hazard or "", TOWNS) if not said.supersedes else []
        if not said.beside:
            wish["beside"] = tuple(
                Beside(reference=one.reference, reason="both are needed") for one in others
            )
        draft = await self.drafted(mode, by, **wish)
        return await actions.submit(self.db, self.press, self.reach, draft.warning_id, by)

    async def approve(self, warning: WeatherWarning, by: Person, statement: str = "") -> WeatherWarning:
        """Approve what a warning says."""
        assert warning.manifest is not None
        return await actions.approve(
            self.db,
            self.press,
            warning.warning_id,
            by,
            content_sha256=warning.content_sha256,
            manifest_sha256=warning.manifest.sha256,
            statement=statement,
        )

    async def issued(self, mode: Mode = Mode.LIVE, **wish: Any) -> WeatherWarning:
        """Return a new warning in force, signed by wang, or by li and wang when it is red."""
        return await self.passed(await self.submitted(mode, **wish))

    async def passed(self, review: WeatherWarning) -> WeatherWarning:
        """Return what is in review with all the approvals that it needs."""
        if len(steps_of(self.catalogue, review)) > 1:
            review = await self.approve(review, LI)
        return await self.approve(review, WANG)

    async def updated(self, warning_id: UUID, **wish: Any) -> WeatherWarning:
        """Return the next revision of a warning, issued."""
        draft = await actions.update(self.db, self.catalogue, warning_id, ZHANG)
        if wish:
            await self.edit(draft, Wish(**wish))
        review = await actions.submit(self.db, self.press, self.reach, warning_id, ZHANG)
        return await self.passed(review)

    async def lifted(self, warning_id: UUID) -> WeatherWarning:
        """Return the lift of a warning, issued."""
        review = await actions.cancel(self.db, self.catalogue, warning_id, ZHANG)
        return await self.approve(review, WANG)

    async def lifted_red(self, warning_id: UUID) -> WeatherWarning:
        """Return the lift of a red warning, issued."""
        review = await actions.cancel(self.db, self.catalogue, warning_id, ZHANG)
        return await self.approve(await self.approve(review, LI), WANG)

    async def edit(
        self, seen: WeatherWarning, wish: Wish, by: Person = ZHANG, version: int | None = None
    ) -> WeatherWarning:
        """Change a draft."""
        return await actions.edit(
            self.db,
            self.catalogue,
            self.reach,
            warning_id=seen.warning_id,
            version=version or seen.version,
            wish=wish,
            by=by,
            signature=SIGNATURE,
        )

    async def get(self, warning_id: UUID, revision: int | None = None) -> WeatherWarning:
        """Return a revision as it lies in the database."""
        async with self.db.read() as connection:
            return await store.warnings.get(connection, warning_id, revision)

    async def states(self, warning_id: UUID) -> list[State]:
        """Return the states of a warning's revisions, the first revision first."""
        async with self.db.read() as connection:
            found = await store.warnings.revisions(connection, warning_id)
        return [one.state for one in reversed(found)]

    async def said(self, kind: type[M]) -> list[M]:
        """Return what was said, of one kind."""
        rows = await self.db.rows(select(OUTBOX).order_by(OUTBOX.c.position))
        messages = [message_class(row["subject"]).from_bytes(row["payload"]) for row in rows]
        return [message for message in messages if isinstance(message, kind)]


@asynccontextmanager
async def an_office(url: str, signer: CapSigner) -> AsyncIterator[Office]:
    """Open an empty issuer."""
    address = url.format(name="issuer")
    await upgrade_async(address, "services.issuer.migrations")
    clock = FakeClock()
    db = Database("issuer", address, clock)
    catalogue = await asyncio.to_thread(load)
    sender = catalogue.signals.sender
    press = actions.Press(catalogue, signer, sender.code, sender.name.zh, SIGNATURE)
    try:
        yield Office(db, clock, catalogue, press, FakeReach())
    finally:
        await db.close()
