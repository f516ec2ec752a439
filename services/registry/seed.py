"""The default registry of Qijiang: 21 towns, 381 villages and stations, and invented people to try with."""

from collections.abc import Iterator
from pathlib import Path

from contracts.registry import RosterPlace
from contracts.values import Channel, Mode
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.registry import actions, intake, store
from services.registry.model import (
    DISTRICT,
    DRILL_GROUP,
    Account,
    Gateway,
    IssuedKey,
    Recipient,
    Row,
    Station,
    Turn,
)

DATA = Path(__file__).parent / "data"
WHO = "seed"

GATEWAYS = (
    Gateway(gateway_id="cmcc", name="中国移动短信网关", operator="cmcc"),
    Gateway(gateway_id="cucc", name="中国联通短信网关", operator="cucc"),
    Gateway(gateway_id="ctcc", name="中国电信短信网关", operator="ctcc"),
)
ACCOUNTS = (
    Account(account_id="ebp", channel=Channel.BROADCAST, name="綦江区应急广播平台"),
    Account(account_id="cable-headend", channel=Channel.CABLE, name="有线电视前端"),
    Account(account_id="wechat-main", channel=Channel.WECHAT, name="綦江气象公众号"),
    Account(account_id="app-main", channel=Channel.APP, name="知天气客户端"),
    Account(account_id="radio-qijiang", channel=Channel.MEDIA, name="綦江区广播电台"),
    Account(account_id="tv-qijiang", channel=Channel.MEDIA, name="綦江区电视台新闻部"),
    Account(account_id="weibo-main", channel=Channel.WEIBO, name="綦江气象微博"),
    Account(account_id="upper-12379", channel=Channel.UPPER, name="上级12379发布平台"),
)

_SURNAMES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张"
_GIVEN = "明华强丽芳军平燕辉敏静波勇娟涛洪桂兰德才"
_PREFIXES = (("cmcc", "1390023"), ("cucc", "1300023"), ("ctcc", "1330023"))
"""The numbers are made up, for sandboxes only; live registries import their own."""

ROLES = ("responsible", "grid-member", "subscriber", "subscriber", "subscriber", "subscriber")


async def seed(db: Database, crypto: CryptoProvider) -> None:
    """Fill an empty registry with the default data; a registry that has towns is left as it is."""
    if (await store.counts(db))["towns"]:
        return
    stations = [row for row in _rows("stations") if isinstance(row, Station)]
    named = [s.model_copy(update={"duty_name": _name(n)}) for n, s in enumerate(stations)]
    people = list(_people(named))
    tables: dict[str, list[Row]] = {
        **{
            kind: _rows(kind)
            for kind in ("regions", "neighbours", "towns", "villages", "groups", "departments")
        },
        "stations": list(named),
        "hazard-points": _rows("hazard-points"),
        "gateways": list(GATEWAYS),
        "accounts": list(ACCOUNTS),
        "recipients": list(people),
        "rosters": list(_turns(people)),
    }
    for kind, rows in tables.items():
        await actions.take_in(db, crypto, kind, rows, by=WHO, published=kind == "rosters")


async def issue_all_keys(db: Database, crypto: CryptoProvider) -> list[IssuedKey]:
    """Issue keys in both modes to every station and gateway, for a sandbox or a first roll-out."""
    stations = [row["code"] for row in await store.page(db, store.STATIONS, "", 10_000)]
    gateways = [row["gateway_id"] for row in await store.page(db, store.GATEWAYS, "", 100)]
    return await actions.issue_keys(db, crypto, [*stations, *gateways], list(Mode), by=WHO)


def _rows(kind: str) -> list[Row]:
    return intake.rows_of(kind, DATA / f"{kind.replace('-', '_')}.csv")


def _name(number: int) -> str:
    return (
        _SURNAMES[number % 20] + _GIVEN[number // 20 % 20] + (_GIVEN[number // 7 % 20] if number % 3 else "")
    )


def _people(stations: list[Station]) -> Iterator[Recipient]:
    """Yield six invented people for each village, the first of whom answers for a person-only station."""
    number = 0
    for place, station in enumerate(stations):
        for turn, role in enumerate(ROLES):
            operator, prefix = _PREFIXES[number % 3]
            answers = turn == 0 and station.station_class == "person"
            yield Recipient(
                recipient_id=f"p{number:06d}",
                village_code=station.village_code,
                name=station.duty_name if turn == 0 and station.duty_name else _name(place * 7 + turn),
                role=role,
                groups=DRILL_GROUP if turn == 0 and place % 18 == 0 else "",
                phone=f"{prefix}{number:04d}",
                operator=operator,
                openid=f"o{number:027d}" if turn in (2, 3) else None,
                station=station.code if answers else None,
            )
            number += 1


def _turns(people: list[Recipient]) -> Iterator[Turn]:
    """Yield who answers for each village, for each town and for the district, out of the invented people."""
    towns: dict[str, list[Recipient]] = {}
    for place in range(0, len(people), len(ROLES)):
        first, second = people[place], people[place + 1]
        towns.setdefault(first.village_code[:9], []).append(first)
        for order, one in enumerate((first, second), start=1):
            yield _turn("village", one.village_code, one.role, order, one)
    for town, villagers in towns.items():
        for order, role in enumerate(("leader", "deputy", "duty"), start=1):
            yield _turn("town", town, role, 1, villagers[order % len(villagers)])
    leaders = [members[0] for members in towns.values()]
    for role, one in zip(("leader", "emergency", "flood-control", "duty"), leaders, strict=False):
        yield _turn("district", DISTRICT, role, 1, one)


def _turn(kind: RosterPlace, place: str, role: str, order: int, person: Recipient) -> Turn:
    return Turn(place_kind=kind, place=place, role=role, order=order, person=person.recipient_id)
