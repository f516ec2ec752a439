"""Every list that an auditor sees and may take with him: a new one is a row in this table."""

from collections.abc import Mapping

from services.audit.actions.lists.books import DELIVERY_LIST, STATION_LIST, TARGET_LIST
from services.audit.actions.lists.listing import Listing
from services.audit.actions.lists.records import HIT_LIST, RECORD_LIST, TIMELINE

LISTS: Mapping[str, Listing] = {
    listing.name: listing
    for listing in (RECORD_LIST, TIMELINE, TARGET_LIST, DELIVERY_LIST, STATION_LIST, HIT_LIST)
}
