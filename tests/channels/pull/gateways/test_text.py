"""What an SMS says, and how long it is."""

import pytest

from contracts.text import MOST_SEGMENTS
from contracts.values import Action, Mode
from services.channels.pull.gateways.area import MOST_POINTS, few_points, gateway_of
from services.channels.pull.gateways.text import PLACE, render_sms
from services.kit.errors import Reject
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones

LINKS = "https://yt.example/c/"


def test_the_signature_comes_first_and_alone_in_its_brackets(a_house: GatewaysHouse) -> None:
    request = a_house.batch(phones(1), short="綦江区气象台【提示】雨很大。")
    words = render_sms(request, "public", LINKS)
    assert words.text == "【綦江区气象台】綦江区气象台〔提示〕雨很大。"
    assert words.segments == 1


@pytest.mark.parametrize(
    ("action", "mode", "mark"),
    [
        (Action.START, Mode.LIVE, None),
        (Action.REPLACE, Mode.LIVE, "更新"),
        (Action.STOP, Mode.LIVE, "解除"),
        (Action.START, Mode.DRILL, "演练"),
        (Action.STOP, Mode.DRILL, "演练"),
    ],
)
def test_first_update_lift_and_drill_can_be_told_apart(
    a_house: GatewaysHouse, action: Action, mode: Mode, mark: str | None
) -> None:
    text = render_sms(a_house.batch(phones(1), action=action, mode=mode), "public", LINKS).text
    assert text.startswith("【綦江区气象台】")
    assert mark is None or mark in text
    assert ("演练" in text) == (mode is Mode.DRILL)


def test_a_person_gets_the_place_of_his_link_at_the_end(a_house: GatewaysHouse) -> None:
    text = render_sms(a_house.batch(phones(1)), "person", LINKS).text
    assert text.endswith(f"{LINKS}{PLACE}")
    assert text.count(PLACE) == 1


def test_the_link_is_counted_as_long_as_it_will_be(a_house: GatewaysHouse) -> None:
    short = "雨" * 40
    plain = render_sms(a_house.batch(phones(1), short=short), "public", LINKS)
    person = [render_sms(a_house.batch(phones(1), short=short), "person", LINKS, "x" * n) for n in (1, 80)]
    assert (plain.segments, person[0].segments, person[1].segments) == (1, 2, 3)
    assert person[0].text == person[1].text


def test_a_long_text_loses_its_tail_before_it_loses_its_reader(a_house: GatewaysHouse) -> None:
    request = a_house.batch(phones(1), short="雨" * 250)
    assert "请立即到岗" not in render_sms(request, "duty", LINKS).text
    person = render_sms(request, "person", LINKS, "x" * 72)
    assert request.notice.text.headline in person.text
    assert person.text.endswith(PLACE)
    assert person.segments <= MOST_SEGMENTS


def test_a_text_of_more_than_four_segments_is_refused(a_house: GatewaysHouse) -> None:
    with pytest.raises(Reject, match="4 SMS segments"):
        render_sms(a_house.batch(phones(1), short="雨" * 300), "public", LINKS)


def test_a_text_cannot_bring_its_own_place_for_links(a_house: GatewaysHouse) -> None:
    assert PLACE not in render_sms(a_house.batch(phones(1), short="雨{1}"), "public", LINKS).text


def test_an_area_order_says_it_as_an_sms_does(a_house: GatewaysHouse) -> None:
    assert render_sms(a_house.order(), "public", LINKS).text.startswith("【綦江区气象台】")


def test_a_polygon_has_few_points_and_keeps_its_place() -> None:
    around = [(106.6 + i / 10_000, 29.0 + (i % 7) / 1_000) for i in range(500)]
    ring = ((106.6, 28.5), *around, (106.65, 28.5), (106.6, 28.5))
    few = few_points(ring)
    assert len(few) <= MOST_POINTS
    assert few[0] == few[-1]


@pytest.mark.parametrize("targets", [["cmcc"], ["cmcc:500110001000", "cucc:500110001000"]])
def test_an_area_order_is_for_one_gateway_and_its_towns(targets: list[str]) -> None:
    with pytest.raises(Reject):
        gateway_of(targets)
