"""Gateways as lean as can be: raw HTTP/1.1 over kept connections, so that what is measured is the server."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

Say = Callable[[dict[str, Any], bytes], bytes]
"""Returns the report on an item, from the item and its recipients as they came."""


def in_full(_item: dict[str, Any], recipients: bytes) -> bytes:
    """Report every number by itself."""
    return b'{"results":' + recipients.replace(b'"]', b'","DELIVRD"]') + b"}"


def by_exception(item: dict[str, Any], _recipients: bytes) -> bytes:
    """Report one state for all, with one number in a hundred as an exception."""
    failed = [{"number": row[0], "state": "UNDELIV"} for row in item["recipients"][::100]]
    return orjson.dumps({"state": "DELIVRD", "exceptions": failed})


class Connection:
    """One kept connection to a server."""

    def __init__(self, port: int, key: str = "") -> None:
        self.port = port
        self._head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"

    async def __aenter__(self) -> "Connection":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Return status and body of the answer."""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answered = await self._reader.readuntil(b"\r\n\r\n")
        place = answered.lower().index(b"content-length:") + 15
        length = int(answered[place : answered.index(b"\r", place)])
        return int(answered[9:12]), await self._reader.readexactly(length)


@dataclass
class Pulled:
    """What pullers have seen."""

    recipients: int = 0
    batches: int = 0
    first_at: dict[int, float] = field(default_factory=dict)
    """When the first item of each priority was leased."""
    last_at: dict[int, float] = field(default_factory=dict)
    refused: int = 0


async def pull(port: int, gateway: str, key: str, say: Say, until: int, pulled: Pulled) -> None:
    """Lease and report over one connection until so many recipients are done by all."""
    async with Connection(port, key) as connection:
        while pulled.recipients < until:
            wanted = b'{"max_batches":4,"wait_s":1}'
            status, body = await connection.ask("POST", f"/api/v1/gateways/{gateway}/leases", wanted)
            if status != 200:
                pulled.refused += 1
                await asyncio.sleep(0.1)
                continue
            for item in orjson.loads(body)["data"]:
                _note(pulled, item)
                await _report(connection, gateway, item, body, say, pulled)


def _note(pulled: Pulled, item: dict[str, Any]) -> None:
    now, priority = time.perf_counter(), item["priority"]
    pulled.first_at.setdefault(priority, now)
    pulled.last_at[priority] = now


async def _report(
    connection: Connection, gateway: str, item: dict[str, Any], body: bytes, say: Say, pulled: Pulled
) -> None:
    begin = body.index(b'"recipients":', body.index(item["lease"].encode())) + 13
    recipients = body[begin : body.index(b"]]", begin) + 2]
    path = f"/api/v1/gateways/{gateway}/leases/{item['lease']}:report"
    status, _ = await connection.ask("POST", path, say(item, recipients))
    if status == 200:
        pulled.recipients += item["targets"]
        pulled.batches += 1
    else:
        pulled.refused += 1
