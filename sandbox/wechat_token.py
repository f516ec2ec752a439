"""Stable access tokens as the WeChat server gives and checks them, and the errcodes it knows."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

_ERRORS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40037: "invalid template_id",
    40125: "invalid appsecret",
    41001: "access_token missing",
    42001: "access_token expired",
    43004: "require subscribe",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    40050: "invalid tagid",
    44004: "empty content",
    45002: "content size out of limit",
    45028: "has no masssend quota",
    45065: "clientmsgid exist",
    48006: "forbid to clear quota because of reaching the limit",
    47001: "data format error",
    47003: "argument invalid!",
}


class WechatError(Exception):
    """An errcode, with what WeChat says of it."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.answer = {"errcode": code, "errmsg": f"{_ERRORS.get(code, 'error')} {detail}".strip()}


@dataclass
class Token:
    """An access token and its end."""

    text: str
    until: datetime
    killed: bool = False


@dataclass
class Tokens:
    """The tokens of one account."""

    appid: str
    secret: str
    life_s: float = 7200
    renewed_before_s: float = 300
    """In the last minutes of a token a new one is given, and both are valid."""
    forced_apart_s: float = 30
    forced_a_day: int = 20
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    issued: list[Token] = field(default_factory=list)
    forced: list[datetime] = field(default_factory=list)

    def issue(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the token in force, or a new one near its end or when forced."""
        if document.get("grant_type") != "client_credential":
            raise WechatError(40002)
        if document.get("appid") != self.appid:
            raise WechatError(40013)
        if document.get("secret") != self.secret:
            raise WechatError(40125)
        now = self.now()
        if document.get("force_refresh") is True:
            self._force(now)
        current = self.issued[-1] if self.issued else None
        if (
            current is None
            or current.killed
            or current.until - now <= timedelta(seconds=self.renewed_before_s)
        ):
            until = now + timedelta(seconds=self.life_s)
            current = Token(f"{len(self.issued)}_{secrets.token_urlsafe(96)}", until)
            self.issued.append(current)
        return {"access_token": current.text, "expires_in": int((current.until - now).total_seconds())}

    def check(self, text: str | None) -> None:
        """Raise WechatError unless the token is one of ours, alive and in time."""
        if not text:
            raise WechatError(41001)
        token = next((token for token in self.issued if token.text == text), None)
        if token is None or token.killed:
            raise WechatError(40001)
        if self.now() >= token.until:
            raise WechatError(42001)

    def _force(self, now: datetime) -> None:
        today = [at for at in self.forced if day_of(at) == day_of(now)]
        if len(today) >= self.forced_a_day:
            raise WechatError(45009)
        if today and now - today[-1] < timedelta(seconds=self.forced_apart_s):
            raise WechatError(45011)
        self.forced.append(now)
        for token in self.issued:
            token.killed = True


def day_of(at: datetime) -> str:
    """Return the Beijing day that quotas are counted in."""
    return (at + timedelta(hours=8)).date().isoformat()
