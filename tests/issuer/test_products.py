"""Products are data: each can be composed, approved by whom the table names, and issued, CAP included."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts import cap
from contracts.values import Channel, Level
from contracts.warning import WarningIssued
from services.issuer import actions, store
from services.issuer.actions import LocalSessions
from services.issuer.actions.departments import set_department
from services.issuer.actions.making import ways
from services.issuer.catalogue import load
from services.issuer.model import Consultation, LeftOut, Person
from services.kit.errors import Forbidden, Invalid, NotFound
from services.kit.identity import Principal
from tests.issuer.issuer_make import CHEN, LI, NOW, WANG, ZHANG, Office, an_account

CATALOGUE = load()
HE = Person("he", "何静", frozenset({"department", "department:water"}))
LIU = Person("liu", "刘洋", frozenset({"department", "department:education"}))
EVERY = [
    (name, subject.code, level)
    for name, product in CATALOGUE.products.products.items()
    for subject in product.subjects
    for level in subject.levels
]


def department_of(product: str) -> str:
    """Return the first department of a product, empty when it has none."""
    return next(iter(CATALOGUE.products.get(product).departments), "")


@pytest.mark.parametrize(("product", "code", "level"), EVERY)
async def test_every_product_is_issued_end_to_end(
    laptop: Office, product: str, code: str, level: Level
) -> None:
    department = department_of(product)
    review = await laptop.submitted(hazard=code, level=level, product=product, department=department)
    other = Person("he", "何静", frozenset({"department", f"department:{department}"}))
    for by in (other, LI, WANG, CHEN):
        if review.state == "review":
            try:
                review = await laptop.approve(review, by)
            except Forbidden:
                continue
    assert review.state == "issued"
    assert review.published is not None
    reading = cap.read(review.published.cap_xml)
    assert [f for f in cap.check(reading.alert) if f.grade in (cap.Grade.SCHEMA, cap.Grade.RULE)] == []
    assert reading.alert.codes[1] == product.upper()
    assert reading.alert.infos[0].event_codes[0].value == code
    assert review.published.notice.product == product


async def test_a_joint_product_needs_the_account_of_its_department(office: Office) -> None:
    review = await office.submitted(hazard="11D01", level=Level.YELLOW, product="joint", department="water")
    assert review.content.text.headline == "綦江区气象台、綦江区水利局联合发布地质灾害黄色预警"
    for stranger in (WANG, LI, LIU):
        with pytest.raises(Forbidden):
            await office.approve(review, stranger)
    review = await office.approve(review, HE)
    assert review.state == "review"
    issued = await office.approve(review, WANG)
    assert issued.state == "issued"
    (said,) = await office.said(WarningIssued)
    assert said.notice.approved_by == ("何静", "王芳")


async def test_a_department_approves_nothing_of_the_stations_own(laptop: Office) -> None:
    review = await laptop.submitted(level=Level.BLUE)
    with pytest.raises(Forbidden):
        await laptop.approve(review, HE)


async def test_a_department_must_be_one_of_the_product(laptop: Office) -> None:
    with pytest.raises(Invalid, match="department: is missing"):
        await laptop.drafted(hazard="11B44", level=Level.RED, product="suspension")
    with pytest.raises(Invalid, match="department"):
        await laptop.drafted(hazard="11B44", level=Level.RED, product="suspension", department="water")
    with pytest.raises(Invalid, match="department"):
        await laptop.drafted(department="water")


async def test_an_account_is_given_its_department_by_an_operator(office: Office) -> None:
    db, catalogue = office.db, office.catalogue
    async with db.transaction() as tx:
        await store.people.keep(tx, an_account("he", "何静", "x", "department"))
        await store.people.keep(tx, an_account("li", "李强", "x", "checker"))
    await set_department(db, catalogue, "he", "water", "qian")
    await set_department(db, catalogue, "he", "land", "qian")
    async with db.read() as connection:
        assert await store.departments.every(connection) == {"he": "land"}
        assert await store.departments.of(connection, "li") is None
    sessions = LocalSessions(db)
    he = Principal("he", "何静", frozenset({"department"}))
    assert (await sessions.bound(he)).department == "land"
    assert (await sessions.bound(replace(he, roles=frozenset({"drafter"})))).department is None
    with pytest.raises(Invalid, match="username"):
        await set_department(db, catalogue, "li", "water", "qian")
    with pytest.raises(Invalid, match="department"):
        await set_department(db, catalogue, "he", "circus", "qian")
    with pytest.raises(NotFound):
        await set_department(db, catalogue, "nobody", "water", "qian")
    await set_department(db, catalogue, "he", None, "qian")
    async with db.read() as connection:
        assert await store.departments.every(connection) == {}


async def test_a_way_is_left_out_with_a_reason_where_the_rule_allows(laptop: Office) -> None:
    draft = await laptop.drafted(left_out=(LeftOut(channel=Channel.WECHAT, reason="平台维护"),))
    assert Channel.WECHAT not in ways(laptop.catalogue, draft.content)
    assert Channel.SMS in ways(laptop.catalogue, draft.content)
    with pytest.raises(Invalid, match="cannot be left out"):
        await laptop.drafted(left_out=(LeftOut(channel=Channel.STATION, reason="x"),))
    with pytest.raises(Invalid, match="has no reason"):
        await laptop.drafted(left_out=(LeftOut(channel=Channel.WECHAT, reason=""),))


async def test_the_consultation_is_part_of_what_is_approved(office: Office) -> None:
    note = Consultation(held_at=NOW - timedelta(hours=1), attended="水利、应急", conclusion="升级")
    plain, noted = await office.drafted(), await office.drafted(consultation=note)
    assert plain.content_sha256 != noted.content_sha256
    review = await actions.submit(office.db, office.press, office.reach, noted.warning_id, ZHANG)
    assert (await office.get(review.warning_id)).content.consultation == note
    with pytest.raises(Invalid, match="consultation"):
        await office.drafted(consultation=note.model_copy(update={"conclusion": " "}))


def test_the_stage_follows_the_lead_time() -> None:
    risk, stages = CATALOGUE.products.get("risk"), CATALOGUE.products.stages
    assert [risk.stage_of(hours, stages) for hours in (30, 24, 13, 7, 1)] == ["H24", "H24", "H12", "H6", "H6"]
