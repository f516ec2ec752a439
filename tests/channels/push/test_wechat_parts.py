"""The parts of the WeChat adapter: error table, fields, events."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outcome import TargetState
from contracts.values import Action, Channel, Level, Mode
from sandbox.wechat_fields import objection
from services.channels.push.wechat import events, fields
from services.channels.push.wechat.codes import CODES, Act, meaning
from services.channels.render import render
from services.kit.errors import Invalid, Refused
from tests.channels.push.push_make import a_notice, a_request

FIELDS = "thing1=title,phrase2=level,time3=sent,time4=until,thing5=area,thing6=todo,thing7=sender"

DIGEST = {
    0: Act.DONE,
    -1: Act.AGAIN,
    40001: Act.TOKEN,
    40014: Act.TOKEN,
    42001: Act.TOKEN,
    40003: Act.GONE,
    43004: Act.GONE,
    43101: Act.GONE,
    40037: Act.MEND,
    40164: Act.MEND,
    48001: Act.MEND,
    48004: Act.MEND,
    45009: Act.QUOTA,
    45011: Act.SLOWER,
    45065: Act.DONE,
    47003: Act.OURS,
}


@pytest.mark.parametrize(("code", "act"), DIGEST.items())
def test_each_code_of_the_field_means_what_it_should(code: int, act: Act) -> None:
    assert meaning(code)[0] is act


def test_an_unknown_code_is_for_an_operator() -> None:
    assert meaning(123456) == (Act.MEND, "WeChat's code 123456 is unknown here")
    assert all(words for _, words in CODES.values())


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("mode", Mode)
def test_every_part_of_every_warning_fits_into_its_field(level: Level, action: Action, mode: Mode) -> None:
    request = a_request(Channel.WECHAT, action=action, mode=mode, revision=2, notice=a_notice(level=level))
    named = fields.read(FIELDS)
    data = fields.filled({name: render(Channel.WECHAT, part, request) for name, part in named.items()})
    document = {"touser": "x", "template_id": "y", "data": data}
    assert objection(list(named), document) is None
    assert ("演练" in data["thing1"]["value"]) is (mode is Mode.DRILL)
    assert ("解除" in data["thing1"]["value"]) is (action is Action.STOP)


@given(st.text(st.characters(codec="utf-8"), max_size=300), st.sampled_from(["thing1", "phrase12", "time3"]))
def test_a_fitted_field_is_one_line_and_short_enough(text: str, field: str) -> None:
    try:
        shown = fields.fitted(field, text)
    except Refused:
        assert not "".join(c if c.isprintable() else " " for c in text).strip()
        return
    assert 0 < len(shown) <= fields.LONGEST.get(field.rstrip("0123456789"), 200)
    assert shown.isprintable()


@pytest.mark.parametrize("setting", ["thing=title", "thing1=", "thing1", "1thing=x", "thing1=a b"])
def test_a_wrong_setting_of_fields_is_refused_with_the_mend(setting: str) -> None:
    with pytest.raises(Refused, match="fields") as refused:
        fields.read(setting)
    assert "thing1=title" in (refused.value.mend or "")


def signature(token: str, timestamp: str = "1780322700", nonce: str = "n0") -> str:
    return hashlib.sha1("".join(sorted((token, timestamp, nonce))).encode()).hexdigest()


def test_only_who_knows_the_token_is_believed() -> None:
    assert events.signed("token", signature("token"), "1780322700", "n0")
    assert not events.signed("token", signature("other"), "1780322700", "n0")
    assert not events.signed("token", signature("token"), "1780322701", "n0")
    assert not events.signed("", signature(""), "1780322700", "n0")
    assert not events.signed("token", "ü", "1780322700", "n0")


def event(status: str = "success", kind: str = "TEMPLATESENDJOBFINISH", msgid: str = "200163836") -> bytes:
    return (
        "<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>"
        "<FromUserName><![CDATA[oia2TjuEGTNoeX76QEjQNrcURxG8]]></FromUserName>"
        "<CreateTime>1395658920</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[{kind}]]></Event><MsgID>{msgid}</MsgID>"
        f"<Status><![CDATA[{status}]]></Status></xml>"
    ).encode()


def test_an_event_says_what_became_of_a_message() -> None:
    assert events.read(event()) == events.Finished("200163836", TargetState.RECEIVED, None)
    failed = events.read(event("failed:user block"))
    assert failed == events.Finished("200163836", TargetState.FAILED, "failed:user block")
    assert events.read(event("failed: system failed")).detail == "failed: system failed"  # type: ignore[union-attr]


def test_other_events_are_taken_and_not_used() -> None:
    assert events.read(event(kind="subscribe")) is None
    assert events.read(b"<xml><MsgType>text</MsgType><Content>hello</Content></xml>") is None


BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b"]><xml><MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>&b;</MsgID></xml>"
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<xml>",
        b"<html></html>",
        BOMB,
        b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>',
        b"<xml>" + b"<a>" * 40_000,
        b"x" * (events.MOST_BYTES + 1),
        event(status=""),
        event(msgid=""),
        event(msgid="9" * 65),
    ],
    ids=["empty", "json", "open", "html", "bomb", "dtd", "deep", "long", "no-status", "no-id", "long-id"],
)
def test_hostile_events_are_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        events.read(body)


def test_words_of_a_failure_are_short_and_plain() -> None:
    said = events.read(event("failed:" + "x" * 500 + "\n\t"))
    assert said is not None
    assert said.detail is not None
    assert len(said.detail) <= 80
    assert said.detail.isprintable()
