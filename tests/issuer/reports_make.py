"""Plans and reports as the issuer hears them, and who listens."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.delivery import DeliveryReported, PlanMade, PlannedDelivery, delivery_id_of
from contracts.outcome import Outcome, TargetState
from contracts.values import Channel, Lane, Mode
from services.issuer import actions
from services.issuer.consumers import subscriptions_of
from services.issuer.model import WeatherWarning
from services.issuer.model.progress import Photograph
from tests.issuer.issuer_make import NOW, Office

State = TargetState
STATIONS = ("500110110201", "500110110202", "500110111201", "500110111202")


class Ear:
    """Keeps who changed."""

    def __init__(self) -> None:
        self.heard: list[UUID] = []

    def changed(self, warning_id: UUID) -> None:
        """Keep one."""
        self.heard.append(warning_id)


def station_id(warning: WeatherWarning) -> UUID:
    return delivery_id_of(warning.warning_id, 1, Channel.STATION, "0")


def sms_id(warning: WeatherWarning) -> UUID:
    return delivery_id_of(warning.warning_id, 1, Channel.SMS, "0")


def a_plan(warning: WeatherWarning, **changes: Any) -> PlanMade:
    assert warning.manifest is not None
    fields: dict[str, Any] = {
        "mode": Mode.LIVE,
        "lane": Lane.URGENT,
        "warning_id": warning.warning_id,
        "revision": 1,
        "at": NOW + timedelta(seconds=1),
        "manifest": warning.manifest,
        "deliveries": (
            PlannedDelivery(delivery_id=station_id(warning), channel=Channel.STATION, size=4),
            PlannedDelivery(delivery_id=sms_id(warning), channel=Channel.SMS, size=2),
        ),
    }
    return PlanMade(**{**fields, **changes})


def a_report(
    warning: WeatherWarning,
    report: int,
    tally: dict[TargetState, int],
    outcomes: Sequence[Outcome] = (),
    channel: Channel = Channel.STATION,
    at: datetime | None = None,
) -> DeliveryReported:
    return DeliveryReported(
        mode=Mode.LIVE,
        lane=Lane.URGENT,
        warning_id=warning.warning_id,
        revision=1,
        channel=channel,
        at=at or NOW + timedelta(seconds=report),
        delivery_id=station_id(warning) if channel is Channel.STATION else sms_id(warning),
        report=report,
        tally=tally,
        outcomes=tuple(outcomes),
    )


def happened(target: str, state: TargetState, seconds: float, by: str | None = None) -> Outcome:
    return Outcome(target=target, state=state, at=NOW + timedelta(seconds=seconds), by=by)


async def hear(office: Office, *messages: Any, ear: Ear | None = None) -> None:
    handle = subscriptions_of(ear or Ear())[0].handle
    for message in messages:
        async with office.db.transaction() as tx:
            await handle(tx, message)


async def photo(office: Office, warning: WeatherWarning) -> Photograph:
    return await actions.photograph(office.db, warning.warning_id)


def story(warning: WeatherWarning) -> list[Any]:
    """Return a plan and three photographs of the stations' delivery."""
    one, two, three, four = STATIONS
    return [
        a_plan(warning),
        a_report(warning, 1, {State.QUEUED: 4}),
        a_report(
            warning,
            2,
            {State.QUEUED: 2, State.RECEIVED: 2},
            [happened(one, State.RECEIVED, 2), happened(two, State.RECEIVED, 3)],
        ),
        a_report(
            warning,
            3,
            {State.RECEIVED: 2, State.CONFIRMED: 1, State.FAILED: 1},
            [
                happened(three, State.RECEIVED, 4),
                happened(one, State.CONFIRMED, 9, by="刘村长"),
                happened(four, State.FAILED, 9),
            ],
        ),
    ]
