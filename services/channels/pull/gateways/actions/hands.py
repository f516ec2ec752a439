"""What gateways hand in and take away: requests that come at once share a transaction."""

from collections.abc import Sequence

from services.channels.pull.gateways.actions.lease import Wanted, lease_all
from services.channels.pull.gateways.actions.report import Job, Taken, report_all
from services.channels.pull.gateways.parts import Parts
from services.kit.db import Transaction

Ask = Job | Wanted
Answer = Taken | list[bytes]


async def do(tx: Transaction, parts: Parts, jobs: Sequence[Ask]) -> list[Answer]:
    """Take all reports, then give all leases; return what became of each, in the order of the jobs."""
    reports = [job for job in jobs if isinstance(job, Job)]
    wishes = [job for job in jobs if isinstance(job, Wanted)]
    taken = iter(await report_all(tx, parts, reports) if reports else ())
    items = iter(await lease_all(tx, parts, wishes) if wishes else ())
    return [next(taken) if isinstance(job, Job) else next(items) for job in jobs]
