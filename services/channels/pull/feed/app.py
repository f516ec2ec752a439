"""Wiring of the feed."""

from services.channels.pull.feed import api, consumers
from services.channels.pull.feed.board import Board
from services.channels.pull.feed.settings import FeedSettings
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service


async def open_feed(floor: Floor) -> Service:
    """Open the feed on a floor."""
    settings = FeedSettings.load()
    db = await floor.database("feed")
    board = Board(db, floor.settings.base_url(), settings.public_folder)
    house = House(
        db,
        Leadership(db, floor.settings.instance),
        consumers.heard(floor.crypto, board.changed),
        siblings=[board.run],
    )
    given = api.Parts(db, board, settings.feed_most_followers)
    public = ["/feed", "/public", "/static/channels"]
    return Service(
        "feed", routers=[api.router, api.page], houses=[house], parts={"feed": given}, public=public
    )
