"""Every house finds a role of its own in the databases of the tests."""

from services.houses import MIGRATIONS
from tests.databases import HOUSES


def test_the_databases_of_the_tests_have_every_house() -> None:
    assert set(MIGRATIONS) == set(HOUSES) - {"kit"}
