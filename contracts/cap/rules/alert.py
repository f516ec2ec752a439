"""Rules about a message as a whole: who, to whom, and what it refers to."""

import re
from collections.abc import Iterator

from contracts.cap.dates import Reference, moment_of, references_of
from contracts.cap.findings import Finding, found
from contracts.cap.model import CapAlert, CapInfo, MsgType, Scope, Status

_FORBIDDEN = re.compile(r"[\s,<&]")
_HAN = re.compile("[\u4e00-\u9fff]")
_SPOKEN = ("event", "headline", "description", "instruction")
_REFERRING = {MsgType.UPDATE, MsgType.CANCEL, MsgType.ACK, MsgType.ERROR}


def alert_findings(alert: CapAlert) -> Iterator[Finding]:
    """Yield what is wrong with the head of a message and with its parts taken together."""
    yield from _head(alert)
    yield from _audience(alert)
    yield from _note(alert)
    yield from _references(alert)
    yield from _infos(alert)


def _head(alert: CapAlert) -> Iterator[Finding]:
    for element, text in (("identifier", alert.identifier), ("sender", alert.sender)):
        if _FORBIDDEN.search(text):
            yield found("identifier-characters", f"alert/{element}", "it holds a space, a comma, < or &")
    if alert.sent.endswith("+00:00"):
        yield found("utc-form", "alert/sent", "it writes UTC as +00:00")
    if alert.status is Status.TEST and alert.scope == Scope.PUBLIC:
        yield found("test-public", "alert/status", "it is a public test: some receivers show it all the same")


def _audience(alert: CapAlert) -> Iterator[Finding]:
    restricted = alert.scope == Scope.RESTRICTED
    if alert.restriction and not restricted:
        yield found("restriction-scope", "alert/restriction", "the scope is not Restricted")
    if restricted and not alert.restriction:
        yield found("restriction-missing", "alert/restriction", "the scope is Restricted")
    if alert.scope == Scope.PRIVATE and not alert.addresses:
        yield found("addresses-missing", "alert/addresses", "the scope is Private")
    for element, text in (("addresses", alert.addresses), ("incidents", alert.incidents)):
        if text.count('"') % 2:
            yield found("quotes", f"alert/{element}", "a double quote is not closed")


def _note(alert: CapAlert) -> Iterator[Finding]:
    if alert.note:
        return
    if alert.status is Status.EXERCISE:
        yield found("note-missing", "alert/note", "an exercise has no note")
    if alert.msg_type is MsgType.ERROR:
        yield found("reason-missing", "alert/note", "an Error has no note")


def _references(alert: CapAlert) -> Iterator[Finding]:
    path = "alert/references"
    references = references_of(alert.references)
    if alert.msg_type in _REFERRING and not alert.references:
        yield found("references-missing", path, f"{alert.msg_type} refers to nothing")
    if len(references) != len(alert.references.split()):
        yield found("references-form", path, "it is not a list of sender,identifier,sent")
    for reference in references:
        yield from _reference(alert, reference, path)


def _reference(alert: CapAlert, reference: Reference, path: str) -> Iterator[Finding]:
    if reference.identifier == alert.identifier:
        yield found("reference-self", path, "it refers to itself")
    at, sent = moment_of(reference.sent), moment_of(alert.sent)
    if at is None:
        yield found("reference-date", path, "a sent in it is not a date as CAP writes it")
    elif sent is not None and at > sent:
        yield found("reference-later", path, "it refers to a message that was sent later")


def _infos(alert: CapAlert) -> Iterator[Finding]:
    if not alert.infos and alert.msg_type in {MsgType.ALERT, MsgType.UPDATE}:
        yield found("info-missing", "alert/info", f"an {alert.msg_type} has no info block")
    if not alert.infos and alert.msg_type is MsgType.CANCEL:
        yield found("info-advised", "alert/info", "a Cancel has no info block")
    for number, info in enumerate(alert.infos[1:], 2):
        if _subject(info) != _subject(alert.infos[0]):
            what = "its categories or event codes are not those of the first info"
            yield found("infos-differ", f"alert/info[{number}]", what)
    yield from _events(alert)
    yield from _repeated_texts(alert)
    yield from _chinese_in_english(alert)


def _subject(info: CapInfo) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    return frozenset(info.categories), frozenset((code.name, code.value) for code in info.event_codes)


def _events(alert: CapAlert) -> Iterator[Finding]:
    events: dict[str, str] = {}
    for number, info in enumerate(alert.infos, 1):
        if events.setdefault(info.language.lower(), info.event) != info.event:
            what = "an info block before it names another event in the same language"
            yield found("events-differ", f"alert/info[{number}]/event", what)


def _repeated_texts(alert: CapAlert) -> Iterator[Finding]:
    """Yield the texts that stand under two languages; one of the two tags is wrong.

    Chinese is written in two ways, so that `zh-CN` and `zh-TW` differ; `en-US` and `en-GB` do not.
    """
    languages: dict[tuple[str, str], str] = {}
    for number, info in enumerate(alert.infos, 1):
        for element in _SPOKEN:
            text = getattr(info, element)
            language = info.language.lower() if _HAN.search(text) else info.language.lower().split("-")[0]
            if text and languages.setdefault((element, text), language) != language:
                path = f"alert/info[{number}]/{element}"
                yield found("text-same", path, "the same text stands under another language")


def _chinese_in_english(alert: CapAlert) -> Iterator[Finding]:
    for number, info in enumerate(alert.infos, 1):
        if info.language.lower().split("-")[0] != "en":
            continue
        for element in _SPOKEN:
            if _HAN.search(getattr(info, element)):
                path = f"alert/info[{number}]/{element}"
                yield found("text-language", path, "it holds Chinese and is marked as English")
