"""Every message has a sample that must parse for ever, a subject of the documented shape, and one stream."""

import json
import re
from pathlib import Path

import pytest

from contracts import MESSAGES, message_class
from contracts.cap import check, read
from contracts.delivery import DeliveryReported, DeliveryRequested, PlanMade
from contracts.message import LanedMessage, Message, filter_subject
from contracts.streams import STREAMS, stream_of
from contracts.values import Lane, Mode
from contracts.warning import WarningPublished

SAMPLES = Path(__file__).resolve().parents[2] / "contracts" / "samples"
LANED = re.compile(r"yutian\.(live|drill)\.[a-z]+\.v\d+\.[a-z]+(\.[a-z0-9-]+)?\.(urgent|routine)")
REGISTRY = re.compile(r"yutian\.registry\.v\d+\.changed\.(district|\d{9}|\d{12})(-\d+)?")


def _sample(stem: str) -> Message:
    return MESSAGES[stem].from_bytes((SAMPLES / f"{stem}.json").read_bytes())


def _matches(pattern: str, subject: str) -> bool:
    """Match as NATS does: `*` is one token, a last `>` is one token or more."""
    wanted, given = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted = wanted[:-1]
        if len(given) <= len(wanted):
            return False
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(
        want in ("*", got) for want, got in zip(wanted, given, strict=True)
    )


def test_every_message_has_a_sample_and_every_sample_a_message() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == MESSAGES.keys()


@pytest.mark.parametrize("stem", MESSAGES)
def test_a_sample_keeps_every_field_when_it_is_dumped_again(stem: str) -> None:
    text = (SAMPLES / f"{stem}.json").read_text("utf-8")
    assert json.loads(_sample(stem).to_bytes()) == json.loads(text)


@pytest.mark.parametrize("stem", MESSAGES)
def test_a_message_is_frozen_and_equal_to_its_copy_on_the_wire(stem: str) -> None:
    message = _sample(stem)
    assert MESSAGES[stem].from_bytes(message.to_bytes()) == message
    with pytest.raises(ValueError, match="frozen"):
        setattr(message, next(iter(MESSAGES[stem].model_fields)), None)


@pytest.mark.parametrize("stem", MESSAGES)
def test_a_subject_has_the_documented_shape_and_finds_its_class(stem: str) -> None:
    message = _sample(stem)
    shape = LANED if isinstance(message, LanedMessage) else REGISTRY
    assert shape.fullmatch(message.subject)
    assert stem in message.subject
    assert message_class(message.subject) is type(message)


@pytest.mark.parametrize("stem", MESSAGES)
def test_a_subject_belongs_to_exactly_one_stream(stem: str) -> None:
    message = _sample(stem)
    homes = [
        stream.name
        for stream in STREAMS
        if any(_matches(pattern, message.subject) for pattern in stream.subjects)
    ]
    assert homes == [stream_of(message.noun, message.verb)]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("stem", [stem for stem, kind in MESSAGES.items() if issubclass(kind, LanedMessage)])
def test_each_mode_and_lane_has_subjects_and_filters_of_its_own(stem: str, mode: Mode, lane: Lane) -> None:
    message = _sample(stem).model_copy(update={"mode": mode, "lane": lane})
    hearing = [
        (other_mode, other_lane)
        for other_mode in Mode
        for other_lane in Lane
        if _matches(filter_subject(type(message), other_mode, other_lane, message.key), message.subject)
    ]
    assert hearing == [(mode, lane)]


def test_the_ledger_takes_from_every_stream_that_takes_subjects() -> None:
    ledger = next(stream for stream in STREAMS if stream.name == "LEDGER")
    assert set(ledger.sources) == {stream.name for stream in STREAMS if stream.subjects}
    assert ledger.subjects == ()


@pytest.mark.parametrize(
    "subject", ["", "yutian", "yutian.live.nothing.v1.said.urgent", "yutian.registry.v1", "a.b.c"]
)
def test_a_subject_of_no_message_is_an_unknown_key(subject: str) -> None:
    with pytest.raises(KeyError):
        message_class(subject)


def test_an_unknown_field_of_a_later_minor_change_is_ignored() -> None:
    later = {**json.loads(_sample("warning.v1.expired").to_bytes()), "weather": "rain"}
    assert MESSAGES["warning.v1.expired"].from_bytes(json.dumps(later).encode()) == _sample(
        "warning.v1.expired"
    )


@pytest.mark.parametrize(
    "stem", [stem for stem, kind in MESSAGES.items() if issubclass(kind, WarningPublished)]
)
def test_the_cap_of_a_sample_breaks_no_rule_and_says_what_the_notice_says(stem: str) -> None:
    message = _sample(stem)
    assert isinstance(message, WarningPublished)
    reading = read(message.cap_xml.encode())
    assert reading.signed
    assert (reading.oddities, check(reading.alert)) == ((), ())
    assert reading.alert.identifier == message.notice.identifier
    assert reading.alert.references == message.notice.references


def test_the_samples_tell_of_one_warning_that_adds_up() -> None:
    plan, requested = _sample("plan.v1.made"), _sample("delivery.v1.requested")
    reported, updated = _sample("delivery.v1.reported"), _sample("warning.v1.updated")
    assert isinstance(plan, PlanMade)
    assert isinstance(requested, DeliveryRequested)
    assert isinstance(reported, DeliveryReported)
    assert isinstance(updated, WarningPublished)
    sizes = {delivery.delivery_id: delivery.size for delivery in plan.deliveries}
    assert sum(sizes.values()) == plan.manifest.count
    assert sizes[requested.delivery_id] == requested.size
    assert sizes[reported.delivery_id] == reported.size
    assert plan.manifest.sha256 == requested.manifest_sha256 == updated.manifest_sha256
