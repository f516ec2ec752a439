"""Settings: `YUTIAN_*` from the environment, `YUTIAN_*_FILE` for secrets, read once, at the door."""

import os
import socket
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from services.kit.errors import Invalid, Refused

PREFIX = "YUTIAN_"


def _secrets_from_files(fields: dict[str, Any]) -> dict[str, str]:
    """Return the values of every `YUTIAN_<NAME>_FILE` whose plain setting is not given."""
    found = {}
    for name in fields:
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if path and f"{PREFIX}{name.upper()}" not in os.environ:
            try:
                found[name] = Path(path).read_text().strip()
            except OSError as error:
                raise Refused(
                    f"setting {PREFIX}{name.upper()}_FILE cannot be read: {error.strerror}"
                ) from None
    return found


class Settings(BaseSettings):
    """The settings that every service has."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)
    service: ClassVar[str] = "kit"

    var: Path = Field(Path("var"), description="Folder for everything that is kept on a laptop")
    host: str = Field("127.0.0.1", description="Address on which HTTP is served")
    port: int = Field(8600, ge=0, le=65535, description="Port on which HTTP is served")
    public_url: str = Field(
        "", description="Address under which people reach the pages; empty: host and port"
    )
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Proxies whose word counts for from where a request came: addresses and networks, or *",
    )
    tls_certificate: str = Field("", description="PEM file of our certificate, to serve HTTPS ourselves")
    tls_key: str = Field("", description="PEM file of its key")
    tls_client_ca: str = Field(
        "", description="PEM file of the authority whose client certificates are accepted beside keys"
    )
    nats_url: str = Field("nats://127.0.0.1:4222", description="The bus")
    nats_password: SecretStr | None = Field(None, description="Password of the bus, if it wants one")
    stream_replicas: int = Field(
        1, ge=1, le=5, description="Copies of each stream: 1 on a laptop, 3 in production"
    )
    database_url: SecretStr = Field(
        SecretStr("sqlite:///{var}/db/{name}.db"),
        description="Database, `{name}` standing for the house: sqlite:///... or postgresql://{name}:...@host/db",
    )
    keys: Path = Field(Path("{var}/keys"), description="Folder of keys: the id of a key is its file name")
    issuer_url: str = Field("", description="Where the issuer answers; empty: this process")
    router_url: str = Field("", description="Where the router answers; empty: this process")
    internal_key: SecretStr = Field(
        SecretStr(""),
        description="Key with which services speak to each other; empty: read from the key folder",
    )
    instance: str = Field(
        default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}", description="This replica"
    )
    security_contact: str = Field(
        "mailto:security@qijiang.example", description="Where faults of security are told"
    )
    otlp_endpoint: str = Field("", description="Where traces are sent; empty: nowhere")
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level that is logged"
    )
    fail_at: str = Field("", description="For tests: die at this point, see services/kit/failpoints.py")
    shutdown_s: float = Field(2.0, gt=0, description="Seconds that open streams are given to end")

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the settings; raise Refused with one line that names what is wrong."""
        try:
            return cls(**{**_secrets_from_files(dict(cls.model_fields)), **given})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
            why = first["msg"].removeprefix("Value error, ")
            raise Invalid(f"setting {name}", why, "see `yutian settings`") from None

    @field_validator("nats_url")
    @classmethod
    def _of_a_bus(cls, url: str) -> str:
        """Take an address with a port, as a bus that we start ourselves needs one."""
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("nats", "tls", "ws", "wss") and parts.hostname and parts.port
        except ValueError:
            good = False
        if not good:
            raise ValueError("is not the address of a bus, such as nats://127.0.0.1:4222")
        return url

    @field_validator("keys")
    @classmethod
    def _of_a_folder(cls, keys: Path) -> Path:
        """Take what can be filled in."""
        try:
            str(keys).format(var="var")
        except (LookupError, ValueError):
            raise ValueError("is not a folder, such as {var}/keys") from None
        return keys

    @field_validator("database_url")
    @classmethod
    def _of_a_database(cls, url: SecretStr) -> SecretStr:
        """Take what can be read as an address; nothing of it is repeated, as it holds a password."""
        try:
            parsed = make_url(url.get_secret_value().format(var="var", name="house"))
            good = parsed.get_backend_name() in ("sqlite", "postgresql")
        except (ArgumentError, LookupError, ValueError):
            good = False
        if not good:
            raise ValueError("is not sqlite:///{var}/db/{name}.db or postgresql://{name}:...@host/db")
        return url

    def nats_port(self) -> int:
        """Return the port of the bus."""
        return urlsplit(self.nats_url).port or 0

    def nats_place(self) -> str:
        """Return where the bus is, without a name or password."""
        return f"{urlsplit(self.nats_url).hostname}:{self.nats_port()}"

    def database(self, name: str) -> str:
        """Return the database URL of one house."""
        return self.database_url.get_secret_value().format(var=self.var.resolve(), name=name)

    def key_folder(self) -> Path:
        """Return the folder of keys."""
        return Path(str(self.keys).format(var=self.var.resolve()))

    def base_url(self) -> str:
        """Return the address under which people reach the pages."""
        return self.public_url or f"http://{self.host}:{self.port}"
