"""A village office: the house behind a network that can be cut, signed warnings, a browser."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize
from sqlalchemy import select

from contracts import cap
from contracts.cap import MsgType
from contracts.registry import PointEntry
from contracts.values import Action, Level, Mode
from contracts.warning import Notice, WarningText
from sandbox.ingress import Ingress
from services.channels.pull.stations.store import here
from services.channels.pull.stations.store.tables import ITEMS
from services.kit.xmlsig import CapSigner
from tests.channels.pull.stations_make import ONE, Replica, a_request
from tests.notices import a_rainstorm

TV = ViewportSize(width=1920, height=1080)
DESK = ViewportSize(width=1366, height=768)
PHONE = ViewportSize(width=390, height=844)
SIZES = {"tv": TV, "desk": DESK, "phone": PHONE}

KINDS = {Action.START: MsgType.ALERT, Action.REPLACE: MsgType.UPDATE, Action.STOP: MsgType.CANCEL}
POINTS = (
    PointEntry(
        code="HP901",
        name="老鹰岩滑坡",
        kind="geological",
        group="滑坡",
        position=(106.65, 29.02),
        households=12,
        people=37,
        shelter="村小学操场",
        route="沿机耕道向北，不走河边",
    ),
    PointEntry(
        code="HP902",
        name="羊渡河沟口",
        kind="flash-flood",
        group="山洪",
        position=(106.66, 29.01),
        households=5,
    ),
)
COLOURS = {Level.RED: "红色", Level.ORANGE: "橙色", Level.YELLOW: "黄色", Level.BLUE: "蓝色"}


@dataclass
class Office:
    """The house, the network before it, and what was issued."""

    house: Replica
    signer: CapSigner
    network: Ingress
    port: int = 0
    notices: dict[UUID, Notice] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address that the browser knows."""
        return f"http://127.0.0.1:{self.port}"

    async def cut(self) -> None:
        """Take the network away."""
        await self.network.stop()

    async def mend(self) -> None:
        """Bring the network back."""
        await self.network.start(self.port)

    async def issue(
        self,
        hazard: str = "暴雨",
        level: Level = Level.RED,
        *,
        mode: Mode = Mode.LIVE,
        hours: float = 6,
        key: Mode | None = None,
        **changes: Any,
    ) -> UUID:
        """Give the station a signed warning."""
        warning_id = uuid4()
        self.notices[warning_id] = a_warning(hazard, level, hours)
        await self.say(warning_id, 1, Action.START, mode, key, **changes)
        return warning_id

    async def say(
        self,
        warning_id: UUID,
        revision: int,
        action: Action,
        mode: Mode = Mode.LIVE,
        key: Mode | None = None,
        forged: str = "",
    ) -> None:
        """Say a revision; `key` signs it for another mode, `forged` changes words after the signature."""
        notice = self.notices[warning_id]
        if action is not Action.START:
            update = {"references": f"50011041600000,{notice.identifier},2026-06-01T12:00:00+08:00"}
            notice = notice.model_copy(update={**update, "identifier": f"{notice.identifier}R{revision}"})
        document = cap.write(cap.compose(notice, KINDS[action], key or mode))
        xml = self.signer.sign(document, key or mode).decode()
        if forged:
            xml = xml.replace("100毫米", forged)
        await self.house.ask(
            a_request([ONE], warning_id, revision, action=action, mode=mode, notice=notice, cap_xml=xml)
        )

    async def facts(self, of: UUID) -> dict[str, Any]:
        """Return what the house has been told of the first station's item of a warning."""
        mine = select(ITEMS).where(ITEMS.c.warning_id == str(of), ITEMS.c.station == ONE)
        return dict((await self.house.db.rows(mine.order_by(ITEMS.c.sequence)))[0])

    async def until(self, of: UUID, fact: str, within_s: float = 60) -> dict[str, Any]:
        """Wait until a fact of a warning has been told."""
        async with asyncio.timeout(within_s):
            while not (row := await self.facts(of))[f"{fact}_at"]:
                await asyncio.sleep(0.05)
        return row


def a_warning(hazard: str, level: Level, hours: float = 6) -> Notice:
    """Return a warning as the station of Qijiang would word it."""
    now = datetime.now(UTC).replace(microsecond=0)
    colour = COLOURS[level]
    text = WarningText(
        headline=f"綦江区气象台发布{hazard}{colour}预警信号",
        description=f"预计未来3小时，古南街道、文龙街道、三江街道等地降雨量将达100毫米以上，{hazard}影响很大，"
        "山洪、滑坡、泥石流等灾害的风险很高。",
        instruction="立即停止户外活动和作业。\n马上离开河边、沟口、陡坡下和老旧土坯房，到高处或安置点去。\n"
        "叫醒邻居，先帮老人和孩子。",
        short=f"綦江区气象台发布{hazard}{colour}预警：未来3小时降雨量将达100毫米以上，请立即避险。",
    )
    identifier = f"50011041600000_{now:%Y%m%d%H%M%S}_{uuid4().int % 10**6}"
    until = now + timedelta(hours=hours)
    return a_rainstorm(
        now, identifier=identifier, hazard_name=hazard, level=level, expires=until, text=text,
        sender_name="綦江区气象台",
    )  # fmt: skip


@asynccontextmanager
async def an_office(house: Replica) -> AsyncIterator[Office]:
    """Put a network before the house, and hazard points into the village."""
    async with house.db.transaction() as tx:
        await here.learn(tx, "500110110201", POINTS)
    host, _, port = house.url.removeprefix("http://").partition(":")
    network = Ingress({name: [(host, int(port))] for name in ("channels", "issuer", "router")})
    await network.start()
    office = Office(house, CapSigner(house.floor.keys), network, network.port)
    try:
        yield office
    finally:
        await network.stop()


async def sign_in(page: Page, office: Office, *modes: Mode, language: str = "zh") -> None:
    """Sign the village in, as its people would."""
    await page.goto(f"{office.url}/station?lang={language}")
    await page.click("#with-keys summary")
    await page.fill("#code", ONE)
    for mode in modes or tuple(Mode):
        field = "#key" if mode is Mode.LIVE or len(modes) == 1 else "#drill-key"
        await page.fill(field, office.house.keys[ONE, mode])
    await page.click("#sign-in-form button")
    await page.wait_for_selector("body[data-view=idle], body[data-view=warning]")


async def accessible(page: Page) -> None:
    """Assert that axe finds nothing, and that nothing is wider than the window."""
    found = await Axe().run(page)
    faults = [(one["id"], [node["target"] for node in one["nodes"]]) for one in found.response["violations"]]
    assert faults == []
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


async def pictures(page: Page, name: str) -> None:
    """Keep pictures for television, desktop and phone, when YUTIAN_SCREENSHOTS says where."""
    folder = os.environ.get("YUTIAN_SCREENSHOTS")
    if not folder:
        return
    await asyncio.to_thread(Path(folder).mkdir, parents=True, exist_ok=True)
    before = page.viewport_size or DESK
    for kind, size in SIZES.items():
        await page.set_viewport_size(size)
        await page.evaluate("import('/static/stations/face.js').then((face) => face.fit())")
        await page.wait_for_timeout(200)
        await page.screenshot(path=f"{folder}/station-{name}-{kind}.png")
    await page.set_viewport_size(before)
