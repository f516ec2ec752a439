"""Taking a figure and printing it as a ratio to its floor."""

import asyncio
import socket
import statistics
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 5


def seconds(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Return the median time of some rounds, after one to warm up."""
    work()
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def ratio(name: str, value: float, floor: float, goal: float) -> None:
    """Print a time beside its floor; less is better."""
    met = "met" if value / floor <= goal else "missed"
    print(f"{name:44} {value * 1000:10.1f} ms   {value / floor:8.2f} x floor   goal <= {goal:g}: {met}")


def rate(name: str, count: int, taken: float, goal: float) -> None:
    """Print how many a second; more is better."""
    met = "met" if count / taken >= goal else "missed"
    print(f"{name:44} {count / taken:10,.0f} /s   goal >= {goal:,.0f}: {met}")


def at_most(name: str, value: float, unit: str, goal: float) -> None:
    """Print a figure that is to stay below its goal."""
    places = 1 if goal >= 1 else 3
    met = "met" if value <= goal else "missed"
    print(f"{name:44} {value:10,.{places}f} {unit}   goal <= {goal:g}: {met}")


def plain(name: str, value: float, unit: str) -> None:
    """Print a figure that has no goal."""
    print(f"{name:44} {value:10,.1f} {unit}")


def at_least(name: str, value: float, goal: float) -> None:
    """Print a share that is to reach its goal."""
    print(f"{name:44} {value:10.3f}   goal >= {goal:g}: {'met' if value >= goal else 'missed'}")


def free_port() -> int:
    """Return a TCP port of this computer that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int, within: float = 30) -> None:
    """Wait until somebody listens on a port."""
    async with asyncio.timeout(within):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
