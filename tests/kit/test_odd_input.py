"""What nobody can see or read is refused at the door, with the field and the mend, and not repeated."""

import httpx
import pytest

from contracts import printable
from tests.kit.odd_make import an_odd_client

ODD = ["%00", "%0A", "%1B", "%7F", "%C2%85", "%E2%80%AE", "%E2%81%A6"]


def named(reply: httpx.Response) -> list[tuple[str, str]]:
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    return [(fault["field"], fault["mend"]) for fault in reply.json()["errors"]]


@pytest.mark.parametrize("odd", ODD)
async def test_an_address_holds_nothing_that_is_not_seen(odd: str) -> None:
    async with an_odd_client() as client:
        assert named(await client.get(f"/named/wang{odd}")) == [("path", printable.MEND)]
        assert named(await client.get(f"/named/wang?q=a{odd}b")) == [("query.q", printable.MEND)]
        assert named(await client.get(f"/named/wang?S3cret{odd}=1")) == [("query", printable.MEND)]
        assert named(await client.get(f"/static/{odd}")) == [("path", printable.MEND)]


async def test_an_address_in_chinese_is_taken() -> None:
    async with an_odd_client() as client:
        reply = await client.get("/named/王芳", params={"q": "赶水　镇"})
        assert reply.json() == {"name": "王芳", "q": "赶水　镇"}


async def test_a_refused_address_is_answered_with_the_headers_of_every_answer() -> None:
    async with an_odd_client() as client:
        reply = await client.get("/named/%00")
        assert reply.headers["x-content-type-options"] == "nosniff"
        large = await client.post("/told", headers={"content-length": "999999999"})
        assert (large.status_code, large.headers["x-content-type-options"]) == (413, "nosniff")


async def test_a_body_names_the_field_with_hidden_characters_and_repeats_nothing() -> None:
    async with an_odd_client() as client:
        reply = await client.post("/told", json={"by": "wang\u0000fang", "note": "\u202e13800000000"})
        assert named(reply) == [("body.by", printable.MEND), ("body.note", printable.MEND)]
        assert "fang" not in reply.text
        assert "13800000000" not in reply.text
        assert "0000" not in reply.text
        good = await client.post("/told", json={"by": "王芳", "note": "one\ntwo"})
        assert good.json() == {"by": "王芳"}


async def test_a_form_names_each_field_once_and_looks_into_no_secret() -> None:
    async with an_odd_client() as client:
        sent = {
            "note": ["a\x00", "b\x00"],
            "name": "\u202ex",
            "password": "\x01",
            "cap": "\u202e",
            "ok": "1\r\n2",
        }
        assert named(await client.post("/form", data=sent)) == [
            ("note", printable.MEND),
            ("name", printable.MEND),
        ]
        good = {name: sent[name] for name in ("password", "cap", "ok")}
        assert (await client.post("/form", data=good)).json() == {"fields": 3}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"by": "x", "anything": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"by": "x", "anything": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"by": "\xff\xfe"}',
        b'{"by": "x", "anything": ' + b"9" * 10_000 + b"}",
    ],
    ids=["unclosed", "deep lists", "deep objects", "not UTF-8", "endless number"],
)
async def test_a_body_that_cannot_be_read_names_field_and_mend(body: bytes) -> None:
    async with an_odd_client() as client:
        reply = await client.post("/told", content=body, headers={"content-type": "application/json"})
        assert reply.status_code in (400, 422)
        problem = reply.json()
        assert reply.headers["content-type"] == "application/problem+json"
        assert problem["type"] == "/problems/invalid"
        assert problem["mend"]
        assert [fault["field"].split(".")[0] for fault in problem["errors"]] == ["body"]


async def test_json_of_some_depth_is_taken() -> None:
    async with an_odd_client() as client:
        deep = b'{"by": "x", "anything": ' + b"[" * 100 + b"]" * 100 + b"}"
        reply = await client.post("/told", content=deep, headers={"content-type": "application/json"})
        assert reply.status_code == 200


async def test_a_broken_form_names_field_and_mend() -> None:
    async with an_odd_client() as client:
        kind = {"content-type": "multipart/form-data"}
        reply = await client.post("/form", content=b"--x\r\nbroken", headers=kind)
        assert reply.status_code == 400
        assert reply.json()["errors"][0]["field"] == "body"
