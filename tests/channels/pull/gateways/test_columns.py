"""Reports read at their places say exactly what JSON says, or are left to JSON."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.channels.pull.gateways.model import columns, receipts, said
from services.kit.errors import Invalid
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones

NUMBERS = st.from_regex(r"[0-9]{11}", fullmatch=True) | st.text(max_size=13)
STATES = st.sampled_from([*receipts.MEANINGS, "MA:0054", 'AB","CD', "OK"]) | st.text(min_size=7, max_size=7)
ROWS = st.lists(st.tuples(NUMBERS, STATES), max_size=8)


@given(rows=ROWS)
def test_columns_say_what_json_says(rows: list[tuple[str, str]]) -> None:
    body = orjson.dumps({"results": rows})
    found = said.read_columns(body)
    if found is None:
        return
    whole = said.read_report(orjson.loads(body))
    assert list(found.numbers) == list(whole.numbers)
    assert list(found.told) == list(whole.told)
    assert (found.results, found.rest, found.partial) == (whole.results, whole.rest, whole.partial)


@given(rows=st.lists(st.tuples(st.from_regex(r"1[0-9]{10}", fullmatch=True), STATES), min_size=1, max_size=8))
def test_what_is_plain_is_read_as_columns(rows: list[tuple[str, str]]) -> None:
    plain = all(receipts.meaning(state) and len(state) == 7 for _, state in rows)
    assert (said.read_columns(orjson.dumps({"results": rows})) is not None) == plain


@given(body=st.binary(max_size=80) | st.binary(max_size=60).map(lambda b: b'{"results":[' + b + b"]}"))
def test_no_body_is_read_as_columns_that_json_refuses(body: bytes) -> None:
    if said.read_columns(body) is None:
        return
    try:
        said.read_report(orjson.loads(body))
    except (orjson.JSONDecodeError, Invalid) as refused:  # pragma: no cover
        raise AssertionError(body) from refused


@given(rows=st.lists(st.lists(NUMBERS, min_size=1, max_size=2), max_size=8))
def test_a_batch_is_read_as_json_reads_it(rows: list[list[str]]) -> None:
    found = columns.of_batch(orjson.dumps(rows))
    assert found is None or [[number] for number in found] == rows


def test_too_many_results_are_left_to_json() -> None:
    assert said.read_columns(orjson.dumps({"results": [["13900230000", "DELIVRD"]] * 1001})) is None


async def test_a_number_that_stands_twice_has_the_better_of_its_results(house: GatewaysHouse) -> None:
    numbers = [*phones(60), *phones(1)]
    request = house.batch(numbers)
    await house.deliver(request)
    (item,) = await house.lease()
    twice = max(row[0] for row in item["recipients"] if numbers.count(row[0]) > 1)
    first = [row[0] for row in item["recipients"]].index(twice)
    told = [
        [row[0], "UNDELIV" if place == first else "DELIVRD"] for place, row in enumerate(item["recipients"])
    ]
    assert (await house.report(item, results=told)).status_code == 200
    assert await house.tally(request.delivery_id) == {"received": 61}
