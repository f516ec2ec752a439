"""The case folder: everything the ledger holds of a warning; whatever is done to it is found and named."""

import asyncio
import base64
import io
import tempfile
import zipfile
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.canonical import sha256_hex
from services.audit.actions import sign
from services.audit.folder.contents import read_line, record_line
from services.audit.folder.verify import verify_folder
from services.audit.model import checkpoint
from services.audit.model.checkpoint import PublicKey
from services.kit.errors import Invalid, NotFound
from tests.audit.audit_make import STATIONS, AWarning, a_fact
from tests.audit.folder_make import Folder, a_folder, json_of, lines_of, listed, told, unpacked
from tests.audit.ledger_make import a_crypto, a_ledger

CAP = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>暴雨</identifier></alert>'


def a_warning() -> AWarning:
    warning = AWarning()
    published = warning.published
    warning.published = lambda *a, **more: published(*a, **{"cap_xml": CAP, **more})  # type: ignore[method-assign]
    return warning


@pytest.fixture(scope="module")
def sound() -> Folder:
    """Return a folder that nobody has touched."""
    return asyncio.run(_sound())


async def _sound() -> Folder:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with a_ledger(f"sqlite:///{folder}/db/{{name}}.db", folder) as book:
            await told(book, warning := a_warning())
            return await a_folder(book, warning)


async def test_a_folder_holds_everything_of_a_warning_and_verifies(database_url: str, tmp_path: Path) -> None:
    warning = a_warning()
    async with a_ledger(database_url, tmp_path) as book:
        await told(book, warning)
        found = await a_folder(book, warning)
    verdict = found.check()
    assert (verdict.faults, verdict.differences) == ([], [])
    assert verdict.holds
    files = found.files()
    assert verdict.records == len(lines_of(found)) == found.contents.records == 16
    assert files["cap/1.xml"].decode() == CAP
    assert sha256_hex(files["cap/1.xml"]) == json_of(found, "warning.json")["revisions"][0]["cap_sha256"]
    assert files["texts/1-station.txt"].decode() == "[title]\n暴雨红色预警\n\n[speech]\n请立即转移。\n\n"
    assert files["texts/1-sms-public.txt"].decode() == "[text]\n请转移\n\n"
    assert orjson.loads(files["plans/1.json"])["manifest"]["sha256"] == warning.manifest.sha256
    (outcome,) = json_of(found, "outcomes.json")
    told_of = {line["channel"]: (line["targeted"], line["confirmed"]) for line in outcome["channels"]}
    assert told_of == {"broadcast": (1, 0), "sms": (5, 0), "station": (3, 1)}
    (escalation,) = json_of(found, "escalations.json")
    assert (escalation["kind"], escalation["about"]) == ("duty.climbed", STATIONS[1])
    assert [act["kind"] for act in json_of(found, "warning.json")["acts"]] == [
        "warning.drafted",
        "warning.approved",
    ]
    rows = files["targets.csv"].decode("utf-8-sig").splitlines()
    assert rows[2].startswith(f"1,station,{STATIONS[0]},,True,confirmed,")
    assert "赵村长" in rows[2]
    assert len(files["timeline.csv"].splitlines()) == 17


async def test_the_same_position_gives_the_same_bytes_though_the_ledger_goes_on(
    database_url: str, tmp_path: Path
) -> None:
    warning = a_warning()
    async with a_ledger(database_url, tmp_path) as book:
        await told(book, warning)
        first = await a_folder(book, warning)
        await book.say(warning.halted(), a_fact(9))
        again = await a_folder(book, warning, upto=first.contents.tree_size)
        assert again.content == first.content
        newest = await a_folder(book, warning)
        assert newest.contents.records == first.contents.records + 1
        with pytest.raises(Invalid):
            await a_folder(book, warning, upto=3)
        with pytest.raises(NotFound):
            await a_folder(book, AWarning())


async def test_a_later_head_is_proved_to_have_grown_out_of_the_folders(tmp_path: Path) -> None:
    warning = a_warning()
    async with a_ledger(f"sqlite:///{tmp_path}/db/{{name}}.db", tmp_path) as book:
        await told(book, warning)
        size = (await sign.head(book.db, book.signer)).size
        await book.say(*(a_fact(n) for n in range(300)))
        later = await sign.head(book.db, book.signer)
        found = await a_folder(book, warning, upto=size, later=True)
    kept = checkpoint.read(later.checkpoint)
    assert found.check(None, kept).holds
    forged = checkpoint.Head(kept.head.origin, kept.head.size, bytes(32))
    _, other = book.signer.sign(forged)
    assert [(f.file, f.why) for f in found.check(None, other).faults] == [
        ("head.txt", "is not of the ledger whose head you kept")
    ]
    unsigned = checkpoint.SignedHead(forged, b"....", b"")
    for strange, why in ((unsigned, "is not signed by the ledger's key"), (other, "the ledger signed both")):
        (fault,) = found.check(None, kept, strange).faults
        assert why in fault.why
    fields = json_of(found, "later.json")
    fields["path"][0] = "00" * 32
    text = orjson.dumps(fields)
    key = a_crypto(tmp_path / "other")
    faults = verify_folder(
        io.BytesIO(found.with_files({"later.json": text}, resign=lambda b: key.sign(b)[1]))
    ).faults
    assert ("later.json", "does not prove that the later head grew out of this one") in [
        (f.file, f.why) for f in faults
    ]


