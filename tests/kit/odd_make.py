"""A small app whose answers to odd input are looked at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict

from contracts.printable import Line, Lines
from services.kit import forms
from services.kit.edge import Edge
from services.kit.problems import add_errors


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Line
    note: Lines = ""
    anything: Any = None


def an_odd_app() -> FastAPI:
    """Return an app that takes a body, a form, a name in its path, and anything as a query."""
    app = FastAPI()

    @app.post("/told")
    async def told(body: Told) -> dict[str, str]:
        return {"by": body.by}

    @app.post("/form")
    async def form(request: Request) -> dict[str, int]:
        return {"fields": len(await forms.read(request, but=("cap",)))}

    @app.get("/named/{name}")
    async def named(name: str, q: str = "") -> dict[str, str]:
        return {"name": name, "q": q}

    add_errors(app)
    app.add_middleware(Edge)
    return app


@asynccontextmanager
async def an_odd_client() -> AsyncIterator[httpx.AsyncClient]:
    """Talk to that app."""
    transport = httpx.ASGITransport(an_odd_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
