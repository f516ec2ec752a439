"""The map's cells: an auditor draws on them what became of a warning, and sees nothing else."""

from pathlib import Path

from tests.registry.http_make import a_client, by
from tests.registry.registry_make import a_crypto, a_registry

MAP = "/api/v1/registry/map.geojson"


async def test_an_auditor_sees_where_places_lie_and_nothing_else(sqlite_url: str, tmp_path: Path) -> None:
    crypto = a_crypto(tmp_path)
    async with a_registry(sqlite_url) as db, a_client(db, crypto, tmp_path) as (client, _):
        found = await client.get(MAP, headers=by("sun"))
        assert (found.status_code, found.json()["type"]) == (200, "FeatureCollection")
        assert (await client.get("/api/v1/registry/version", headers=by("sun"))).status_code == 403
        assert (await client.get(MAP, headers=by("nobody"))).status_code == 403
