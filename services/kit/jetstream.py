"""Apply the streams of `contracts.streams` to a server; the command does this, services only bind."""

from collections.abc import Sequence

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamSource
from nats.js.errors import APIError, NotFoundError

from contracts.streams import DUPLICATES_S, STREAMS, StreamSpec
from services.kit.errors import Refused


async def apply(
    jetstream: JetStreamContext, replicas: int, specs: Sequence[StreamSpec] = STREAMS
) -> list[tuple[str, str]]:
    """Make the streams as they are described; return (name, created | changed | unchanged) for each."""
    return [(spec.name, await _apply_one(jetstream, spec, replicas)) for spec in specs]


async def _apply_one(jetstream: JetStreamContext, spec: StreamSpec, replicas: int) -> str:
    wanted = config(spec, replicas)
    try:
        present = (await jetstream.stream_info(spec.name)).config
    except NotFoundError:
        await jetstream.add_stream(wanted)
        return "created"
    if all(getattr(present, name) == getattr(wanted, name) for name in _COMPARED):
        return "unchanged"
    try:
        await jetstream.update_stream(wanted)
    except APIError as error:
        raise Refused(f"stream {spec.name} cannot be changed: {error.description}") from error
    return "changed"


_COMPARED = ("subjects", "max_age", "max_msgs_per_subject", "discard", "num_replicas", "duplicate_window")


def config(spec: StreamSpec, replicas: int) -> StreamConfig:
    """Return the JetStream configuration of a stream. Nothing is ever dropped to make room."""
    return StreamConfig(
        name=spec.name,
        subjects=list(spec.subjects) or None,
        sources=[StreamSource(name=name) for name in spec.sources] or None,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW if not spec.last_per_subject else DiscardPolicy.OLD,
        storage=StorageType.FILE,
        max_age=spec.max_age_s,
        max_msgs=-1,
        max_bytes=-1,
        max_msgs_per_subject=1 if spec.last_per_subject else -1,
        num_replicas=replicas,
        duplicate_window=DUPLICATES_S,
        allow_direct=True,
    )
