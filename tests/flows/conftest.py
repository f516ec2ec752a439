"""Systems for the stories: prepared once, copied for each test that may break one."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.flows.system import System
from tests.servers import NatsServer


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[System], None]:
    """Return what lays a prepared folder (keys, SQLite databases, default data) under a system."""
    template = tmp_path_factory.mktemp("seeded")

    def lay(system: System) -> None:
        if not (template / "var").exists():
            system.prepare()
            shutil.copytree(system.folder / "var", template / "var")
            return
        shutil.copytree(template / "var", system.folder / "var", dirs_exist_ok=True)
        system.yutian("streams", "apply")

    return lay


@pytest.fixture
async def a_system(
    tmp_path: Path, a_nats_server: Callable[..., NatsServer]
) -> AsyncIterator[Callable[..., System]]:
    """Make systems that end with the test: `a_system(database_url=..., stations=...)`."""
    made: list[System] = []

    def make(**how: object) -> System:
        made.append(System(tmp_path / "system", a_nats_server(), **how))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for system in made:
        await system.stop()
