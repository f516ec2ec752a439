"""Rules about one info block and its resources."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from contracts.cap.dates import moment_of
from contracts.cap.findings import Finding, found
from contracts.cap.model import CapAlert, CapInfo, CapResource, MsgType

_LONG_HEADLINE, _TOO_LONG_HEADLINE = 140, 160
_LEVELS = ("urgency", "severity", "certainty")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_MEDIA_TYPE = re.compile(
    r"(application|audio|font|image|message|model|multipart|text|video)/[\w.+-]+(;.*)?",
    re.ASCII | re.IGNORECASE,
)


def info_findings(alert: CapAlert, info: CapInfo, path: str) -> Iterator[Finding]:
    """Yield what is wrong with one info block, its areas left aside."""
    yield from _words(info, path)
    yield from _times(alert, info, path)
    yield from _named_values(info, path)
    if not info.areas and alert.msg_type in {MsgType.ALERT, MsgType.UPDATE}:
        yield found("area-missing", f"{path}/area", "it names no area")
    for number, resource in enumerate(info.resources, 1):
        yield from _resource(resource, f"{path}/resource[{number}]")


def _words(info: CapInfo, path: str) -> Iterator[Finding]:
    if not info.language:
        yield found("language-missing", f"{path}/language", "it names no language")
    for element in _LEVELS:
        if getattr(info, element) == "Unknown":
            yield found("level-unknown", f"{path}/{element}", "it says Unknown")
    if len(info.headline) > _TOO_LONG_HEADLINE:
        yield found("headline-too-long", f"{path}/headline", f"it has {len(info.headline)} characters")
    elif len(info.headline) > _LONG_HEADLINE:
        yield found("headline-long", f"{path}/headline", f"it has {len(info.headline)} characters")
    if not info.description:
        yield found("description-missing", f"{path}/description", "it describes nothing")
    for element, text, other in (
        ("description", info.description, info.headline),
        ("instruction", info.instruction, info.description),
    ):
        if text and text == other:
            yield found("texts-alike", f"{path}/{element}", "it repeats the text before it")
    if info.web and not _is_full_uri(info.web):
        yield found("uri-form", f"{path}/web", "it is not a full address")


def _times(alert: CapAlert, info: CapInfo, path: str) -> Iterator[Finding]:
    for element in ("effective", "onset", "expires"):
        if getattr(info, element).endswith("+00:00"):
            yield found("utc-form", f"{path}/{element}", "it writes UTC as +00:00")
    if not info.expires:
        yield found("expires-missing", f"{path}/expires", "it never expires")
        return
    expires, onset = moment_of(info.expires), moment_of(info.onset)
    effective = moment_of(info.effective or alert.sent)
    if expires and effective and effective >= expires:
        yield found("expires-early", f"{path}/expires", "it expires before it takes effect")
    if expires and onset and onset >= expires:
        yield found("onset-late", f"{path}/onset", "the onset is not before the expiry")


def _named_values(info: CapInfo, path: str) -> Iterator[Finding]:
    for element, values in (("eventCode", info.event_codes), ("parameter", info.parameters)):
        for number, value in enumerate(values, 1):
            if not value.name:
                yield found("value-name", f"{path}/{element}[{number}]", "its value has no name")


def _resource(resource: CapResource, path: str) -> Iterator[Finding]:
    if resource.mime_type and not _MEDIA_TYPE.fullmatch(resource.mime_type):
        yield found("mime-form", f"{path}/mimeType", "it is not a media type")
    if resource.size is not None and resource.size < 0:
        yield found("size-negative", f"{path}/size", "it is below zero")
    if resource.uri and not resource.deref_uri and not _is_full_uri(resource.uri):
        yield found("uri-form", f"{path}/uri", "it is not a full address")
    if resource.digest and not _SHA1.fullmatch(resource.digest):
        yield found("digest-form", f"{path}/digest", "it is not a SHA-1")
    if resource.deref_uri:
        yield from _content(resource, path)


def _content(resource: CapResource, path: str) -> Iterator[Finding]:
    try:
        content = base64.b64decode("".join(resource.deref_uri.split()), validate=True)
    except (binascii.Error, ValueError):
        yield found("content-form", f"{path}/derefUri", "it is not base64")
        return
    actual = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    if _SHA1.fullmatch(resource.digest) and resource.digest.lower() != actual:
        yield found("digest-wrong", f"{path}/digest", "it is not the digest of the file in derefUri")


def _is_full_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and not re.search(r"\s", text)
