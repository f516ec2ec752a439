"""Mass messages of the WeChat server: four a month, each once by its id, confirmed by an administrator."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.wechat_token import WechatError, day_of

_A_MONTH = 4


@dataclass
class Massed:
    """A mass message that the server took."""

    msg_id: int
    text: str
    tag: int | None
    at: datetime


@dataclass
class MassSends:
    """All mass messages of an account."""

    confirms: bool = True
    """Whether an administrator confirms in time."""
    sent: dict[str, Massed] = field(default_factory=dict)
    previews: list[tuple[str, str]] = field(default_factory=list)

    def take(self, document: dict[str, Any], now: datetime) -> Massed:
        """Take a mass message, or say what is wrong with it."""
        text, meant = _text(document), document.get("filter")
        name = document.get("clientmsgid")
        if not isinstance(meant, dict) or not isinstance(name, str) or not 0 < len(name) <= 64:
            raise WechatError(47001)
        if not meant.get("is_to_all") and not isinstance(meant.get("tag_id"), int):
            raise WechatError(40050)
        if name in self.sent:
            raise WechatError(45065)
        month = day_of(now)[:7]
        if sum(day_of(one.at)[:7] == month for one in self.sent.values()) >= _A_MONTH:
            raise WechatError(45028)
        tag = None if meant.get("is_to_all") else meant["tag_id"]
        self.sent[name] = Massed(3_000_000_000 + len(self.sent) + 1, text, tag, now)
        return self.sent[name]

    def show(self, document: dict[str, Any]) -> dict[str, Any]:
        """Show a message to one follower."""
        self.previews.append((str(document.get("touser")), _text(document)))
        return {"errcode": 0, "errmsg": "preview success"}


def _text(document: dict[str, Any]) -> str:
    content = document.get("text")
    text = content.get("content") if isinstance(content, dict) else None
    if document.get("msgtype") != "text" or not isinstance(text, str):
        raise WechatError(47001)
    if not text.strip():
        raise WechatError(44004)
    if len(text.encode()) > 2048:
        raise WechatError(45002)
    return text


def finished(account: str, massed: Massed, followers: int, *, confirmed: bool) -> str:
    """Return the event that says what became of a mass message."""
    status, reached = ("send success", followers) if confirmed else ("err(20001)", 0)
    return (
        f"<xml><ToUserName><![CDATA[{account}]]></ToUserName><FromUserName><![CDATA[mphelper]]></FromUserName>"
        f"<CreateTime>{int(massed.at.timestamp())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>{massed.msg_id}</MsgID>"
        f"<Status><![CDATA[{status}]]></Status><TotalCount>{followers}</TotalCount>"
        f"<FilterCount>{followers}</FilterCount><SentCount>{reached}</SentCount>"
        f"<ErrorCount>{followers - reached}</ErrorCount></xml>"
    )
