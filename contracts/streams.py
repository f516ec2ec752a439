"""The streams and their subjects, as data. `yutian streams apply` makes them so; services only bind."""

from dataclasses import dataclass

from contracts.message import PREFIX

DAY_S = 86_400
KEPT_S = 30 * DAY_S
"""How long streams keep messages, and outboxes their published rows."""

DUPLICATES_S = 120
"""How long a stream remembers message ids; the inbox is the real guard."""


@dataclass(frozen=True)
class StreamSpec:
    """One JetStream stream: limits retention, discard new, never a message limit.

    `last_per_subject` streams keep one message for each subject for ever; `sources` are streams that
    JetStream itself copies from, which gives the total order of the ledger.
    """

    name: str
    subjects: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    max_age_s: int = KEPT_S
    last_per_subject: bool = False


STREAMS = (
    StreamSpec("WARNINGS", (f"{PREFIX}.*.warning.v1.>",)),
    StreamSpec(
        "DELIVERIES",
        (
            f"{PREFIX}.*.delivery.v1.requested.>",
            f"{PREFIX}.*.delivery.v1.withdrawn.>",
            f"{PREFIX}.*.delivery.v1.spared.>",
        ),
    ),
    StreamSpec(
        "REPORTS",
        (f"{PREFIX}.*.delivery.v1.reported.>", f"{PREFIX}.*.plan.v1.>", f"{PREFIX}.*.station.v1.>"),
    ),
    StreamSpec("PROPOSALS", (f"{PREFIX}.*.proposal.v1.>",)),
    StreamSpec("REGISTRY", (f"{PREFIX}.registry.v1.>",), max_age_s=0, last_per_subject=True),
    StreamSpec("FACTS", (f"{PREFIX}.*.fact.v1.>", f"{PREFIX}.*.difference.v1.>")),
    StreamSpec("DEAD", (f"{PREFIX}.*.letter.v1.>",)),
    StreamSpec(
        "LEDGER", sources=("WARNINGS", "DELIVERIES", "REPORTS", "PROPOSALS", "REGISTRY", "FACTS", "DEAD")
    ),
)

_HOMES = {
    "warning": "WARNINGS",
    "delivery.requested": "DELIVERIES",
    "delivery.withdrawn": "DELIVERIES",
    "delivery.spared": "DELIVERIES",
    "delivery.reported": "REPORTS",
    "plan": "REPORTS",
    "station": "REPORTS",
    "proposal": "PROPOSALS",
    "registry": "REGISTRY",
    "difference": "FACTS",
    "fact": "FACTS",
    "letter": "DEAD",
}


def stream_of(noun: str, verb: str) -> str:
    """Return the name of the stream that keeps a message."""
    return _HOMES.get(f"{noun}.{verb}") or _HOMES[noun]
