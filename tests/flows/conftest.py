"""Systems for the stories: prepared once, copied for each test that may break one."""

import fcntl
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.flows.system import System
from tests.servers import NatsServer


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[System], Awaitable[None]]:
    """Return what lays a prepared folder under a system: keys, SQLite databases, default data.

    The folder has been booted once, so that every house has its copy of the registry; all workers share it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    async def lay(system: System) -> None:
        with (shared / "seeded.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / "seeded").exists():
                system.prepare()
                await system.start_in_one()
                await system.settle()
                system.processes.pop("all").kill(signal.SIGTERM)
                shutil.copytree(system.folder / "var", shared / "seeded.draft")
                (shared / "seeded.draft").rename(shared / "seeded")
                return
        shutil.copytree(shared / "seeded", system.folder / "var", dirs_exist_ok=True)
        await system.apply_streams()

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
