"""A gateway may come with a client certificate in place of a key, on a real TLS connection."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.kit.door import DoorProtocol
from services.kit.process import _tls
from services.kit.settings import Settings
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones
from tests.servers import free_port


class Authority:
    """Signs certificates into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, _name(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.path = self._write(name, self._sign(self.name, self.key, authority=True), self.key)

    def issue(self, name: str, unit: str = "") -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        return self._write(f"{name}-{unit}", self._sign(_name(name, unit), key), key)

    def _sign(self, name: x509.Name, key: Any, *, authority: bool = False) -> x509.Certificate:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self.name)
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(30))
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        made = made.add_extension(names, critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        return made.sign(self.key, hashes.SHA256())

    def _write(self, name: str, certificate: x509.Certificate, key: Any) -> Path:
        path = self.folder / f"{name}.pem"
        pem = serialization.Encoding.PEM
        plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(certificate.public_bytes(pem) + plain)
        return path


def _name(name: str, unit: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    return x509.Name(parts + ([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []))


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave signals alone."""
        yield


@pytest.fixture
async def door(a_house: GatewaysHouse, tmp_path: Path) -> AsyncIterator[tuple[str, Authority]]:
    """The house behind TLS of its own, and the authority whose certificates it takes."""
    ours = Authority(tmp_path, "ours")
    server_pem = str(ours.issue("localhost"))
    settings = Settings.load(tls_certificate=server_pem, tls_key=server_pem, tls_client_ca=str(ours.path))
    port = free_port()
    config = uvicorn.Config(
        a_house.app, port=port, log_config=None, lifespan="off", http=DoorProtocol, **_tls(settings)
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"https://localhost:{port}/api/v1/gateways", ours
    server.should_exit = True
    await serving


async def ask(url: str, ours: Authority, certificate: Path | None, **headers: str) -> httpx.Response:
    context = ssl.create_default_context(cafile=str(ours.path))
    if certificate is not None:
        context.load_cert_chain(certificate)
    async with httpx.AsyncClient(verify=context) as http:
        return await http.post(f"{url}/leases", json={}, headers=headers)


async def test_a_certificate_is_as_good_as_a_key_for_its_gateway_and_mode(
    a_house: GatewaysHouse, door: tuple[str, Authority], monkeypatch: pytest.MonkeyPatch
) -> None:
    base, ours = door
    await a_house.deliver(a_house.batch(phones(1)))
    live, drill = ours.issue("cmcc", "live"), ours.issue("cmcc", "drill")
    assert (await ask(f"{base}/cmcc", ours, drill)).json()["data"] == []
    assert len((await ask(f"{base}/cmcc", ours, live)).json()["data"]) == 1
    assert (await ask(f"{base}/cucc", ours, live)).status_code == 403
    assert (await ask(f"{base}/cmcc", ours, None)).status_code == 401
    assert (await ask(f"{base}/cmcc", ours, ours.issue("nobody", "live"))).status_code == 401
    assert (await ask(f"{base}/cmcc", ours, ours.issue("cmcc", "both"))).status_code == 401
    assert (await ask(f"{base}/cmcc", ours, live, authorization="Bearer x")).status_code == 401
    key = {"authorization": f"Bearer {a_house.keys['live']}"}
    assert (await ask(f"{base}/cmcc", ours, None, **key)).status_code == 200
    read = x509.load_pem_x509_certificate(live.read_bytes())
    dead = f"00, {read.fingerprint(hashes.SHA256()).hex().upper()}"
    revoked = a_house.parts.settings.model_copy(update={"gateways_revoked": dead})
    object.__setattr__(a_house.parts, "settings", revoked)
    assert (await ask(f"{base}/cmcc", ours, live)).status_code == 401


async def test_a_certificate_of_another_authority_does_not_come_in(
    door: tuple[str, Authority], tmp_path: Path
) -> None:
    base, ours = door
    theirs = Authority(tmp_path, "theirs")
    with pytest.raises(httpx.HTTPError):
        await ask(f"{base}/cmcc", ours, theirs.issue("cmcc", "live"))


async def test_a_header_does_not_stand_for_a_certificate(a_house: GatewaysHouse) -> None:
    reply = await a_house.client.post(
        "/api/v1/gateways/cmcc/leases",
        json={},
        headers={"client_certificate": "cmcc", "x-client-cert": "cmcc"},
    )
    assert reply.status_code == 401
