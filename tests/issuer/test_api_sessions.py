"""Sessions over HTTP: who comes in, and what nobody learns."""

from uuid import uuid4

from tests.issuer.api_make import Client, Desk
from tests.issuer.app_make import PASSWORD


async def test_a_session_is_opened_asked_and_ended(desk: Desk) -> None:
    reply = await desk.http.post("/api/v1/sessions", json={"username": "zhang", "password": PASSWORD})
    assert reply.status_code == 201
    body = reply.json()
    assert body["user"] == {
        "username": "zhang",
        "display_name": "张敏",
        "roles": ["drafter"],
        "town": None,
        "department": None,
    }
    assert body["expires_at"].endswith("+08:00")
    zhang = Client(desk.http, body["token"])
    current = await zhang.ask("GET", "/sessions/current")
    assert (current["username"], current["display_name"], current["roles"]) == ("zhang", "张敏", ["drafter"])
    await zhang.ask("DELETE", "/sessions/current", status=204)
    await zhang.ask("GET", "/sessions/current", status=401)
    await zhang.ask("GET", "/warnings", status=401)


async def test_a_wrong_password_is_refused_and_not_repeated(desk: Desk) -> None:
    for body in (
        {"username": "zhang", "password": "horse-battery"},
        {"username": "nobody", "password": "horse-battery"},
    ):
        reply = await desk.http.post("/api/v1/sessions", json=body)
        assert reply.status_code == 401
        assert "horse" not in reply.text
        assert "nobody" not in reply.text
    malformed = {"username": "Horse Battery", "password": "x" * 300}
    reply = await desk.http.post("/api/v1/sessions", json=malformed)
    assert reply.status_code == 422
    assert "Horse" not in reply.text
    assert "xxx" not in reply.text


async def test_nobody_reads_or_writes_without_a_session(desk: Desk) -> None:
    path = f"/api/v1/warnings/{uuid4()}"
    for method, target in (
        ("GET", "/api/v1/warnings"),
        ("POST", "/api/v1/warnings"),
        ("GET", "/api/v1/catalogue"),
        ("POST", "/api/v1/import"),
        ("GET", path),
        ("GET", f"{path}/cap.xml"),
        ("GET", f"{path}/progress"),
        ("GET", f"{path}/progress/stream"),
        ("POST", f"{path}/halt"),
    ):
        assert (await desk.http.request(method, target)).status_code == 401
