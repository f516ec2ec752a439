"""What lies in the database, and what does not."""

from pathlib import Path

from services.channels.pull.gateways.store import batches
from services.channels.pull.gateways.store.tables import BATCHES
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones


async def test_a_phone_is_found_by_the_first_hash_of_its_batch(house: GatewaysHouse) -> None:
    request = house.batch(phones(3))
    await house.deliver(request)
    async with house.db.transaction() as tx:
        body = (await batches.bodies(tx, [request.delivery_id]))[request.delivery_id]
        (row,) = (await tx.execute(BATCHES.select())).mappings()
    assert row["first_hash"] == body.name(0)
    assert [body.name(place) for place in range(3)] == sorted(
        house.parts.crypto.keyed_hash(n).hex() for n in phones(3)
    )


async def test_no_number_lies_in_the_database_in_clear(a_house: GatewaysHouse) -> None:
    await a_house.deliver(a_house.batch(phones(50)))
    for item in await a_house.lease():
        await a_house.report(item, state="ACCEPTD", exceptions=[{"number": phones(1)[0], "state": "UNDELIV"}])
    async with a_house.db.read() as connection:
        path = (await connection.exec_driver_sql("PRAGMA database_list")).all()[0][2]
    written = b"".join(Path(f"{path}{end}").read_bytes() for end in ("", "-wal"))
    assert b"cmcc" in written
    assert not [n for n in phones(50) if n.encode() in written]
