"""The press: from an approved content to the notice that channels are given and the signed CAP document."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from contracts import cap
from contracts.plan import Manifest
from contracts.warning import Notice
from services.issuer.catalogue import Catalogue
from services.issuer.model.content import Content, Kind
from services.kit.clock import BEIJING
from services.kit.errors import Fault, Invalid, Refused
from services.kit.xmlsig import CapSigner

MOST_IN_A_SECOND = 10
_TYPES = {Kind.ALERT: cap.MsgType.ALERT, Kind.UPDATE: cap.MsgType.UPDATE, Kind.CANCEL: cap.MsgType.CANCEL}
_REFUSED = frozenset({cap.Grade.SCHEMA, cap.Grade.RULE})


@dataclass(frozen=True)
class Press:
    """Composes, checks and signs CAP in the name of the station."""

    catalogue: Catalogue
    signer: CapSigner
    sender_code: str
    sender_name: str
    signature: str
    """What every SMS begins with."""
    contact: str = ""
    web: str = ""
    """Where people read more: receivers of CAP ask for an address in every info block."""

    def beginning(self, at: datetime) -> str:
        """Return how the identifiers of one second begin: `50011041600000_YYYYMMDDhhmmss_`."""
        return f"{self.sender_code}_{at.astimezone(BEIJING):%Y%m%d%H%M%S}_"

    def notice(
        self,
        content: Content,
        manifest: Manifest,
        *,
        identifier: str,
        references: str,
        sent: datetime,
        approvers: tuple[str, ...],
        emergency: bool = False,
    ) -> Notice:
        """Return the face of a revision: what every channel may need to say it."""
        hazard = self.catalogue.hazard(content.hazard, content.product)
        ahead = content.onset if content.onset and content.onset > sent else None
        return Notice(
            identifier=identifier,
            references=references,
            hazard=content.hazard,
            hazard_name=hazard.name.zh,
            hazard_name_en=hazard.name.en,
            level=content.level,
            product=content.product,
            sender_code=self.sender_code,
            sender_name=self.sender_name,
            sender_name_en=self.catalogue.signals.sender.name.en,
            sent=sent,
            effective=content.effective or sent,
            onset=content.onset if content.observed else ahead,
            expires=content.expires,
            text=content.text,
            text_en=content.text_en,
            areas=manifest.areas,
            approved_by=approvers,
            emergency=emergency,
            adds_to=content.adds_to,
        )

    async def document(self, notice: Notice, content: Content, incidents: str = "") -> bytes:
        """Return the signed CAP document; raise Refused when it breaks a rule or cannot be signed.

        `incidents` is the identifier of the message because of which it is said.
        """
        return await asyncio.to_thread(self._document, notice, content, incidents)

    def _document(self, notice: Notice, content: Content, incidents: str) -> bytes:
        alert = self._composed(notice, content, incidents)
        broken = _broken(alert)
        if broken:
            raise Refused(f"the CAP document is not right at {broken[0].path}: {broken[0].what}")
        return self.signer.sign(cap.write(alert), content.mode)

    async def check(self, content: Content, manifest: Manifest, references: str, now: datetime) -> None:
        """Raise Invalid when the CAP document of a content would break a rule, before anybody approves it."""
        notice = self.notice(
            content,
            manifest,
            identifier=f"{self.beginning(now)}trial",
            references=references,
            sent=now.replace(microsecond=0),
            approvers=(),
        )
        broken = await asyncio.to_thread(lambda: _broken(self._composed(notice, content)))
        if broken:
            raise Invalid.of([Fault(found.path, found.what, found.mend) for found in broken])

    def proof(
        self, content: Content, manifest: Manifest, references: str, now: datetime
    ) -> tuple[Notice, cap.CapAlert]:
        """Return the notice and the CAP message as they would be, for people to look at."""
        notice = self.notice(
            content,
            manifest,
            identifier=f"{self.beginning(now)}0",
            references=references,
            sent=now.replace(microsecond=0),
            approvers=(self.sender_name,),
        )
        return notice, self._composed(notice, content)

    def _composed(self, notice: Notice, content: Content, incidents: str = "") -> cap.CapAlert:
        alert_that_mutes = content.kind is Kind.ALERT and notice.references
        kind = cap.MsgType.UPDATE if alert_that_mutes else _TYPES[content.kind]
        try:
            return cap.compose(
                notice,
                kind,
                content.mode,
                observed=bool(content.observed),
                replaces=content.former if content.kind is Kind.UPDATE else None,
                contact=self.contact,
                web=self.web,
                note=_correction(notice) if content.corrects else "",
                incidents=incidents,
            )
        except cap.CapRefused as error:
            raise Refused(f"the CAP document cannot be written: {error.why}", mend=error.mend) from None


def _correction(notice: Notice) -> str:
    """Return what the note of a correction says: that it is one, and of which message."""
    wrong = cap.references_of(notice.references)[-1].identifier
    return f"勘误：更正 {wrong}，以本条为准。Correction of {wrong}, which this replaces."


def _broken(alert: cap.CapAlert) -> list[cap.Finding]:
    return [found for found in cap.check(alert) if found.grade in _REFUSED]


def free_identifier(beginning: str, taken: Collection[str]) -> str | None:
    """Return the first identifier of a second that is not taken, None when all are."""
    every = (f"{beginning}{number}" for number in range(MOST_IN_A_SECOND))
    return next((identifier for identifier in every if identifier not in taken), None)
