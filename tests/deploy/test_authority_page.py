"""The page about who may do what is what the data say."""

from deploy.local.authority import PAGE, STANDINGS, page
from services.issuer.catalogue import LIFTED, load
from services.issuer.model import State


def test_the_page_is_made_of_the_data() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(load().authority)


def test_the_page_has_a_column_for_every_standing() -> None:
    assert set(STANDINGS) == {*map(str, State), LIFTED}
