"""What is put into the folder: a zip with one file of the national profile, the same bytes again. Pure."""

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime

from contracts import cap
from contracts.delivery import DeliveryRequested
from services.kit.errors import Refused, Reject

_READABLE = 0o644 << 16
_FIRST_YEAR = (1980, 1, 1, 0, 0, 0)
"""Nothing in a zip changes with the hour at which it is made."""


@dataclass(frozen=True)
class Parcel:
    """A file for the platform above us."""

    stem: str
    """Its name without an ending: `<identifier>_<event>_<COLOUR>_<msgType>`."""
    content: bytes
    """The zip."""


def parcel(request: DeliveryRequested) -> Parcel:
    """Return a warning as the platform takes it; raise Refused or Reject when there is none to be made."""
    text = request.notice.text
    if not (_visible(text.short) and _visible(text.headline)):
        raise Refused("the text is empty", mend="write the text first")
    return _packed(_alert(request), text.short)


def void(request: DeliveryRequested, words: str, entered: datetime) -> Parcel:
    """Return the message that takes a warning back which was halted: a cancel that says it is no all-clear.

    Its identifier follows from the second at which it was entered: no two may have the same.
    """
    alert = _alert(request)
    before = cap.references_of(alert.references)
    named = " ".join(map(str, (*before, cap.reference(alert.sender, alert.identifier, alert.sent))))
    sent = cap.cap_time(entered)
    second = "".join(c for c in sent.partition("+")[0] if c.isdigit())
    changes = {"identifier": f"{alert.sender}_{second}_9", "sent": sent, "references": named}
    infos = tuple(info.model_copy(update={"headline": words, "description": words}) for info in alert.infos)
    cancel = {"msg_type": cap.MsgType.CANCEL, "note": words, "infos": infos}
    return _packed(alert.model_copy(update=changes | cancel), words)


def _alert(request: DeliveryRequested) -> cap.CapAlert:
    if request.cap_xml is None:
        raise Reject("the request carries no CAP document")
    try:
        return cap.read(request.cap_xml.encode()).alert
    except cap.CapRefused as refused:
        raise Reject(f"the CAP document cannot be sent on: {refused.why}") from None


def _packed(alert: cap.CapAlert, short: str) -> Parcel:
    try:
        name, document = cap.file_name(alert), cap.national(alert, short)
    except cap.CapRefused as refused:
        raise Reject(f"the CAP document cannot be sent on: {refused.why}") from None
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(name, _FIRST_YEAR)
        member.external_attr = _READABLE
        member.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(member, document)
    return Parcel(name.removesuffix(".xml"), packed.getvalue())


def _visible(text: str) -> bool:
    return any(c.isprintable() and not c.isspace() for c in text)
