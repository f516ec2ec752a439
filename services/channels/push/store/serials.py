"""Serial numbers: given once, on any replica, and never twice."""

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite

from services.channels.push.store.tables import SERIALS
from services.kit.db import Database


class Serials:
    """The serial numbers of one house."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def next(self, name: str, least: int = 1) -> int:
        """Return the next number of this name, at least so high."""
        async with self.db.transaction() as tx:
            insert = postgresql.insert(SERIALS) if tx.postgres else sqlite.insert(SERIALS)
            higher = case((SERIALS.c.value >= least, SERIALS.c.value + 1), else_=least)
            statement = (
                insert.values(name=name, value=least)
                .on_conflict_do_update(index_elements=[SERIALS.c.name], set_={"value": higher})
                .returning(SERIALS.c.value)
            )
            return int((await tx.execute(statement)).scalar_one())
