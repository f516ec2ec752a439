"""The desk without scripts: the list, the languages, and what every page keeps to."""

from contracts.values import Mode
from tests.issuer.desk_make import Room, issued


async def test_the_list_is_filtered_and_paged(room: Room) -> None:
    zhang = await room.person("zhang")
    for _ in range(27):
        await room.office.drafted()
    await room.office.drafted(Mode.DRILL)
    page = await zhang.get("/warnings")
    assert len(page.tree.xpath("//tbody/tr")) == 25
    older = await zhang.get(page.tree.xpath("//a[@rel='next']/@href")[0])
    assert len(older.tree.xpath("//tbody/tr")) == 3
    assert len((await zhang.get("/warnings", mode="drill")).tree.xpath("//tbody/tr")) == 1
    assert "没有" in (await zhang.get("/warnings", show="standing")).text


async def test_the_chosen_language_is_kept(room: Room) -> None:
    zhang = await room.person("zhang")
    assert "值班台" in (await zhang.get("/")).text
    assert (await zhang.get("/", lang="en")).tree.get("lang") == "en"
    assert "No warning is in force." in (await zhang.get("/")).text
    assert "值班台" in (await zhang.get("/", lang="zh")).text


async def test_pages_ask_for_nothing_outside_and_run_nothing_inline(room: Room) -> None:
    zhang = await room.person("zhang")
    address = await issued(room)
    for path in (
        "/",
        "/warnings",
        "/warnings/new",
        "/warnings/new?mode=live&hazard=11B03&level=RED",
        address,
    ):
        page = await zhang.get(path)
        assert page.status == 200
        for link in page.tree.xpath("//@src | //link/@href | //form/@action"):
            assert link.startswith("/"), link
        assert not page.tree.xpath("//script[not(@src)] | //style | //@style | //@onclick")
        for source in page.tree.xpath("//script/@src | //link/@href"):
            assert (await zhang.get(source)).status == 200, source
