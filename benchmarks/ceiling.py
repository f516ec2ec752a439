"""The ceiling of HTTP here: the same bodies served with no storage: `ceiling PORT FILE`."""

import sys
from pathlib import Path
from typing import Any

import orjson
import uvicorn

ANSWER = b'{"delivery_id":"","state":"done","late":false,"tally":{"received":1000},"rest":0}'


def app_of(body: bytes) -> Any:
    """Return an application that gives the same leases for ever, and parses reports and forgets them."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        sent, more = b"", True
        while more:
            message = await receive()
            sent, more = sent + message.get("body", b""), message.get("more_body", False)
        orjson.loads(sent)
        answer = body if scope["path"].endswith("/leases") else ANSWER
        length = str(len(answer)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app


if __name__ == "__main__":
    uvicorn.run(
        app_of(Path(sys.argv[2]).read_bytes()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        lifespan="off",
    )
