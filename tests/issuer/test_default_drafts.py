"""The sheet of every signal and product, sent as it is offered, is a valid draft."""

from datetime import timedelta

import pytest

from contracts.values import AreaSelection, Level, Mode
from services.issuer.actions import making
from services.issuer.catalogue import NOTE, load
from services.issuer.model import Window, Wish, faults
from services.issuer.reach import Reached
from services.kit.errors import Invalid
from tests.issuer.issuer_make import NOW, SIGNATURE, Office
from tests.issuer.reach_make import ENGLISH, TOWNS, a_manifest

CATALOGUE = load()
EVERY = [
    (product, hazard.code, level)
    for product, kind in CATALOGUE.products.products.items()
    if kind.addition is None
    for hazard in kind.subjects or CATALOGUE.offered
    for level in hazard.levels
]
LATER = timedelta(hours=20)


def test_every_product_has_something_to_send() -> None:
    assert {product for product, _, _ in EVERY} == {*CATALOGUE.products.products} - {NOTE}
    assert len(EVERY) > 50


@pytest.mark.parametrize("ahead", [timedelta(), LATER], ids=["from now", "from tomorrow"])
@pytest.mark.parametrize(("product", "hazard", "level"), EVERY)
def test_a_default_draft_has_no_fault(product: str, hazard: str, level: Level, ahead: timedelta) -> None:
    department = next(iter(CATALOGUE.products.get(product).departments), "")
    signal = CATALOGUE.issuable(hazard, level, product, department)
    reached = Reached(a_manifest(towns=tuple(TOWNS)), tuple(TOWNS.values()), True, tuple(ENGLISH.values()))
    wish = Wish(
        hazard=hazard,
        level=level,
        product=product,
        department=department,
        selection=AreaSelection(towns=tuple(TOWNS)),
        window=Window(begin=NOW + ahead, end=NOW + ahead + timedelta(hours=signal.grade.window_hours)),
        slots={name: value for name, value in signal.grade.defaults.items() if value},
    )
    content = making.drafted(CATALOGUE, Mode.LIVE, wish, reached, NOW)
    assert faults(content, NOW, SIGNATURE) == []
    assert content.text_en is not None
    assert all(getattr(content.text_en, field) for field in ("headline", "description", "short"))


async def test_nobody_drafts_what_is_only_added_to_a_warning(laptop: Office) -> None:
    with pytest.raises(Invalid, match=r"product.*only added to a warning in force"):
        await laptop.drafted(product=NOTE)
    draft = await laptop.drafted()
    with pytest.raises(Invalid, match=r"product.*only added"):
        await laptop.edit(draft, Wish(product=NOTE))
    with pytest.raises(Invalid, match="product"):
        CATALOGUE.issuable("11B03", Level.RED, NOTE)
    assert (await laptop.get(draft.warning_id)).content.product == "signal"
