"""The FastAPI app: its parts, health, identity, and documents from our own files."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.kit import documents, pages
from services.kit.edge import Edge
from services.kit.errors import NotFound, Problem
from services.kit.identity import RemoteSessions
from services.kit.problems import add_errors
from services.kit.process import Floor, Service

STATIC = Path(__file__).parent / "static"

_ABOUT = (
    "Carries a weather warning from the forecaster who signs it to the people it concerns. "
    "Unknown fields in requests are refused; unknown fields in answers are to be ignored. "
    "Times are RFC 3339. Writes of warnings, registry and reports accept an `Idempotency-Key`."
)


def create_app(floor: Floor, services: Sequence[Service]) -> FastAPI:
    """Return the app that serves these services."""
    app = FastAPI(
        title="Yutian 御天",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    # Houses that run together may show the same router, which then speaks for all of them.
    for router in {id(router): router for service in services for router in service.routers}.values():
        app.include_router(router)
    parts = {name: part for service in services for name, part in service.parts.items()}
    issuer_url = floor.settings.issuer_url or floor.settings.base_url()
    app.state.parts = parts
    app.state.sessions = parts.get("sessions") or RemoteSessions(floor.http, issuer_url)
    app.state.databases = {h.db.house: h.db for s in services for h in s.houses}
    app.state.internal_key = internal_key(floor)
    app.state.settings = floor.settings
    _add_health(app, floor, services)
    _add_documents(app)
    add_errors(app)
    app.mount("/static/kit", StaticFiles(directory=STATIC), name="static-kit")
    app.add_middleware(Edge)
    return app


def internal_key(floor: Floor) -> str:
    """Return the key with which services speak to each other."""
    given = floor.settings.internal_key.get_secret_value()
    return given or floor.keys.active("internal")[1].decode()


def _add_health(app: FastAPI, floor: Floor, services: Sequence[Service]) -> None:
    checks: dict[str, Callable[[], Awaitable[None]]] = {"bus": floor.bus.ping}
    for service in services:
        checks |= {f"db-{house.db.house}": house.db.ping for house in service.houses}
        checks |= {f"{service.name}-{name}": check for name, check in service.ready.items()}

    @app.get("/live", tags=["health"], summary="The process runs", response_class=PlainTextResponse)
    async def live() -> PlainTextResponse:
        return PlainTextResponse("live\n")

    @app.get("/ready", tags=["health"], summary="Database and bus answer", response_class=PlainTextResponse)
    async def ready() -> Response:
        faults = [f"{name}: {why}" for name, check in checks.items() if (why := await _fault(check))]
        told = [f"{service.name}-{name}: {note}" for service, name, note in _noted(services)]
        text = "\n".join([*(faults or ["ready"]), *told])
        return PlainTextResponse(text + "\n", 503 if faults else 200)

    @app.get("/metrics", tags=["health"], summary="Prometheus metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _noted(services: Sequence[Service]) -> list[tuple[Service, str, str]]:
    asked = ((service, name, note()) for service in services for name, note in service.notes.items())
    return [(service, name, text) for service, name, text in asked if text is not None]


async def _fault(check: Callable[[], Awaitable[None]]) -> str | None:
    try:
        await check()
    except Problem as error:
        return error.why
    except Exception as error:
        return type(error).__name__
    return None


def _add_documents(app: FastAPI) -> None:
    @app.get("/docs/{service}/openapi.json", include_in_schema=False)
    async def description(service: str) -> JSONResponse:  # noqa: ARG001 (for whoever splits by path)
        return JSONResponse(app.openapi())

    @app.get("/docs", include_in_schema=False)
    @app.get("/docs/{service}", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        api = app.openapi()
        shapes = api.get("components", {}).get("schemas", {})
        groups = documents.calls_of(api)
        page = pages.render("docs.html", request=request, info=api["info"], groups=groups, shapes=shapes)
        return HTMLResponse(page)

    @app.get("/problems/{name}", include_in_schema=False)
    async def problems(request: Request, name: str) -> HTMLResponse:
        found = [k for k in _family(Problem) if k.name == name]
        if not found:
            raise NotFound("no such kind of problem")
        return HTMLResponse(pages.render("problem_kind.html", request=request, kind=found[0]))

    @app.get("/.well-known/security.txt", include_in_schema=False)
    async def security() -> PlainTextResponse:
        contact = app.state.settings.security_contact
        return PlainTextResponse(f"Contact: {contact}\nPreferred-Languages: zh, en\n")


def _family(kind: type[Problem]) -> list[type[Problem]]:
    return [kind, *(k for child in kind.__subclasses__() for k in _family(child))]


__all__ = ["create_app", "internal_key"]
