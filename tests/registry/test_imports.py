"""Files become part of the registry whole or not at all, and every bad row is named."""

import asyncio
import os
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import openpyxl
import orjson
import pytest
from sqlalchemy import select

from contracts.registry import BLOCK_CONTEXT, VillageBlock
from services.kit.errors import Forbidden, Refused
from services.registry import publishing, store
from services.registry.actions import imports
from services.registry.actions.imports import Wishes
from services.registry.actions.running import Running
from services.registry.api import imports as api
from services.registry.api.given import Parts
from services.registry.blocks import PART
from services.registry.model.imports import MOVES, State
from services.registry.model.positions import from_gcj02, metres, to_gcj02
from tests.registry.import_make import HEAD, OTHER, VILLAGE, a_file, a_person, a_place, faults, read
from tests.registry.test_actions import said

ROWS = int(os.environ.get("YUTIAN_TEST_ROWS", "20000"))
"""Of the great file: a million of them take some minutes, `YUTIAN_TEST_ROWS=1000000`."""


def mixed(rows: int) -> tuple[list[str], dict[int, str]]:
    """Return lines of which one in a hundred is bad, and by line what is wrong with it."""
    lines, wrong = [HEAD], {}
    for number in range(rows):
        line = number + 2
        if number % 100 != 50:
            lines.append(a_person(number))
            continue
        match number // 100 % 4:
            case 0:
                wrong[line] = "eleven digits"
                lines.append(f"p{number:07d},{VILLAGE},张三,subscriber,,1390000abcd,cmcc\n")
            case 1:
                wrong[line] = "not in the registry"
                lines.append(f"p{number:07d},500110001999,张三,subscriber,,1390{number:07d},cmcc\n")
            case 2:
                wrong[line] = f"repeats line {line - 1}"
                lines.append(a_person(number - 1))
            case 3:
                wrong[line] = "cells"
                lines.append(f"p{number:07d},{VILLAGE}\n")
    return lines, wrong


