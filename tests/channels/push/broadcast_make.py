"""What the tests of the broadcast packets share: a site, a platform, a request, an answer."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from lxml import etree

from contracts.delivery import DeliveryRequested, delivery_id_of
from contracts.values import Action, Channel, Lane, Level, Mode, Place
from contracts.warning import Notice, WarningText
from sandbox import ebd
from services.channels.push.broadcast import ids, packet
from services.channels.push.broadcast.site import Site
from services.kit import sm
from tests.notices import a_rainstorm

OURS, THEIRS = "45001100000000103010101", "45001100000000303010201"
OUR_KEY, THEIR_KEY = sm.PrivateKey.generate(), sm.PrivateKey.generate()
SITE = Site(ebrid=OURS, platform=THEIRS, certificate="0123456789ABCDEF")
AT = datetime(2026, 6, 1, 14, 5, tzinfo=UTC)
PACKET_ID = ids.packet_id(OURS, 1)
MESSAGE_ID = ids.message_id(OURS, date(2026, 6, 1), 1)
OLD_MESSAGE_ID = ids.message_id(OURS, date(2026, 5, 31), 9)
PLATFORM = ebd.Party(THEIRS, THEIR_KEY.secret, "77")
SHORT = "綦江区气象台2026年6月1日22时30分发布暴雨红色预警信号：未来3小时赶水镇等2个镇街雨量将达100毫米以上。"


def a_notice(level: Level, expires: datetime, short: str, towns: tuple[str, ...]) -> Notice:
    """Return a notice about a rainstorm in some towns."""
    return a_rainstorm(
        AT - timedelta(seconds=30),
        level=level,
        expires=expires,
        text=WarningText(headline="暴雨红色预警", description="……", instruction="……", short=short),
        areas=tuple(Place(code=code, name="某镇") for code in towns),
        approved_by=("李四",),
    )


def a_request(
    *,
    action: Action = Action.START,
    mode: Mode = Mode.LIVE,
    level: Level = Level.RED,
    expires: datetime = AT + timedelta(hours=24),
    short: str = SHORT,
    targets: tuple[str, ...] = ("500110110000", "500110112000"),
) -> DeliveryRequested:
    """Return a request of the router, in force unless it says otherwise."""
    warning_id = UUID(int=7)
    return DeliveryRequested(
        mode=mode,
        lane=Lane.URGENT,
        warning_id=warning_id,
        revision=1,
        channel=Channel.BROADCAST,
        at=AT,
        delivery_id=delivery_id_of(warning_id, 1, Channel.BROADCAST, "all"),
        action=action,
        notice=a_notice(level, expires, short, targets),
        targets=targets,
        manifest_sha256="0" * 64,
    )


def a_message(
    request: DeliveryRequested | None = None, *, site: Site = SITE, related: str | None = None
) -> bytes:
    return packet.message(
        site, request or a_request(), packet_id=PACKET_ID, message_id=MESSAGE_ID, related=related, at=AT
    )


def the(main: bytes, path: str) -> str:
    """Return the text at a path of a main file; it must be there."""
    found = etree.fromstring(main).findtext(path)
    assert found is not None, path
    return found


def order_of(main: bytes, path: str = ".") -> list[str]:
    element = etree.fromstring(main).find(path)
    assert element is not None
    return [str(child.tag) for child in element]


def answer_tar(
    body: str, *, party: ebd.Party = PLATFORM, to: str = OURS, related: str | None = PACKET_ID
) -> bytes:
    element = etree.fromstring(body)
    return ebd.write(party, to, ids.packet_id(party.ebrid, 5), element, related, AT)[1]


def receipt_xml(code: str | int = 1) -> str:
    return f"<EBDResponse><ResultCode>{code}</ResultCode><ResultDesc>说明</ResultDesc></EBDResponse>"


def state_xml(code: str | int = 2, rate: str = "0.50") -> str:
    return f"""<EBMStateResponse><RptTime>2026-06-01 22:06:00</RptTime><EBM><EBMID>{MESSAGE_ID}</EBMID></EBM>
      <BrdStateCode>{code}</BrdStateCode><BrdStateDesc>播发中</BrdStateDesc>
      <Coverage><CoverageRate>{rate}</CoverageRate><AreaCode>500110110000,x</AreaCode>
        <ResBrdStat>1,0,1,12</ResBrdStat></Coverage>
      <ResBrdInfo><ResBrdItem><EBRAS><EBRID>{THEIRS}</EBRID></EBRAS>
        <EBRBS><BrdSysInfo>大喇叭</BrdSysInfo><StartTime>2026-06-01 22:05:30</StartTime>
          <BrdStateCode>{code}</BrdStateCode></EBRBS></ResBrdItem></ResBrdInfo></EBMStateResponse>"""