def test_the_index_is_whole_by_itself(sound: Folder, tmp_path: Path) -> None:
    text = sound.files()["index.html"].decode()
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "暴雨红色预警信号" in text
    assert "请立即转移" in text
    folder = unpacked(sound, tmp_path)
    for address in {part.split('"')[0] for part in text.split('href="')[1:]}:
        assert (folder / address).exists(), address
    assert "13" not in sound.files()["targets.csv"].decode().split("T")[0]


@pytest.mark.parametrize(
    "path", ["cap/1.xml", "index.html", "outcomes.json", "records.jsonl", "keys", "head.txt"]
)
def test_a_file_that_was_removed_is_named(sound: Folder, path: str) -> None:
    name = next(p for p in sound.files() if p.startswith(path))
    faults = sound.check(sound.with_files({name: None})).faults
    assert (name, "was removed") in [(f.file, f.why) for f in faults]


@pytest.mark.parametrize("path", ["cap/1.xml", "index.html", "VERIFY.txt", "names.json", "timeline.csv"])
def test_a_file_that_was_changed_is_named_and_no_other(sound: Folder, path: str) -> None:
    content = bytearray(sound.files()[path])
    content[len(content) // 2] ^= 1
    faults = sound.check(sound.with_files({path: bytes(content)})).faults
    assert [(f.file, f.why) for f in faults] == [(path, "was changed")]


@pytest.mark.parametrize("path", ["note.txt", "cap/2.xml", "../../etc/passwd", "/etc/passwd", "a\\b"])
def test_a_file_that_was_added_is_named_wherever_it_wants_to_go(sound: Folder, path: str) -> None:
    faults = sound.check(sound.with_files({path: b"x"})).faults
    assert [f.why for f in faults] == ["was added: the contents do not name it"]


def test_a_file_that_is_there_twice_is_named(sound: Folder) -> None:
    out = io.BytesIO(sound.content)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(out, "a") as more:
        more.writestr("index.html", "another")
    faults = [(f.file, f.why) for f in sound.check(out.getvalue()).faults]
    assert ("index.html", "is there twice") in faults


def signed_anew(sound: Folder, files: dict[str, bytes | None], folder: Path) -> bytes:
    """Return a folder with other files, and contents that fit them, signed by somebody else."""
    other = a_crypto(folder)
    pem = other.public_key(other.sign(b"")[0]).encode()
    return sound.with_files({**files, "keys/00000000.pem": pem}, resign=lambda body: other.sign(body)[1])


def test_contents_that_were_signed_anew_are_found_by_the_key_that_one_has(
    sound: Folder, tmp_path: Path
) -> None:
    forged = signed_anew(sound, {"cap/1.xml": b"<alert/>"}, tmp_path)
    found = [(f.file, f.why) for f in sound.check(forged).faults]
    assert found == [("contents.json", "is not signed by the ledger's key: it was signed anew, or changed")]
    faults = [(f.file, f.why) for f in verify_folder(io.BytesIO(forged)).faults]
    assert faults == [("cap/1.xml", "does not follow from the records")], "even with the forger's own key"


def test_a_record_left_out_is_found_though_the_contents_were_signed_anew(
    sound: Folder, tmp_path: Path
) -> None:
    lines = lines_of(sound)
    forged = signed_anew(sound, {"records.jsonl": b"".join(lines[:5] + lines[6:])}, tmp_path)
    (fault,) = verify_folder(io.BytesIO(forged)).faults
    assert fault.file == "records.jsonl"
    assert "has 15 records" in fault.why
    assert "16, 2 to 18, were signed for" in fault.why


@pytest.mark.parametrize("number", [0, 7, 14])
def test_a_record_that_does_not_fit_its_proof_is_named(sound: Folder, tmp_path: Path, number: int) -> None:
    lines = lines_of(sound)
    one = read_line(lines[number])
    leaf = one.leaf.model_copy(update={"message_id": "forged"}).to_bytes()
    lines[number] = record_line(one.position, leaf, one.payload, one.path)
    forged = signed_anew(sound, {"records.jsonl": b"".join(lines)}, tmp_path)
    faults = [f for f in verify_folder(io.BytesIO(forged)).faults if f.position]
    assert [(f.position, f.why) for f in faults] == [
        (one.position, "does not fit its proof: the ledger does not hold it there")
    ]


def test_a_payload_that_is_another_is_named(sound: Folder, tmp_path: Path) -> None:
    lines = lines_of(sound)
    one = read_line(lines[3])
    lines[3] = record_line(one.position, one.leaf_bytes, one.payload + b" ", one.path)
    forged = signed_anew(sound, {"records.jsonl": b"".join(lines)}, tmp_path)
    faults = [f for f in verify_folder(io.BytesIO(forged)).faults if f.position]
    assert [(f.position, f.why) for f in faults] == [
        (one.position, "has another payload than the one that was recorded")
    ]


async def test_a_record_of_another_warning_is_named(tmp_path: Path) -> None:
    warning, other = a_warning(), AWarning()
    async with a_ledger(f"sqlite:///{tmp_path}/db/{{name}}.db", tmp_path) as book:
        await told(book, warning)
        await book.say(other.published())
        mine, theirs = await a_folder(book, warning), await a_folder(book, other)
    lines = b"".join([*lines_of(mine), *lines_of(theirs)])
    found = verify_folder(io.BytesIO(signed_anew(mine, {"records.jsonl": lines}, tmp_path / "other")))
    assert "is a record of another warning" in [f.why for f in found.faults]


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_any_flipped_bit_of_the_zip_is_found(sound: Folder, data: st.DataObject) -> None:
    content = bytearray(sound.content)
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert sound.check(bytes(content)).faults


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31))
def test_a_folder_that_is_cut_short_or_longer_is_found(sound: Folder, cut: int) -> None:
    assert sound.check(sound.content[: cut % len(sound.content)]).faults
    assert sound.check(sound.content + b"x").faults
    assert sound.check(b"x" + sound.content).faults


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_what_is_no_zip_is_refused_in_one_line(content: bytes) -> None:
    (fault,) = verify_folder(io.BytesIO(content)).faults
    assert "no zip" in fault.why or "removed" in fault.why


