"""Search by its API and its page: words are marked, numbers masked, odd questions answered."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.values import Channel
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import AWarning
from tests.audit.test_search import because, index


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


async def test_the_api_marks_words_and_masks_numbers(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(
        warning.report(Channel.SMS, {}, ()).model_copy(update={"detail": "打不通 13812345678，停机"}),
        because("x" * 300 + "打不通，停机" + "y" * 900, about="500110001001"),
    )
    await index(audit.book)
    found = await audit.json("/search", q="停机 打不通")
    assert [hit["position"] for hit in found["data"]] == [2, 1]
    (text,) = found["data"][1]["texts"]
    assert text["field"] == "detail"
    assert [(p["text"], p["marked"]) for p in text["pieces"]] == [
        ("打不通", True),
        (" 138****5678，", False),
        ("停机", True),
    ]
    long = found["data"][0]["texts"][0]["pieces"]
    assert (long[0]["text"], long[-1]["text"]) == ("…", "…")
    assert sum(len(piece["text"]) for piece in long) < 500
    assert (found["has_more"], found["next"], found["behind"]) == (False, None, 0)
    asked_by_number = await audit.json("/search", q="13812345678")
    assert [hit["position"] for hit in asked_by_number["data"]] == [1]
    assert not any("13812345678" in str(fact) for fact in await audit.facts())


async def test_pages_of_the_api_follow_their_cursor(audit: Asked) -> None:
    await audit.book.say(*(because("洪水") for _ in range(5)))
    assert (await audit.json("/search", q="洪水"))["behind"] == 5
    await index(audit.book)
    first = await audit.json("/search", q="洪水", limit=3)
    rest = await audit.json("/search", q="洪水", limit=3, after=first["next"])
    assert [hit["position"] for hit in [*first["data"], *rest["data"]]] == [5, 4, 3, 2, 1]
    assert rest["next"] is None


@pytest.mark.parametrize("q", ["，。", "🌧️", " ", "雨" * 3_400, "%_", '"'])
async def test_an_odd_question_gets_a_clear_answer(audit: Asked, q: str) -> None:
    reply = await audit.get("/api/v1/audit/search", q=q)
    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/invalid")
    if q.strip():
        shown = await audit.get("/audit/search", q=q)
        assert shown.status_code == 200
        assert 'role="alert"' in shown.text


async def test_signs_of_queries_are_no_wildcards(audit: Asked) -> None:
    await audit.book.say(because("下雨"), because("下大雨"), because("100% 下雪_'quoted\""))
    await index(audit.book)
    for q, wanted in {
        "下_": [3, 2, 1],
        "下%雨": [1],
        "雪_'quoted": [3],
        "１００％": [3],
        "下\u3000雨": [2, 1],
    }.items():
        found = await audit.json("/search", q=q)
        assert [hit["position"] for hit in found["data"]] == wanted, q
    assert (await audit.get("/api/v1/audit/search", q="a\x00b")).status_code == 422


async def test_odd_filters_get_a_clear_answer(audit: Asked) -> None:
    for wrong in ({"since": "yesterday"}, {"warning": "x"}, {"since": "2026-02-02", "until": "2026-02-01"}):
        reply = await audit.get("/api/v1/audit/search", q="雨", **wrong)
        assert reply.status_code == 422, wrong
        assert 'role="alert"' in (await audit.get("/audit/search", q="雨", **wrong)).text
    assert (
        await audit.get("/api/v1/audit/search", q="雨", since="9999-12-31", until="9999-12-31")
    ).is_success


async def test_only_auditors_search_and_it_is_a_fact(audit: Asked) -> None:
    assert (await audit.get("/api/v1/audit/search", "drafter", q="雨")).status_code == 403
    await audit.json("/search", q="雨")
    (fact,) = await audit.facts()
    assert (fact["kind"], fact["detail"]["path"]) == ("audit.queried", "/api/v1/audit/search")


async def test_the_page_shows_hits_and_keeps_the_question(audit: Asked) -> None:
    await audit.book.say(*(because(f"洪水 <b>{n}</b>", kind="warning.returned") for n in range(25)))
    await index(audit.book)
    shown = await audit.get("/audit/search", q="洪水", kind="warning.returned")
    assert shown.text.count("<mark>洪水</mark>") == 20
    assert "&lt;b&gt;24" in shown.text
    assert 'value="洪水"' in shown.text
    assert 'rel="next"' in shown.text
    assert "<script" not in shown.text.replace('<script type="module" src="/static/audit/', "")
    assert "没有找到" in (await audit.get("/audit/search", q="干旱")).text
