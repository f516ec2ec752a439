"""SM2, SM3 and HMAC-SM3, judged by the openssl command and by gmssl, neither of which the product uses."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from services.kit import sm

KEY = sm.PrivateKey.from_hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
"""The DER of a SubjectPublicKeyInfo for SM2, up to the point."""

TEXT = "綦江区气象台发布暴雨红色预警信号".encode()


def _openssl() -> str:
    command = shutil.which("openssl")
    if command is None:
        pytest.skip("the openssl command is absent: apt-get install openssl")
    return command


def _openssl_accepts(key: sm.PublicKey, content: bytes, der: bytes, folder: Path) -> bool:
    for name, value in (("key.der", SPKI_HEAD + key.point), ("content", content), ("signature", der)):
        (folder / name).write_bytes(value)
    verdict = subprocess.run(
        [
            *(_openssl(), "pkeyutl", "-verify", "-rawin", "-digest", "sm3"),
            *("-pkeyopt", "distid:1234567812345678", "-pubin", "-keyform", "DER", "-inkey", "key.der"),
            *("-in", "content", "-sigfile", "signature"),
        ],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return verdict.returncode == 0


def test_openssl_accepts_our_signature(tmp_path: Path) -> None:
    der = sm.der_from_raw(KEY.sign(TEXT))
    assert _openssl_accepts(KEY.public, TEXT, der, tmp_path)
    assert not _openssl_accepts(KEY.public, TEXT + b".", der, tmp_path)


def test_we_accept_the_signature_of_openssl(tmp_path: Path) -> None:
    run = {"cwd": tmp_path, "check": True, "capture_output": True}
    subprocess.run([_openssl(), "genpkey", "-algorithm", "SM2", "-out", "key.pem"], **run)
    public = [_openssl(), "pkey", "-in", "key.pem", "-pubout", "-outform", "DER"]
    point = subprocess.run(public, **run).stdout[-65:]
    (tmp_path / "content").write_bytes(TEXT)
    der = subprocess.run(
        [
            *(_openssl(), "pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-inkey", "key.pem"),
            *("-pkeyopt", "distid:1234567812345678", "-in", "content"),
        ],
        **run,
    ).stdout
    key = sm.PublicKey(point)
    assert key.verify(TEXT, der)
    assert key.verify(TEXT, sm.raw_from_der(der))
    assert not key.verify(TEXT + b".", der)


def test_gmssl_accepts_our_signature() -> None:
    judge = pytest.importorskip("gmssl.sm2", reason="gmssl is absent: uv sync")
    key = judge.CryptSM2(private_key="", public_key="")
    key.public_key = KEY.public.hex()[2:]
    assert key.verify_with_sm3(KEY.sign(TEXT).hex(), TEXT)
    assert not key.verify_with_sm3(KEY.sign(TEXT + b".").hex(), TEXT)


def test_gmssl_and_openssl_find_the_same_digest() -> None:
    judge = pytest.importorskip("gmssl.sm3", reason="gmssl is absent: uv sync")
    assert sm.sm3(TEXT).hex() == judge.sm3_hash(list(TEXT))
    named = subprocess.run([_openssl(), "dgst", "-sm3", "-r"], input=TEXT, capture_output=True, check=True)
    assert sm.sm3(TEXT).hex() == named.stdout.split()[0].decode()


def test_openssl_finds_the_same_message_code() -> None:
    command = [_openssl(), "dgst", "-sm3", "-hmac", "a key", "-r"]
    named = subprocess.run(command, input=TEXT, capture_output=True, check=True)
    assert sm.hmac_sm3(b"a key", TEXT).hex() == named.stdout.split()[0].decode()


def test_standard_digest_of_abc() -> None:
    assert sm.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_leading_zeros_are_kept_on_the_wire(tmp_path: Path) -> None:
    contents = (b"%d" % number for number in range(3000))
    signed = ((content, KEY.sign(content)) for content in contents)
    content, signature = next(pair for pair in signed if 0 in (pair[1][0], pair[1][32]))
    assert len(signature) == 64
    der = sm.der_from_raw(signature)
    assert sm.raw_from_der(der) == signature
    assert KEY.public.verify(content, signature)
    assert KEY.public.verify(content, der)
    assert _openssl_accepts(KEY.public, content, der, tmp_path)


@pytest.mark.parametrize("raw", [b"\0" * 31 + b"\1" + b"\0" * 31 + b"\1", b"\0\x80" + b"\x7f" * 62])
def test_small_numbers_survive_the_way_through_der(raw: bytes) -> None:
    assert sm.raw_from_der(sm.der_from_raw(raw)) == raw


def test_two_signatures_of_one_text_differ_and_both_hold() -> None:
    first, second = KEY.sign(TEXT), KEY.sign(TEXT)
    assert first != second
    assert KEY.public.verify(TEXT, first)
    assert KEY.public.verify(TEXT, second)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\0" * 64,
        b"\xff" * 64,
        b"\x30\x06\x02\x01\x01\x02\x01\x01",
        b"\x30\x06\x02\x01\xff\x02\x01\x01",
        b"\x30\x80",
        b"x" * 63,
        b"x" * 5000,
    ],
)
def test_rubbish_is_no_signature_and_no_error(signature: bytes) -> None:
    assert KEY.public.verify(TEXT, signature) is False


def test_signature_of_another_key_is_refused() -> None:
    assert not sm.PrivateKey.generate().public.verify(TEXT, KEY.sign(TEXT))


def test_signature_under_another_user_id_is_refused() -> None:
    other = sm.PublicKey(KEY.public.point, user_id=b"somebody else")
    assert not other.verify(TEXT, KEY.sign(TEXT))


def test_key_file_is_private_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "broadcast-2026.key"
    KEY.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sm.PrivateKey.load(path) == KEY
    with pytest.raises(FileExistsError):
        sm.PrivateKey.generate().save(path)


@pytest.mark.parametrize("text", ["", "00" * 32, "ff" * 32, "12" * 31, "no key at all", "秘密"])
def test_bad_private_key_is_refused_without_being_shown(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="SM2 private key") as caught:
        sm.PrivateKey.load(path)
    assert not text or text not in str(caught.value)
    assert caught.value.__cause__ is None


def test_private_key_does_not_show_itself() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert KEY.public.hex() in repr(KEY)


def test_public_key_is_read_with_its_first_byte_and_without() -> None:
    assert sm.PublicKey.from_hex(KEY.public.hex()) == sm.PublicKey.from_hex(KEY.public.hex()[2:])


@pytest.mark.parametrize("text", ["04", "04" + "11" * 64, "04" + "ff" * 64, "00", "02" + "11" * 32, "zz"])
def test_point_off_the_curve_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SM2 public key"):
        sm.PublicKey.from_hex(text)


def test_message_code_is_compared() -> None:
    code = sm.hmac_sm3(b"key", TEXT)
    assert sm.hmac_sm3_matches(b"key", TEXT, code)
    assert not sm.hmac_sm3_matches(b"other", TEXT, code)
    assert not sm.hmac_sm3_matches(b"key", TEXT, code[:-1])
