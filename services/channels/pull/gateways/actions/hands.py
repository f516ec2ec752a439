"""What gateways hand in and take away: requests that come at once share a transaction."""

from collections.abc import Sequence

from services.channels.pull.gateways.actions.lease import Wanted, lease
from services.channels.pull.gateways.actions.report import Job, Taken, report_all
from services.channels.pull.gateways.parts import Parts
from services.kit.db import Transaction

Ask = Job | Wanted
Answer = Taken | list[bytes]


async def do(tx: Transaction, parts: Parts, jobs: Sequence[Ask]) -> list[Answer]:
    """Take all reports, then give all leases; return what became of each, in the order of the jobs."""
    reports = [job for job in jobs if isinstance(job, Job)]
    taken = iter(await report_all(tx, parts, reports) if reports else ())
    given = [await lease(tx, parts, job) if isinstance(job, Wanted) else None for job in jobs]
    return [next(taken) if items is None else items for items in given]
