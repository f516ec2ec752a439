"""The desk without scripts: papers, what happened afterwards, and drills."""

import pytest

from tests.issuer.desk_make import Room, in_review, issued, shown, warning_id


@pytest.mark.parametrize("kind", ["approval-form", "record-form"])
async def test_papers_are_kept_as_one_file_without_anything_from_outside(room: Room, kind: str) -> None:
    address = await issued(room, mode="drill")
    base = address.split("?")[0]
    page = await shown(room, "sun", f"{base}/{kind}")
    for words in ("演练", "綦江区气象台", "张敏", "王芳", "赶水镇、打通镇"):
        assert words in page.text, words
    kept = await shown(room, "sun", f"{base}/{kind}", archive="1")
    assert kept.reply.headers["content-disposition"].startswith("attachment")
    assert not kept.tree.xpath("//link | //script | //img | //a")
    assert "url(" not in kept.reply.text
    warning = await room.office.get(warning_id(address))
    assert warning.content_sha256 in kept.text


async def test_only_what_went_out_has_a_record_form(room: Room) -> None:
    address = await in_review(room)
    sun = await room.person("sun")
    assert (await sun.get(f"{address}/record-form")).status == 404
    assert "签名: ____________" in (await sun.get(f"{address}/approval-form")).text


async def test_what_happened_is_entered_with_its_history(room: Room) -> None:
    base = (await issued(room)).split("?")[0]
    zhang = await room.person("zhang")
    room.office.clock.move(minutes=20)
    path = f"{base}/afterwards"
    typed = {"verdict": "hit", "onset": "14:20", "source": "区域站", "amounts": "82.4 毫米"}
    sent = await zhang.send(await zhang.get(path), path, **typed)
    assert sent.status == 303, sent.text
    page = await zhang.get(path)
    assert "提前量15分钟" in page.text
    wrong = await zhang.send(page, path, verdict="hit", onset="25点", source="区域站")
    assert wrong.status == 422
    assert wrong.tree.xpath("//input[@id='onset']/@value") == ["25点"]
    await zhang.send(page, path, verdict="partly", source="灾情直报")
    page = await zhang.get(path)
    assert len(page.tree.xpath("//section[@aria-labelledby='history-title']//tbody/tr")) == 2
    assert f"{base}/afterwards" not in {
        f.action for f in (await shown(room, "sun", path)).tree.forms if f.action
    }


async def test_what_happened_is_imported_from_a_file(room: Room) -> None:
    base = (await issued(room)).split("?")[0]
    zhang = await room.person("zhang")
    page = await zhang.get(f"{base}/afterwards")
    csrf = page.tree.xpath("//input[@name='csrf']/@value")[0]
    warning_id = base.rsplit("/", 1)[1]
    csv = f"warning,verdict,onset,ended,amounts,source,note\n{warning_id},miss,,,,区域站,\n"
    for text, status in ((csv, 303), (csv.replace("miss", "?"), 422), ("\xff", 422)):
        content = text.encode("latin-1" if text == "\xff" else "utf-8")
        reply = await zhang.http.post(
            f"{base}/afterwards/import", data={"csrf": csrf}, files={"file": ("a.csv", content, "text/csv")}
        )
        assert reply.status_code == status, reply.text


async def test_the_report_of_a_drill_is_a_page_and_nothing_else_has_one(room: Room) -> None:
    drill = (await issued(room, mode="drill")).split("?")[0]
    page = await shown(room, "sun", f"{drill}/exercise")
    assert "0/4" in page.text
    assert "赶水镇太公村" in page.text
    real = (await issued(room)).split("?")[0]
    assert (await (await room.person("sun")).get(f"{real}/exercise")).status == 409


DRILL_PAGES = ("", "/approval-form", "/record-form", "/exercise", "/afterwards")


@pytest.mark.parametrize("path", DRILL_PAGES)
async def test_a_drill_says_so_on_every_page_of_its_own(room: Room, path: str) -> None:
    address = (await issued(room, mode="drill")).split("?")[0]
    page = await shown(room, "zhang", address + path)
    assert page.tree.xpath("//*[contains(@class, 'drill-banner') or contains(@class, 'drill-mark')]")
