"""What villages told back, for their town and the district: the latest word, the red ones first."""

import itertools
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.back import Back, StationTold
from contracts.values import Lane, Mode
from contracts.warning import AddsTo
from services.router.actions import backing, clocks
from services.router.store import duties
from services.router.store.backs import Asked
from tests.router.duty_make import FIRST, SECOND, Tower
from tests.router.registry_make import NOON, TOWNS
from tests.router.test_duty_api import OTHER, TOWN, as_, http, tower

__all__ = ["http", "tower"]

CALM = Back(by="王芳", relayed=True, reached=212, missed=3)
HELP = Back(by="李强", relayed=False, help="三户老人需要转移")
CUT = Back(by="刘洋", relayed=True, reached=80, road_cut=True, road_where="赶安路K3")


def a_word(
    station: str, number: int, back: Back, warning: UUID, revision: int = 1, minutes: int = 0
) -> StationTold:
    return StationTold(
        mode=Mode.LIVE,
        lane=Lane.URGENT,
        station=station,
        village=station,
        warning_id=warning,
        revision=revision,
        number=number,
        at=NOON + timedelta(minutes=minutes),
        back=back,
    )


async def heard(tower: Tower, *words: StationTold) -> None:
    for word in words:
        async with tower.db.transaction() as tx:
            await backing.hear(tx, word)


@pytest.mark.parametrize(
    ("told", "latest"),
    [
        ([(1, 1, 0, HELP), (1, 2, 1, CALM), (2, 1, 2, CUT)], (2, 1, CUT)),
        ([(2, 1, 0, CALM), (1, 1, 1, CALM), (1, 2, 2, HELP)], (1, 2, HELP)),
        ([(2, 7, 0, CALM), (1, 1, 0, HELP), (1, 2, -1, CALM)], (1, 1, HELP)),
        ([(1, 1, 0, HELP), (1, 2, 0, CUT), (2, 1, 1, CALM)], (2, 1, CALM)),
        ([(1, 1, 0, HELP), (1, 2, 0, CUT), (1, 3, 0, CUT)], (1, 3, CUT)),
    ],
    ids=["newer", "older-link", "one-moment", "calm-again", "numbers"],
)
async def test_the_latest_word_stands_of_whichever_revision_and_whatever_comes_first(
    tower: Tower, told: list[tuple[int, int, int, Back]], latest: tuple[int, int, Back]
) -> None:
    for order in itertools.permutations(told):
        warning = uuid4()
        words = [a_word(FIRST, n, back, warning, revision, at) for revision, n, at, back in order]
        await heard(tower, *words, *words)
        found = await backing.overview(tower.db, Asked(NOON, warning_id=warning))
        assert [(one.revision, one.number, one.back) for one in found.told] == [latest]


@pytest.fixture
async def spoken(tower: Tower) -> UUID:
    """Three villages of two towns have told; two of them are red."""
    warning = uuid4()
    await heard(
        tower,
        a_word(FIRST, 1, CALM, warning),
        a_word(SECOND, 1, HELP, warning),
        a_word(f"{OTHER}201", 1, CUT, warning),
    )
    return warning


@pytest.mark.usefixtures("spoken")
async def test_the_district_has_sums_and_red_ones_first_and_a_town_its_own(http: httpx.AsyncClient) -> None:
    whole = (await http.get("/api/v1/backs", headers=as_("checker"))).json()
    assert whole["sum"] == {
        "villages": 3,
        "relayed": 2,
        "reached": 292,
        "missed": 3,
        "help": 1,
        "road_cut": 1,
    }
    assert [(one["village"], one["red"]) for one in whole["data"]] == [
        (SECOND, True),
        (f"{OTHER}201", True),
        (FIRST, False),
    ]
    own = (await http.get("/api/v1/backs", headers=as_(f"town-desk:{TOWN}"))).json()
    assert {one["town"] for one in own["data"]} == {TOWN}
    strange = await http.get(f"/api/v1/backs?town={OTHER}", headers=as_(f"town-desk:{TOWN}"))
    assert strange.status_code == 403
    assert (await http.get("/api/v1/backs", headers=as_("auditor"))).status_code == 403
    first = (await http.get("/api/v1/backs?limit=2", headers=as_("checker"))).json()
    rest = await http.get("/api/v1/backs", params={"after": first["next"]}, headers=as_("checker"))
    assert [one["village"] for one in rest.json()["data"]] == [FIRST]


@pytest.mark.usefixtures("spoken")
async def test_the_duty_pages_show_what_is_red_on_top(http: httpx.AsyncClient) -> None:
    district = (await http.get("/duty", headers=as_("checker"))).text
    town = (await http.get(f"/duty/{TOWN}", headers=as_(f"town-desk:{TOWN}"))).text
    assert district.index("三户老人需要转移") < district.index("赶安路K3")
    assert "三户老人需要转移" in town
    assert "赶安路K3" not in town


async def test_a_towns_note_starts_no_clocks(tower: Tower) -> None:
    issued = tower.warning.issued()
    adds_to = AddsTo(warning_id=uuid4(), revision=1, identifier="50011041600000_20260601120000_0")
    notice = issued.notice.model_copy(update={"adds_to": adds_to, "product": "note"})
    note = issued.model_copy(update={"notice": notice, "warning_id": uuid4()})
    async with tower.db.transaction() as tx:
        await clocks.begin(tx, note, tower.escalation.rules)
        assert await duties.climb_of(tx, note.warning_id, 1) is None
    assert TOWNS[0] == TOWN
