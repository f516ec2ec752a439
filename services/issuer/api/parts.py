"""What the endpoints are given."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request

from services.issuer import store
from services.issuer.actions import Doorman, LocalSessions, Press
from services.issuer.catalogue import Catalogue
from services.issuer.model import Person
from services.issuer.reach import Reach
from services.issuer.watch import Watch
from services.kit.db import Database
from services.kit.identity import Principal, Someone, cookie_name


@dataclass(frozen=True)
class Parts:
    """The issuer's own parts, put together in `app.py`."""

    db: Database
    catalogue: Catalogue
    press: Press
    reach: Reach
    watch: Watch
    sessions: LocalSessions
    doorman: Doorman


async def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts["issuer"]
    return found


IssuerParts = Annotated[Parts, Depends(_parts)]


DEPARTMENT = "department"
"""The role of accounts that approve joint products for their department."""


def person(found: Principal) -> Person:
    """Return who is signed in, as the model knows people."""
    return Person(found.username, found.display_name, found.roles)


async def _signed_in(someone: Someone, parts: IssuerParts) -> Person:
    """Return who is asking; an account of a department holds that department's role too."""
    found = person(someone)
    if DEPARTMENT not in found.roles:
        return found
    async with parts.db.read() as connection:
        department = await store.departments.of(connection, found.username)
    return replace(found, roles=found.roles | {f"{DEPARTMENT}:{department}"}) if department else found


SignedIn = Annotated[Person, Depends(_signed_in)]
"""Who is asking; what he may do is decided by the actions."""


def agent_of(request: Request) -> str:
    """Return what a browser calls itself, so that people know their sessions apart."""
    return request.headers.get("user-agent", "")


def session_token(request: Request) -> str:
    """Return the token of a session as it was sent, empty when none was."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return sent.strip()
    return request.cookies.get(cookie_name(request), "")
