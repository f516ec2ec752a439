"""Lists, the catalogue, and the examples of the documents."""

import base64

from tests.issuer.api_make import DRAFT, Desk


async def test_lists_page_by_cursor(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    drafts = [await zhang.ask("POST", "/warnings", json=DRAFT, status=201) for _ in range(5)]
    made = [draft["warning_id"] for draft in drafts]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=2&state=draft&mode=live{f'&cursor={cursor}' if cursor else ''}"
        body = await zhang.ask("GET", f"/warnings{query}")
        seen += [one["warning_id"] for one in body["data"]]
        assert body["has_more"] is (body["next"] is not None) is ("link" in zhang.reply.headers)
        cursor = body["next"]
    assert seen == made[::-1]
    assert (await zhang.ask("GET", "/warnings?state=review"))["data"] == []
    assert (await zhang.ask("GET", "/warnings?mode=drill"))["data"] == []
    forged = base64.urlsafe_b64encode(b"1|2|3").decode()
    for bad in ("nonsense", forged, "%00"):
        await zhang.ask("GET", f"/warnings?cursor={bad}", status=422)


async def test_the_catalogue_offers_only_colours_that_exist(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    found = await zhang.ask("GET", "/catalogue")
    signals = {signal["code"]: signal for signal in found["signals"]}
    assert [grade["level"] for grade in signals["11B09"]["levels"]] == ["RED", "ORANGE", "YELLOW"]
    assert "11B01" not in signals
    assert {slot["name"] for slot in signals["11B03"]["slots"]} == {"amount", "hourly"}
    red = next(row for row in found["authority"] if row["level"] == "RED" and row["product"] == "signal")
    assert red["issue"] == [["checker", "signer"], ["signer"]]
    assert found["sender_code"] == "50011041600000"


async def test_every_example_in_the_documents_runs(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    document = desk.app.openapi()
    bodies = {
        name: schema["example"]
        for name, schema in document["components"]["schemas"].items()
        if name.endswith("Body") and "example" in schema
    }
    known = {"SignInBody", "DraftBody", "EditBody", "ReasonBody", "CancelBody", "CorrectBody", "SplitBody"}
    assert set(bodies) == known
    reply = await desk.http.post("/api/v1/sessions", json=bodies["SignInBody"])
    assert reply.status_code == 401
    draft = await zhang.ask("POST", "/warnings", json=bodies["DraftBody"], status=201)
    path, seen = f"/warnings/{draft['warning_id']}", {"If-Match": draft["etag"]}
    edited = await zhang.ask("PATCH", path, json=bodies["EditBody"], headers=seen)
    assert edited["level"] == "RED"
    seen = {"If-Match": edited["etag"]}
    await zhang.ask("POST", f"{path}/split", json=bodies["SplitBody"], headers=seen, status=201)
    await zhang.ask("POST", f"{path}/reject", json=bodies["ReasonBody"])
    issued = await desk.issued()
    correcting = f"/warnings/{issued['warning_id']}/correct"
    await zhang.ask("POST", correcting, json=bodies["CorrectBody"], status=201)
    lifting = f"/warnings/{issued['warning_id']}/cancel"
    await zhang.ask("POST", lifting, json=bodies["CancelBody"], status=201)


async def test_every_endpoint_has_a_summary_and_refuses_unknown_fields(desk: Desk) -> None:
    document = desk.app.openapi()
    for path, verbs in document["paths"].items():
        for operation in verbs.values():
            assert operation["summary"], path
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Body"):
            assert schema.get("additionalProperties") is False, name
