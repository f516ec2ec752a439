"""Words: a channel says as a fact what it says, once for each revision and wording, never for each recipient.

The ledger keeps it, so that a year later nobody has to guess which template was in use that day.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, select

from contracts.delivery import DeliveryRequested
from services.channels.renderings import Looking, Piece
from services.kit.db import Transaction
from services.kit.telemetry import log

MOST_KNOWN = 1000
"""So many wordings are known without a look into the database."""

_LONGEST = 4000


class Words:
    """What a house says, and which of it has been written down."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._known: dict[tuple[str, ...], None] = {}

    async def unsaid(self, tx: Transaction, request: DeliveryRequested, **also: str) -> bool:
        """Tell, before a request is taken, whether it is the first of its revision and wording."""
        key = (str(request.warning_id), str(request.revision), request.channel.value, *also.values())
        if key in self._known:
            return False
        columns = self.table.c
        of_it = [columns.warning_id == key[0], columns.revision == request.revision]
        of_it += [columns[name] == value for name, value in also.items()]
        taken = (await tx.execute(select(columns.delivery_id).where(*of_it).limit(1))).first()
        tx.after_commit(lambda: self._remember(key))
        return taken is None

    def _remember(self, key: tuple[str, ...]) -> None:
        self._known[key] = None
        while len(self._known) > MOST_KNOWN:
            self._known.pop(next(iter(self._known)))


def say(tx: Transaction, request: DeliveryRequested, pieces: Sequence[Piece], rendering: str = "") -> None:
    """Say in which words a channel speaks."""
    told: list[dict[str, Any]] = [{"name": one.name, "text": one.text[:_LONGEST]} for one in pieces]
    tx.record(
        "delivery.worded",
        mode=request.mode,
        warning_id=request.warning_id,
        revision=request.revision,
        channel=request.channel.value,
        rendering=rendering,
        action=request.action.value,
        pieces=told,
    )


def say_look(tx: Transaction, request: DeliveryRequested, looking: Looking) -> None:
    """Say how a request looks; a delivery goes out though its words cannot be written down."""
    try:
        pieces = looking(request).pieces
    except Exception as error:
        log.warning("words not written down", channel=request.channel, error=type(error).__name__)
        return
    say(tx, request, pieces)
