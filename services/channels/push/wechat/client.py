"""One call to WeChat: with the token, which is replaced once when it is refused; what its code means."""

from collections.abc import Mapping
from typing import Any

import orjson

from services.channels.push.adapter import Unset, Unwell
from services.channels.push.calling import Line
from services.channels.push.wechat.codes import Act, meaning
from services.channels.push.wechat.token import Token
from services.kit.errors import Problem, Reject, Retry

QUOTA_WAIT_S = 300.0
_SLOWER_S = 60.0


class Client:
    """Asks WeChat in the name of one account."""

    def __init__(self, line: Line, token: Token) -> None:
        self.line = line
        self.token = token

    async def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what WeChat answers; a token that it refuses is replaced once."""
        token = await self.token.get()
        said = await self._call(path, token, body)
        if told(said)[0] is Act.TOKEN:
            said = await self._call(path, await self.token.another(token), body)
        return said

    async def done(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what WeChat answers to what it has done; raise what its code means otherwise."""
        said = await self.ask(path, body)
        act, words = told(said)
        if act is not Act.DONE:
            raise trouble(act, words)
        return said

    async def _call(self, path: str, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"content-type": "application/json"}
        params = {"access_token": token}
        content = orjson.dumps(body)
        return (await self.line.ask("POST", path, params=params, headers=headers, content=content)).json()


def told(said: Mapping[str, Any]) -> tuple[Act, str]:
    """Return what the code in an answer means."""
    code = said.get("errcode")
    if not isinstance(code, int):
        return Act.AGAIN, "WeChat answered without a code"
    return meaning(code)


def trouble(act: Act, words: str) -> Problem:
    """Return the error that the engine understands."""
    match act:
        case Act.AGAIN:
            return Unwell(words)
        case Act.SLOWER:
            return Retry(words, after=_SLOWER_S)
        case Act.QUOTA:
            return Unset(words, after=QUOTA_WAIT_S)
        case Act.OURS:
            return Reject(words)
        case _:
            return Unset(words, after=30)
