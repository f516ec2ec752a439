"""A phone number that somebody wrote where none belongs is shown nowhere: no page, answer, file or folder."""

import io
import zipfile
from pathlib import Path
from uuid import UUID

import httpx

from contracts.message import Message
from contracts.outcome import TargetState
from contracts.values import Channel
from contracts.warning import WarningText
from services.audit.folder.contents import RECORDS
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import STATIONS, AWarning, a_fact, a_notice, outcome
from tests.audit.report_make import about
from tests.audit.test_question_pages import block

NUMBER = "13812345678"
WORDS = ("note", "duty", "rung", "way", "by", "reason", "read_by", "content_sha256")
KINDS = (
    *("warning.drafted", "warning.submitted", "warning.approved", "warning.halted", "registry.imported"),
    *("duty.climbed", "duty.answered", "duty.unanswered", "warning.emergency-reviewed", "audit.queried"),
)
PAGES = (
    *("", "/alarms", "/records", "/records/1", "/records/20", "/reports", "/months/2026-06", "/approvals"),
    *(f"/approvals?person={NUMBER}", "/search?q=打", f"/search?q={NUMBER}", f"/search?q=x&who={NUMBER}"),
    *("/open", "/open?at=2026-06-01T12:05", "/gateways", "/gateways/cmcc-1", f"/stations/{STATIONS[0]}"),
    *("/reconcile", f"/records?about={NUMBER}", f"/records?kind={NUMBER}", f"/gateways/{NUMBER}"),
)
OF_A_WARNING = ("", "/report", "/report.xlsx", "/registry", "/map")
ANSWERS = ("/records", "/search?q=打", "/warnings", "/months/2026-06", "/approvals", "/open", "/gateways")
ANSWERS_OF_A_WARNING = ("", "/report", "/registry", "/timeline", "/outcomes", "/steps")
FILES = ("records.csv?", "records.jsonl?", f"station.csv?station={STATIONS[0]}&year=2026", "search.csv?q=打")
FILES_OF_A_WARNING = ("timeline.csv", "timeline.xlsx", "targets.csv", "deliveries.csv")


def _of_the_warning(one: AWarning) -> list[Message]:
    state, words = TargetState, dict.fromkeys(WORDS, NUMBER)
    text = WarningText(**dict.fromkeys(("headline", "description", "instruction", "short"), f"打{NUMBER}"))
    area = a_notice().areas[0].model_copy(update={"name": f"镇{NUMBER}"})
    more = {"text": text, "sender_name": NUMBER, "approved_by": (NUMBER, "王"), "areas": (area,)}
    told = [outcome(STATIONS[0], state.CONFIRMED, 4, NUMBER), outcome(STATIONS[1], state.RECEIVED, 4)]
    tally = {state.CONFIRMED: 1, state.RECEIVED: 1, state.REQUESTED: 1}
    return [
        one.published(notice=a_notice().model_copy(update=more)),
        one.plan(),
        *one.requests(),
        one.report(Channel.STATION, tally, told),
        one.halted().model_copy(update={"by": NUMBER, "reason": f"打{NUMBER}"}),
        *(about(one, kind, 5, actor=NUMBER, about=NUMBER, **words) for kind in KINDS),
    ]


def _beside_it(audit: Asked, one: AWarning) -> list[Message]:
    device = {"code": NUMBER, "kind": NUMBER, "state": NUMBER}
    station = {"code": STATIONS[0], "name": NUMBER, "maintained_until": NUMBER, "devices": [device]}
    village = {"kind": "village", "code": STATIONS[0], "name": NUMBER, "town_code": "500110001"}
    gateway = {"gateway_id": "cmcc-1", "name": NUMBER, "operator": NUMBER}
    at = "2026-06-01T12:30:00+08:00"
    words = {"observed_by": NUMBER, "note": NUMBER}
    missed = {"hazard": "11B03", "level": "RED", "towns": [NUMBER], "at": at, **words}
    return [
        block(audit, "500110001", {"kind": "town", "code": "500110001", "name": NUMBER}),
        block(audit, STATIONS[0], {**village, "stations": [station]}),
        block(audit, "district", {"kind": "district", "gateways": [gateway]}),
        about(one, "onset.observed", 6, actor=NUMBER, onset=at, **words),
        about(one, "outcome.judged", 6, actor=NUMBER, outcome="hit", **words),
        a_fact(kind="event.missed", about=NUMBER, actor=NUMBER, detail=missed),
    ]


def _text(reply: httpx.Response) -> str:
    """Return everything that can be read in an answer; published CAP files and sealed evidence stay as is."""
    if not reply.content.startswith(b"PK"):
        return reply.text
    zipped = zipfile.ZipFile(io.BytesIO(reply.content))
    shown = [n for n in zipped.namelist() if n != RECORDS and not n.startswith("cap/")]
    return "".join(n + zipped.read(n).decode(errors="replace") for n in shown)


def _addresses(name: UUID) -> list[str]:
    found = [f"/audit{path}" for path in PAGES]
    found += [f"/audit/warnings/{name}{path}" for path in OF_A_WARNING]
    found += [f"/api/v1/audit{path}" for path in ANSWERS]
    found += [f"/api/v1/audit/warnings/{name}{path}" for path in (*ANSWERS_OF_A_WARNING, "/folder")]
    found += [f"/api/v1/audit/exports/{file}" for file in FILES]
    return found + [f"/api/v1/audit/exports/{file}?warning={name}" for file in FILES_OF_A_WARNING]


async def test_a_number_that_stands_in_every_text_is_shown_in_none(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        one = AWarning()
        await audit.book.say(*_of_the_warning(one), *_beside_it(audit, one))
        clear, masked = [], 0
        for path in _addresses(one.warning_id):
            reply = await audit.client.get(path, headers={"Authorization": "Bearer auditor"})
            assert reply.status_code == 200, (path, reply.text[-300:])
            clear += [path] if NUMBER in _text(reply) else []
            masked += "138****5678" in _text(reply)
        assert clear == []
        assert masked > 30
        assert NUMBER not in str(await audit.facts())
