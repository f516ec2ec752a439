"""The tables of the gateways' house and the questions that are asked of them."""

from services.channels.pull.gateways.store.tables import metadata

__all__ = ["metadata"]