def _squeezed(files: dict[str, bytes]) -> bytes:
    """Return a zip as we never write one: compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as squeezed:
        for path, content in files.items():
            squeezed.writestr(path, content)
    return out.getvalue()


def test_a_zip_bomb_is_not_unpacked(sound: Folder) -> None:
    bomb = _squeezed({**sound.files(), "cap/1.xml": bytes(50_000_000)})
    assert len(bomb) < 200_000
    assert ("cap/1.xml", "was changed") in [(f.file, f.why) for f in sound.check(bomb).faults]
    (fault,) = sound.check(_squeezed({"contents.json": bytes(300_000_000)})).faults
    assert fault.why == "is larger than the contents say"


def test_what_is_signed_is_what_lies_there(sound: Folder) -> None:
    files = sound.files()
    assert listed(sound.contents).keys() == files.keys() - {"contents.json"}
    for path, file in listed(sound.contents).items():
        assert (file.size, file.sha256) == (len(files[path]), sha256_hex(files[path]))
    fields = orjson.loads(files["contents.json"])
    key = PublicKey(files[f"keys/{fields['key']}.pem"].decode())
    assert key.signed(sound.contents.signed(), base64.b64decode(fields["signature"]))


async def test_a_spreadsheet_takes_no_name_for_a_formula(tmp_path: Path) -> None:
    warning = AWarning()
    async with a_ledger(f"sqlite:///{tmp_path}/db/{{name}}.db", tmp_path) as book:
        await book.say(*warning.whole(), a_fact(warning_id=str(warning.warning_id), actor="=1+2"))
        found = await a_folder(book, warning)
    assert ",'=1+2\r\n" in found.files()["timeline.csv"].decode()


async def test_what_was_hidden_from_the_ledgers_own_index_is_a_difference(tmp_path: Path) -> None:
    warning = AWarning()
    silent = warning.requests()[0]
    said = [m for m in warning.whole() if getattr(m, "delivery_id", None) != silent.delivery_id]
    async with a_ledger(f"sqlite:///{tmp_path}/db/{{name}}.db", tmp_path) as book:
        await book.say(*said)
        found = await a_folder(book, warning)
    verdict = found.check()
    assert verdict.faults == []
    assert not verdict.holds
    assert {d.about for d in verdict.differences if d.about} == {str(silent.delivery_id)}
