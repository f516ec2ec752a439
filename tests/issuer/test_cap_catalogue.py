"""Every signal, colour and kind of message: valid by the schema and by our rules, and signed to last."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from signxml.verifier import XMLVerifier
from sqlalchemy import select

from contracts import cap
from contracts.values import Level, Mode
from services.issuer.actions import Press, making, revising
from services.issuer.catalogue import Catalogue, Hazard, load
from services.issuer.model import Approval, Content, Kind, Published, State
from services.issuer.reach import Reached
from services.issuer.store.tables import WARNINGS
from services.kit.xmlsig import CapSigner
from tests.contracts.alerts import CORPUS, schema_errors
from tests.issuer.api_make import a_desk
from tests.issuer.issuer_make import NOW, SIGNATURE, Office, a_warning, a_wish
from tests.issuer.reach_make import ENGLISH, TOWNS, a_manifest

CATALOGUE = load()
MANIFEST = a_manifest(towns=tuple(TOWNS))
REACHED = Reached(MANIFEST, tuple(TOWNS.values()), names_en=tuple(ENGLISH.values()))
EARLIER = "50011041600000,50011041600000_20260611120000_0,2026-06-11T12:00:00+08:00"
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture(scope="session")
def press(signer: CapSigner) -> Press:
    sender = CATALOGUE.signals.sender
    web = "https://warnings.qijiang.example/public"
    return Press(CATALOGUE, signer, sender.code, sender.name.zh, SIGNATURE, "12379", web)


def alert_of(catalogue: Catalogue, hazard: Hazard, level: Level, mode: Mode) -> Content:
    """Return the content of a first message, in the catalogue's words."""
    return making.drafted(catalogue, mode, a_wish(hazard=hazard.code, level=level), REACHED, NOW)


def contents(hazard: Hazard, mode: Mode) -> Iterator[tuple[str, Content]]:
    """Yield everything that can be said of a hazard: each colour, each change of colour, each lift."""
    for level in hazard.levels:
        first = alert_of(CATALOGUE, hazard, level, mode)
        yield f"{level}", first
        for former in hazard.levels:
            changes = {"kind": Kind.UPDATE, "former": former, "former_at": NOW - timedelta(hours=2)}
            update = first.model_copy(update=changes)
            yield f"{former} to {level}", making.worded(CATALOGUE, update, NOW)
        yield f"lift of {level}", lift_of(first)


def lift_of(content: Content) -> Content:
    """Return the content that lifts another one."""
    issued = a_warning(content=content, state=State.ISSUED, manifest=MANIFEST)
    press = Press(CATALOGUE, None, "50011041600000", "綦江区气象台", SIGNATURE)  # type: ignore[arg-type]
    notice = press.notice(content, MANIFEST, identifier="x", references="", sent=NOW, approvers=())
    out = Published(notice, b"", NOW)
    approved = (Approval("wang", "王芳", NOW, "", ""),)
    published = type(issued)(**{**vars(issued), "published": out, "approvals": approved})
    return revising.lifting(CATALOGUE, published, NOW)


def as_wmo_verifies(document: bytes) -> None:
    """Verify with the certificate inside, after a parser that drops blank text, as WMO's validator does."""
    root = etree.fromstring(document, etree.XMLParser(remove_blank_text=True))
    certificate = root.findtext(f".//{DSIG}X509Certificate")
    pem = f"-----BEGIN CERTIFICATE-----\n{(certificate or '').strip()}\n-----END CERTIFICATE-----"
    XMLVerifier().verify(etree.tostring(root), x509_cert=pem)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("hazard", CATALOGUE.offered, ids=lambda hazard: hazard.code)
async def test_every_kind_of_message_of_a_hazard_is_valid_and_signed(
    press: Press, hazard: Hazard, mode: Mode
) -> None:
    with_schema = (CORPUS / "schema").exists()
    for what, content in contents(hazard, mode):
        references = EARLIER if content.kind is not Kind.ALERT else ""
        notice = press.notice(
            content,
            MANIFEST,
            identifier="50011041600000_20260611140500_0",
            references=references,
            sent=NOW,
            approvers=("王芳",),
        )
        document = await press.document(notice, content)
        alert = cap.read(document).alert
        assert cap.check(alert) == (), what
        assert {info.language for info in alert.infos} == {"zh-CN", "en-US"}, what
        assert [area.desc for area in alert.infos[1].areas] == list(ENGLISH.values())
        assert alert.infos[1].sender_name == CATALOGUE.signals.sender.name.en
        assert ", ".join(ENGLISH.values()) in alert.infos[1].description, what
        assert alert.references == references
        as_wmo_verifies(document)
        assert press.signer.verified(document, mode)
        if with_schema:
            assert schema_errors(document) == [], what


def test_the_schema_judged_every_message() -> None:
    if not (CORPUS / "schema").exists():
        pytest.skip(f"no CAP schema at {CORPUS}: put the shared folder beside the checkout")


async def test_what_is_stored_and_served_is_what_was_signed(office: Office, tmp_path: Path) -> None:
    first = await office.issued(level=Level.RED)
    await office.updated(first.warning_id, level=Level.ORANGE)
    await office.lifted(first.warning_id)
    rows = await office.db.rows(select(WARNINGS).order_by(WARNINGS.c.revision))
    assert len(rows) == 3
    triples: list[str] = []
    async with a_desk(office, tmp_path) as desk:
        zhang = await desk.person("zhang")
        for row in rows:
            stored = bytes(row["cap_xml"])
            path = f"/warnings/{first.warning_id}/cap.xml?revision={row['revision']}"
            assert await zhang.ask("GET", path) == stored
            as_wmo_verifies(stored)
            assert office.press.signer.verified(stored, Mode.LIVE)
            alert = cap.read(stored).alert
            assert alert.references.split() == triples
            triples.append(f"{alert.sender},{alert.identifier},{alert.sent}")
