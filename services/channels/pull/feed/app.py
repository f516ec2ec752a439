"""Wiring of the feed."""

from services.channels.pull.feed import api, consumers
from services.channels.pull.feed.board import Board
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service


async def open_feed(floor: Floor) -> Service:
    """Open the feed on a floor."""
    db = await floor.database("feed")
    board = Board(db, floor.settings.base_url())
    house = House(
        db,
        Leadership(db, floor.settings.instance),
        consumers.heard(board.changed),
        siblings=[board.run],
    )
    return Service("feed", routers=[api.router], houses=[house], parts={"feed": api.Parts(db, board)})
