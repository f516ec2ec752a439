"""The systems of the stories, to be broken."""

from tests.flows.conftest import a_system, seeded

__all__ = ["a_system", "seeded"]
