"""The houses of channels: the pull ones, to which the world comes, and the push ones, which call it."""

from contracts.values import Channel
from services.channels.pull.feed.app import open_feed
from services.channels.pull.gateways.app import open_gateways
from services.channels.pull.stations.app import open_stations
from services.channels.push.app import open_push
from services.kit.process import Opener

_PUSHED = (Channel.BROADCAST, Channel.CABLE, Channel.WECHAT, Channel.APP)

HOUSES: dict[str, Opener] = {
    "stations": open_stations,
    "gateways": open_gateways,
    "feed": open_feed,
    **{str(channel): open_push(channel) for channel in _PUSHED},
}
"""The houses by name, in the order in which they open."""

MIGRATIONS: dict[str, str] = {
    "stations": "services.channels.pull.stations.migrations",
    "gateways": "services.channels.pull.gateways.migrations",
    "feed": "services.channels.pull.feed.migrations",
    **{str(channel): "services.channels.push.migrations" for channel in _PUSHED},
}
"""The Alembic tree of each house."""