@pytest.mark.long
@pytest.mark.timeout(60 + ROWS // 500)
async def test_of_many_rows_every_bad_one_is_named_and_none_is_imported(
    database_url: str, tmp_path: Path
) -> None:
    lines, wrong = mixed(ROWS)
    async with a_place(database_url, tmp_path) as (db, crypto):
        made = await read(db, crypto, a_file(tmp_path, lines))
        assert (made.state, made.rows, made.faults) == (State.REFUSED, ROWS, len(wrong))
        found = {line: why for line, _, why in await faults(db, made)}
        assert len(found) == made.faults
        assert found.keys() == wrong.keys()
        assert all(wrong[line] in why for line, why in found.items())
        assert (await store.counts(db))["recipients"] == 0
        assert not await db.rows(select(store.STAGED.c.line))
        with pytest.raises(Refused):
            await imports.apply(db, crypto, made.import_id, by="qian")


async def test_a_long_list_is_said_in_parts_and_a_shorter_one_takes_parts_back(
    database_url: str, tmp_path: Path
) -> None:
    async with a_place(database_url, tmp_path) as (db, crypto):
        path = a_file(tmp_path, [HEAD, *(a_person(number) for number in range(PART + 1))])
        made = await read(db, crypto, path)
        assert (made.state, made.added) == (State.CHECKED, PART + 1)
        change = await imports.apply(db, crypto, made.import_id, by="qian")
        assert (change.added, change.blocks) == (PART + 1, 2)
        assert {VILLAGE, f"{VILLAGE}-1"} <= (await store.addresses(db)).keys()
        again = await read(db, crypto, path)
        assert (again.added, again.changed, again.unchanged) == (0, 0, PART + 1)
        short = await read(db, crypto, a_file(tmp_path, [HEAD, a_person(1)]), wishes=Wishes(complete=True))
        assert (short.unchanged, short.ended) == (1, PART)
        await imports.apply(db, crypto, short.import_id, by="qian")
        last = (await said(db))[-1]
        assert (last.block, last.gone) == (f"{VILLAGE}-1", True)
        assert f"{VILLAGE}-1" not in await store.addresses(db)
        assert await publishing.due(db) == 0


async def test_of_two_who_apply_one_does_and_nobody_applies_what_gives_power_alone(
    database_url: str, tmp_path: Path
) -> None:
    async with a_place(database_url, tmp_path) as (db, crypto):
        made = await read(db, crypto, a_file(tmp_path, [HEAD, a_person(1)]))
        both = [imports.apply(db, crypto, made.import_id, by=name) for name in ("qian", "wu")]
        done = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["Change", "Refused"]
        gateways = a_file(tmp_path, ["gateway_id,name,operator\n", "cmcc,移动,cmcc\n"])
        power = await read(db, crypto, gateways, "gateways")
        with pytest.raises(Forbidden):
            await imports.apply(db, crypto, power.import_id, by="qian")
        assert (await imports.apply(db, crypto, power.import_id, by="wu")).added == 1


async def test_a_masked_phone_keeps_the_number_that_is_there(sqlite_url: str, tmp_path: Path) -> None:
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        first = await read(db, crypto, a_file(tmp_path, [HEAD, a_person(1)]))
        await imports.apply(db, crypto, first.import_id, by="qian")
        masked = f"p0000001,{OTHER},李四,subscriber,drill,139****0001,cmcc\n"
        stranger = f"p9,{OTHER},王五,subscriber,,139****0009,cmcc\n"
        bad = await read(db, crypto, a_file(tmp_path, [HEAD, masked, stranger]))
        assert await faults(db, bad) == [(3, "phone", "is masked, and this person is not in the registry")]
        good = await read(db, crypto, a_file(tmp_path, [HEAD, masked]))
        await imports.apply(db, crypto, good.import_id, by="qian")
        (block,) = [one for one in await said(db) if one.block == OTHER][-1:]
        village = VillageBlock.model_validate_json(crypto.unseal(b64decode(block.sealed), BLOCK_CONTEXT))
        (person,) = village.recipients
        assert (person.name, person.phone, person.groups) == ("李四", "13900000001", ("drill",))


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
async def test_the_offices_headings_words_and_encodings_are_read(
    sqlite_url: str, tmp_path: Path, encoding: str
) -> None:
    lines = ["编号,村代码,姓名,岗位,手机号,运营商\n", f"p1,{VILLAGE},张三,网格员,13900000001,移动\n"]
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        made = await read(db, crypto, a_file(tmp_path, lines, encoding=encoding))
        assert (made.state, made.added) == (State.CHECKED, 1)
        await imports.apply(db, crypto, made.import_id, by="qian")
        (row,) = await db.rows(select(store.RECIPIENTS))
        assert (row["role"], row["operator"]) == ("grid-member", "cmcc")


async def test_a_workbook_is_read_with_codes_that_it_took_for_numbers(
    sqlite_url: str, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    for line in (
        ["编号", "村代码", "姓名", "角色", "手机", "运营商"],
        ["p1", int(VILLAGE), "张三", "信息员", 13900000001, "电信"],
    ):
        book.active.append(line)
    book.active.append(["p2", 500110001999, "李四", "信息员", 1.5, "电信"])
    path = tmp_path / "people.xlsx"
    book.save(path)
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        found = await faults(db, await read(db, crypto, path))
        assert {line for line, _, _ in found} == {3}
        (tmp_path / "broken.xlsx").write_bytes(path.read_bytes()[:300])
        broken = await read(db, crypto, tmp_path / "broken.xlsx")
        assert [name for _, name, _ in await faults(db, broken)] == ["file"]


def points(*positions: tuple[float, float], **more: str) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": f"HP{n:03d}",
                "name": "点",
                "kind": "geological",
                "group": "甲",
                "village_code": VILLAGE,
            },
            "geometry": {"type": "Point", "coordinates": at},
        }
        for n, at in enumerate(positions, start=1)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features, **more})


async def test_positions_that_are_swapped_or_of_a_web_map_are_named(sqlite_url: str, tmp_path: Path) -> None:
    right, path = (106.65, 29.02), tmp_path / "points.geojson"
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        path.write_bytes(points(right, right[::-1], (116.4, 39.9)))
        found = {
            line: why for line, _, why in await faults(db, await read(db, crypto, path, "hazard-points"))
        }
        assert ("swapped" in found[2], "near Qijiang" in found[3], len(found)) == (True, True, 2)
        path.write_bytes(points(right))
        first = await read(db, crypto, path, "hazard-points")
        await imports.apply(db, crypto, first.import_id, by="qian")
        path.write_bytes(points(to_gcj02(*right)))
        ((line, _, why),) = await faults(db, await read(db, crypto, path, "hazard-points"))
        assert (line, "GCJ-02" in why) == (1, True)
        converted = await read(db, crypto, path, "hazard-points", Wishes(gcj02=True))
        assert (converted.state, converted.unchanged) == (State.CHECKED, 1)
        trusted = await read(db, crypto, path, "hazard-points", Wishes(trusted=True))
        assert trusted.state is State.CHECKED


