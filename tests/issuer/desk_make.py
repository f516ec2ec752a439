"""The desk for tests: a person with a browser that has no scripts, a registry of five towns."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from lxml import html

from services.issuer import api, desk
from services.issuer.desk.places import Gazetteer, Station, Town, Village
from services.issuer.model import factor
from tests.issuer.app_make import PASSWORD, an_app
from tests.issuer.issuer_make import SECRET, Office
from tests.issuer.reach_make import TOWNS

PLACES = Gazetteer(
    towns=tuple(Town(code, name, f"Town {code}", 1000) for code, name in TOWNS.items()),
    villages=tuple(
        Village(f"{town}{number}", name)
        for town in TOWNS
        for number, name in ((201, "太公村"), (202, f"{town[-3:]}村"))
    ),
    stations=tuple(
        Station(f"{town}{number}", "预警工作站", "terminal", presence, "刘芳")
        for town in TOWNS
        for number, presence in ((201, "online"), (202, "offline"))
    ),
)


@dataclass
class FakePlaces:
    """A registry that can be away."""

    known: Gazetteer = PLACES

    async def gazetteer(self) -> Gazetteer:
        """Return five towns with two villages each, one of whose stations is silent."""
        return self.known


@dataclass
class Page:
    """A page as it was answered."""

    reply: httpx.Response

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.reply.status_code

    @property
    def tree(self) -> Any:
        """The document."""
        return html.fromstring(self.reply.content)

    @property
    def text(self) -> str:
        """What can be read in the main part, spaces made one."""
        return " ".join(self.tree.xpath("string(//main)").split())

    @property
    def goes_to(self) -> str:
        """Where a redirect leads."""
        return self.reply.headers.get("location", "")

    def form(self, action_ends: str) -> dict[str, Any]:
        """Return the fields of a form as a browser without scripts would send them."""
        (found,) = [one for one in self.tree.forms if (one.action or "").endswith(action_ends)]
        fields: dict[str, Any] = {}
        for name, value in found.form_values():
            fields.setdefault(name, []).append(value)
        return fields

    def actions(self) -> set[str]:
        """Return the last words of where the forms of the main part lead."""
        return {one.rsplit("/", 1)[1] for one in self.tree.xpath("//main//form/@action")}


@dataclass
class Visitor:
    """Somebody with a browser."""

    http: httpx.AsyncClient

    async def get(self, path: str, **params: Any) -> Page:
        """Open a page."""
        return Page(await self.http.get(path, params=params or None))

    async def post(self, path: str, fields: dict[str, Any], **headers: str) -> Page:
        """Send a form."""
        return Page(await self.http.post(path, data=fields, headers=headers))

    async def send(self, page: Page, action_ends: str, **typed: Any) -> Page:
        """Fill a form of a page and send it."""
        fields = page.form(action_ends) | {k.replace("__", "-"): v for k, v in typed.items()}
        (action,) = [one.action for one in page.tree.forms if (one.action or "").endswith(action_ends)]
        return await self.post(action, fields)


@dataclass
class Room:
    """The desk, and who sits at it."""

    office: Office
    app: Any
    places: FakePlaces
    people: dict[str, Visitor] = field(default_factory=dict)

    def stranger(self) -> Visitor:
        """Return somebody who is not signed in."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        headers = {"accept": "text/html"}
        return Visitor(httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers))

    async def person(self, username: str) -> Visitor:
        """Return somebody who has signed in by the form."""
        if username not in self.people:
            visitor = self.stranger()
            page = await visitor.get("/sign-in")
            reply = await visitor.send(page, "/sign-in", username=username, password=PASSWORD)
            if reply.status == 200:
                code = factor.code_at(SECRET, self.office.clock.now())
                reply = await visitor.send(reply, "/sign-in", code=code)
            assert reply.status == 303
            self.people[username] = visitor
        return self.people[username]


@asynccontextmanager
async def a_room(office: Office, folder: Path) -> AsyncIterator[Room]:
    """Open the desk over an office."""
    places = FakePlaces()
    app = await an_app(office, folder, [*api.ROUTERS, *desk.ROUTERS], desk=desk.Parts(places))
    yield Room(office, app, places)


RED = {"mode": "live", "hazard": "11B03", "level": "RED"}
TWO_TOWNS = ["500110110", "500110111"]


async def composed(visitor: Visitor, do: str = "submit", **typed: Any) -> Page:
    """Fill the sheet of a signal for two towns and send it."""
    signal = RED | {k: typed.pop(k) for k in ("mode", "hazard", "level") if k in typed}
    page = await visitor.get("/warnings/new", **signal)
    return await visitor.send(page, "/warnings/new", **{"towns": TWO_TOWNS, "do": do, **typed})


async def in_review(room: Room, **typed: Any) -> str:
    """Return the address of a warning that zhang has sent for approval."""
    sent = await composed(await room.person("zhang"), **typed)
    assert sent.status == 303, sent.text
    return sent.goes_to


async def approved(room: Room, address: str, username: str) -> Page:
    """Let somebody approve as the form asks."""
    visitor = await room.person(username)
    page = await visitor.get(address)
    words = page.tree.xpath("string(//kbd)")
    return await visitor.send(page, "/approve", agreed="yes", typed=words)


async def issued(room: Room, **typed: Any) -> str:
    """Return the address of a red warning that is in force."""
    address = await in_review(room, **typed)
    await approved(room, address, "li")
    return (await approved(room, address, "wang")).goes_to


def warning_id(address: str) -> UUID:
    """Return the id in the address of a warning."""
    return UUID(address.split("/")[2].split("?")[0])


async def shown(room: Room, username: str, path: str, **params: Any) -> Page:
    """Open a page as somebody."""
    page = await (await room.person(username)).get(path, **params)
    assert page.status == 200, page.text
    return page
