"""Whatever is taken away is a fact as such: who took what, how many rows, once; what is only read is none."""

from collections.abc import AsyncIterator, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from services.audit import api, desk
from services.audit.actions.exports import MEDIA
from services.audit.actions.lists import LISTS
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import AWarning
from tests.audit.report_make import STATIONS, fill
from tests.audit.test_exports import index

SHOWN = ("application/json", "text/html", "text/plain")
"""What is looked at; everything else is a file."""

NEEDS: dict[str, dict[str, str]] = {"station": {"station": STATIONS[0]}, "search": {"q": "同意"}}


@pytest.fixture
async def audit(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as found:
        yield found


def _places(live: AWarning, drill: AWarning) -> dict[str, str]:
    return {
        "warning_id": str(live.warning_id),
        "drill_id": str(drill.warning_id),
        "position": "1",
        "month": "2026-06",
        "code": STATIONS[0],
        "station": STATIONS[0],
        "gateway": "cmcc-1",
        "route": "cmcc-1",
    }


def _routes(routers: Iterable[Any]) -> Iterator[APIRoute]:
    """Return every route by which something can be fetched, those of routers within routers too."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                if "GET" in (route.methods or ()):
                    yield route
            elif inner := getattr(route, "original_router", None):
                yield from _routes([inner])


def _asked(live: AWarning, drill: AWarning) -> Iterator[tuple[str, dict[str, str]]]:
    """Return every address that can be fetched, each list in each form."""
    for route in _routes((*api.ROUTERS, *desk.ROUTERS)):
        if "{form}" in route.path:
            for name in LISTS:
                query = (
                    {"warning": str(live.warning_id)} if name in ("timeline", "targets", "deliveries") else {}
                )
                for form in MEDIA:
                    yield route.path.format(name=name, form=form), query | NEEDS.get(name, {})
            continue
        given = _places(live, drill)
        if "/drills/" in route.path:
            given["warning_id"] = given["drill_id"]
        missing = [part for part in route.param_convertors if part not in given]
        if not missing:
            yield route.path.format(**given), {}


async def test_whatever_leaves_as_a_file_is_a_fact_as_such_and_nothing_else_is(audit: Asked) -> None:
    live, drill = await fill(audit)
    await index(audit)
    files: dict[str, Any] = {}
    for path, query in _asked(live, drill):
        before = len(await audit.facts())
        reply = await audit.get(path, "service" if path.endswith("/export") else "auditor", **query)
        facts = (await audit.facts())[before:]
        exported = [f for f in facts if f["kind"] == "audit.exported"]
        ended = [f for f in facts if f["kind"] == "audit.export-ended"]
        media = reply.headers["content-type"].partition(";")[0]
        if reply.status_code != 200 or (media in SHOWN and "attachment" not in str(reply.headers)):
            assert (exported, ended) == ([], []), path
            continue
        assert len(exported) == len(ended) == 1, path
        assert not [f for f in facts if f["kind"] == "audit.queried"], path
        assert exported[0]["detail"]["path"] == path
        assert {exported[0]["actor"], ended[0]["actor"]} == {"sun"}
        said = ended[0]["detail"]
        assert said["whole"], path
        assert said["position"] > 0
        assert said["bytes"] == len(reply.content)
        assert said["sha256"] == sha256(reply.content).hexdigest()
        assert said["export"], path
        files[path] = said["rows"]
    reports = ("a page as PDF", "a page as workbook", "the API's workbook")
    assert len(files) == len(LISTS) * len(MEDIA) + len(("export", "folder")) + 3 * len(reports)
    assert {path: rows for path, rows in files.items() if rows == 0} == {}


async def test_the_fact_of_an_end_counts_rows_and_names_the_warning(audit: Asked) -> None:
    live, _ = await fill(audit)
    size = (await audit.json("/head"))["tree_size"]
    await audit.get("/api/v1/audit/export")
    assert (await audit.facts())[-1]["detail"]["rows"] == size
    await audit.get(f"/api/v1/audit/warnings/{live.warning_id}/folder")
    folder = (await audit.facts())[-1]
    assert folder["warning_id"] == str(live.warning_id)
    assert (folder["detail"]["list"], folder["detail"]["form"]) == ("folder", "zip")
    assert 0 < folder["detail"]["rows"] < size
    await audit.get(f"/audit/warnings/{live.warning_id}/report.xlsx", "town-desk")
    report = (await audit.facts())[-1]
    assert (report["warning_id"], report["detail"]["form"]) == (str(live.warning_id), "xlsx")
    assert report["detail"]["rows"] > len(STATIONS), "every village has a row"