def test_a_web_map_moves_points_by_half_a_kilometre_and_the_way_back_is_exact() -> None:
    here = (106.651, 29.028)
    there = to_gcj02(*here)
    assert 300 < metres(here, there) < 800
    assert metres(from_gcj02(*there), here) < 0.2


@pytest.mark.parametrize(
    ("heading", "word"),
    [
        ("recipient_id,name\n", "lacks the column village_code"),
        (HEAD.replace("name", "elephant"), "elephant"),
        (HEAD.replace("groups", "role"), "twice"),
    ],
)
async def test_a_heading_that_does_not_fit_is_refused_once(
    sqlite_url: str, tmp_path: Path, heading: str, word: str
) -> None:
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        made = await read(db, crypto, a_file(tmp_path, [heading, *(a_person(n) for n in range(100))]))
        found = await faults(db, made)
        assert made.state is State.REFUSED
        assert len(found) < 5
        assert any(word in why for _, _, why in found)


async def test_whoever_is_the_same_person_twice_or_cared_for_by_nobody_is_named(
    database_url: str, tmp_path: Path
) -> None:
    head = HEAD.strip() + ",cared_by\n"
    lines = [
        f"p1,{VILLAGE},张三,subscriber,,13900000001,cmcc,\n",
        f"p2,{VILLAGE},张三,subscriber,,13900000001,cmcc,\n",
        f"p3,{VILLAGE},李婆婆,subscriber,vulnerable,,,p1\n",
        f"p4,{VILLAGE},王婆婆,subscriber,vulnerable,,,p77\n",
        f"p5,{VILLAGE},赵婆婆,subscriber,vulnerable,,,p5\n",
    ]
    async with a_place(database_url, tmp_path) as (db, crypto):
        found = {
            line: why
            for line, _, why in await faults(db, await read(db, crypto, a_file(tmp_path, [head, *lines])))
        }
        assert found.keys() == {3, 5, 6}
        assert "same person as in line 2" in found[3]


async def test_a_dead_process_leaves_imports_that_can_be_gone_on_with(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        made = await read(db, crypto, a_file(tmp_path, [HEAD, a_person(1)]))
        await imports.claim(db, made.import_id, by="qian")
        reading, _ = await imports.begin(db, "recipients", "x.csv", 1, Wishes(), by="qian")
        await imports.sweep(db)
        assert (await imports.show(db, made.import_id)).state is State.APPLYING
        async with db.transaction() as tx:
            await tx.execute(store.IMPORTS.update().values(touched_at=tx.now - imports.SILENT * 2))
        await imports.sweep(db)
        assert (await imports.show(db, made.import_id)).state is State.CHECKED
        assert (await imports.show(db, reading.import_id)).state is State.FAILED
        assert (await imports.apply(db, crypto, made.import_id, by="wu")).added == 1


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
async def test_an_import_moves_only_as_the_table_says(before: State, after: State) -> None:
    assert (after in MOVES[before]) == (
        (before, after)
        in {
            (State.READING, State.CHECKED),
            (State.READING, State.REFUSED),
            (State.READING, State.FAILED),
            (State.CHECKED, State.APPLYING),
            (State.CHECKED, State.DROPPED),
            (State.APPLYING, State.APPLIED),
            (State.APPLYING, State.CHECKED),
        }
    )


async def test_the_same_request_twice_at_once_is_read_once(database_url: str, tmp_path: Path) -> None:
    content = (HEAD + "".join(a_person(number) for number in range(50))).encode()
    async with a_place(database_url, tmp_path) as (db, crypto):
        running = Running(tmp_path / "imports")

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        parts = Parts(db, crypto, running)
        wishes = Wishes()
        both = [
            api.begun(parts, "recipients", "a.csv", pieces(), wishes, by="qian", once="k1") for _ in range(2)
        ]
        first, second = await asyncio.gather(*both)
        assert first.import_id == second.import_id
        assert len(running.tasks) == 1
        await running.finished()
        made = await imports.show(db, first.import_id)
        assert (made.state, made.rows, made.added) == (State.CHECKED, 50, 50)
        assert not list(running.folder.iterdir())
