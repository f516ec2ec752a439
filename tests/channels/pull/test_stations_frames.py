"""What is told to many at once is what each would be told alone."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from contracts.values import Level, Mode
from services.channels.pull.stations.model import Kind, Waiting, catch_up
from services.channels.pull.stations.stream.frames import Press, events
from tests.channels.pull.stations_make import NOON, ONE

PAYLOADS = {1: b'{"kind":"alert","text":":0,"}', 2: b'{"kind":"cancel"}'}
ALERT = Waiting(
    ONE, Mode.LIVE, 7, Kind.ALERT, uuid4(), 1, 1, Level.RED, "红", NOON + timedelta(hours=1), ended=False
)
CANCEL = replace(ALERT, sequence=8, kind=Kind.CANCEL, revision=2, notice_id=2)


@pytest.mark.parametrize(
    "news",
    [
        [ALERT],
        [replace(ALERT, sequence=123_456)],
        [CANCEL],
        [replace(ALERT, ended=True)],
        [replace(ALERT, expires=NOON)],
        [replace(CANCEL, ended=True, expires=NOON)],
        [ALERT, CANCEL],
    ],
)
def test_frames_that_share_a_payload_are_those_of_a_catch_up(news: list[Waiting]) -> None:
    press = Press(PAYLOADS, NOON)
    press.events([replace(ALERT, sequence=1)])
    assert press.events(news) == events(catch_up(news, NOON), PAYLOADS)
