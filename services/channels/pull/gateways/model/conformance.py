"""What a gateway shows in a conformance run: one check for each part of the contract."""

from collections.abc import Mapping

from contracts.outcome import TargetState
from services.channels.pull.gateways.model import results
from services.channels.pull.gateways.model.said import Report
from services.channels.pull.gateways.model.work import State, Work

CHECKS: Mapping[str, str] = {
    "full": "Report every number of the batch in `results`.",
    "exceptions": "Report `state` for the batch, and one number at least as an exception.",
    "partial": "Report a part with `partial`, lease the rest again, and report it.",
    "extended": "Extend the lease before it runs out, then report.",
    "receipts": "Report ACCEPTD, then send a receipt DELIVRD for every number.",
    "repeated": "Send the report twice, as after a lost answer.",
    "counts": "Carry out the area order and report how many phones: delivered, failed, phones.",
    "halted": "Watch the halts: this one is cancelled as soon as it is leased. Send nothing of it.",
}
"""The checks in the order in which they are shown, and what a gateway does to pass each."""


def passed(check: str, before: Work, after: Work, said: Report, *, again: bool, late: bool) -> bool:
    """Tell whether a report shows what the check asks for."""
    done = after.state is State.DONE
    match check:
        case "full":
            return done and said.results == after.size and not late
        case "exceptions":
            return done and said.rest is not None and bool(said.numbers) and not said.results
        case "partial":
            return done and before.queued < before.size
        case "repeated":
            return again and after.results == before.results
        case "counts":
            return done and said.counts is not None
    return False


def received(work: Work) -> bool:
    """Tell whether receipts have come for every number."""
    return results.count(work.results, TargetState.RECEIVED) == work.size
