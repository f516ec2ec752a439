"""Following a warning over the API: all that the desk can do."""

import httpx

from services.issuer import actions
from services.issuer.model import factor
from tests.issuer.app_make import PASSWORD
from tests.issuer.desk_make import Room
from tests.issuer.issuer_make import LI, SECRET


async def signed_in(room: Room, *usernames: str) -> list[httpx.AsyncClient]:
    """Return clients of the API for these people."""
    clients = []
    for username in usernames:
        http = room.stranger().http
        code = factor.code_at(SECRET, room.office.clock.now())
        body = {"username": username, "password": PASSWORD, "code": code}
        token = (await http.post("/api/v1/sessions", json=body)).json()["token"]
        http.headers["authorization"] = f"Bearer {token}"
        clients.append(http)
    return clients


async def test_comments_and_drift_and_the_bell_over_the_api(room: Room) -> None:
    zhang, li, sun = await signed_in(room, "zhang", "li", "sun")
    path = f"/api/v1/warnings/{(await room.office.issued()).warning_id}"
    assert (await zhang.get("/api/v1/bell")).json() == {"count": 0, "rings": []}
    assert (await sun.post(f"{path}/comments", json={"comment": "?"})).status_code == 403
    said = await li.post(f"{path}/comments", json={"comment": "好"}, headers={"idempotency-key": "1"})
    again = await li.post(f"{path}/comments", json={"comment": "好"}, headers={"idempotency-key": "1"})
    assert (said.status_code, again.json()) == (201, said.json())
    assert [one["note"] for one in said.json()["story"] if one["act"] == "commented"] == ["好"]
    assert (await zhang.get(f"{path}/drift")).json()["changed"] is False


async def test_a_shift_changes_over_the_api(room: Room) -> None:
    zhang, li, sun = await signed_in(room, "zhang", "li", "sun")
    warning = await room.office.issued()
    assert (await zhang.get("/api/v1/shift")).json()["in_force"][0]["warning_id"] == str(warning.warning_id)
    left = (await zhang.post("/api/v1/handovers", json={"note": "关注赶水"})).json()
    take = f"/api/v1/handovers/{left['handover_id']}/take"
    assert (await zhang.post(take, json={"sha256": left["sha256"]})).status_code == 403
    assert (await li.post(take, json={"sha256": left["sha256"]})).json()["comes"] == "li"
    assert len((await sun.get("/api/v1/handovers")).json()["data"]) == 1


async def test_a_halt_is_reviewed_over_the_api(room: Room) -> None:
    li, chen, sun = await signed_in(room, "li", "chen", "sun")
    warning = await room.office.issued()
    await actions.halt(room.office.db, room.office.catalogue, warning.warning_id, LI, "区域有误")
    review = f"/api/v1/warnings/{warning.warning_id}/reviews/1/halt"
    verdict = {"verdict": "right", "note": "及时"}
    assert (await li.post(review, json=verdict)).status_code == 403
    assert (await chen.post(review, json=verdict)).json()["by"] == "chen"
    assert (await sun.get("/api/v1/reviews")).json()["data"][0]["verdict"] == "right"


async def test_what_happened_is_written_over_the_api(room: Room) -> None:
    zhang, sun = await signed_in(room, "zhang", "sun")
    warning = await room.office.issued()
    path = f"/api/v1/warnings/{warning.warning_id}"
    after = {"verdict": "hit", "source": "区域站", "onset": "2026-06-11T15:20:00+08:00"}
    assert (await zhang.post(f"{path}/afterwards", json=after)).status_code == 201
    csv = f"warning,verdict,onset,ended,amounts,source,note\n{warning.warning_id},miss,,,,站,\n"
    imported = await zhang.post("/api/v1/afterwards/import", content=csv)
    assert imported.json()["data"][0]["number"] == 2
    assert len((await sun.get(f"{path}/afterwards")).json()["data"]) == 2
    assert (await sun.get(f"{path}/exercise")).status_code == 409


async def test_the_emergency_flow_is_asked_for_over_the_api(room: Room) -> None:
    (zhang,) = await signed_in(room, "zhang")
    draft = await room.office.drafted(level="RED")
    sent = await zhang.post(f"/api/v1/warnings/{draft.warning_id}/submit", json={"emergency": "来不及"})
    assert (sent.json()["emergency"], sent.json()["needs"]) == ("来不及", ["signer"])
