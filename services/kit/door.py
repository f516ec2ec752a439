"""Connections as they come in: whose certificate they show, and how long a silent one is waited for."""

import asyncio
import contextlib
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.kit.tls import SCOPE, ClientCertificate, certificate_of

PATIENCE_S = 30.0
"""So long may the head of a request take, and each step of its body: who vanished keeps no place."""

STRAIGHT = "yutian.straight"
"""Where the scope holds how a part of a streamed answer is written without an await, if it can be."""

UNHEARD_MS = 60_000
"""So long what was written may stay unacknowledged: a peer that lost its power says no good-bye."""


class DoorProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it; it ends what is half open, and tells of a client's certificate."""

    patience_s = PATIENCE_S
    certificate: ClientCertificate | None = None
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the certificate that the handshake has verified, and wait for a request."""
        super().connection_made(transport)
        self.certificate = certificate_of(transport.get_extra_info("ssl_object"))
        _bound(transport.get_extra_info("socket"))
        self._wait()

    def on_message_begin(self) -> None:
        """Put the certificate into the scope, where no header can forge it."""
        super().on_message_begin()
        self.scope[STRAIGHT] = self.write_straight  # type: ignore[literal-required]
        if self.certificate is not None:
            self.scope[SCOPE] = self.certificate  # type: ignore[literal-required]
        self._wait()

    def on_headers_complete(self) -> None:
        """Wait for the body."""
        super().on_headers_complete()
        self._wait()

    def on_body(self, body: bytes) -> None:
        """Wait for more of the body."""
        super().on_body(body)
        self._wait()

    def on_message_complete(self) -> None:
        """Wait no more: the request is here, and its answer may take its time."""
        super().on_message_complete()
        self._wait_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def write_straight(self, chunk: bytes) -> bool:
        """Write a part of a chunked answer at once; return False when it must be sent with an await."""
        cycle = self.cycle
        if self.flow.write_paused or cycle.disconnected or cycle.response_complete:
            return False
        if not (cycle.response_started and cycle.chunked_encoding):
            return False
        self.transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        return True

    def _wait(self) -> None:
        self._wait_no_more()
        self._waiting = self.loop.call_later(self.patience_s, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        if self.flow.read_paused:
            self._wait()  # it is us who do not read
        else:
            self.transport.close()


def _bound(ours: Any) -> None:
    """Let the kernel end a connection whose peer acknowledges nothing; where it cannot, it takes longer."""
    if ours is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        with contextlib.suppress(OSError):
            ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)
