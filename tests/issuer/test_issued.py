"""The list of everything that was issued: whole, page by page, for auditors and our own services."""

from pathlib import Path

from tests.issuer.api_make import a_desk
from tests.issuer.issuer_make import Office


async def test_every_issued_revision_is_listed_and_no_draft(office: Office, tmp_path: Path) -> None:
    first, second = [await office.issued() for _ in range(2)]
    async with a_desk(office, tmp_path) as desk:
        zhang, sun = await desk.person("zhang"), await desk.person("sun")
        draft = {"mode": "live", "hazard": "11B03", "level": "BLUE", "selection": {"towns": ["500110110"]}}
        await zhang.ask("POST", "/warnings", json=draft, status=201)
        await zhang.ask("GET", "/issued", status=403)
        begun = await sun.ask("GET", "/issued?limit=1")
        rest = await sun.ask("GET", f"/issued?limit=1&after={begun['next']}")
        assert (begun["has_more"], rest["has_more"], rest["next"]) == (True, False, None)
        listed = {(one["warning_id"], one["revision"]) for one in begun["data"] + rest["data"]}
        assert listed == {(str(one.warning_id), 1) for one in (first, second)}
        assert begun["data"][0]["approved_at"].endswith("+08:00")
        only = await sun.ask("GET", f"/issued?warning={second.warning_id}")
        assert [one["warning_id"] for one in only["data"]] == [str(second.warning_id)]
        for odd in ("x", "-" * 36 + "/1", f"{first.warning_id}/-1"):
            await sun.ask("GET", f"/issued?after={odd}", status=422)
