"""The demo's partners: made-up ids and secrets, kept in a folder, told to both sides."""

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from contracts.values import Mode
from services.kit import sm
from services.kit.crypto import KeyFolder
from services.kit.errors import Refused
from services.kit.settings import PREFIX
from services.kit.xmlsig import CapSigner
from services.laptop.prepare import write_private

PLATFORM = "45001100000000303010201"
OURS = "45001100000000103010101"
"""Made-up resource codes of the platform and of us (domain digest, 4.3)."""

PARTS = ("world", "broadcast", "cable", "wechat", "app", "voice", "push", "weibo", "upper", "upper-ftp")
FIELDS = ("thing1", "time2", "thing3", "thing4")
TEMPLATE = "yutian-warning"
ABOVE = "qijiang"
"""What we are called at the FTP server of the platform above."""


@dataclass(frozen=True)
class Partners:
    """Who plays the partners, where, and with which secrets."""

    folder: Path
    first_port: int
    secrets: dict[str, str]

    def ports(self) -> dict[str, int]:
        """Return the port of each part of the sandbox."""
        return {name: self.first_port + n for n, name in enumerate(PARTS)}

    def url(self, name: str) -> str:
        """Return where a part of the sandbox answers."""
        return f"http://127.0.0.1:{self.ports()[name]}"

    def environment(self) -> dict[str, str]:
        """Return the settings that connect the services to the sandbox."""
        known = self.secrets
        settings = {
            "BROADCAST_URL": f"{self.url('broadcast')}/ebd",
            "BROADCAST_EBRID": OURS,
            "BROADCAST_PLATFORM": PLATFORM,
            "BROADCAST_PLATFORM_KEY": sm.PrivateKey.from_hex(known["platform"]).public.hex(),
            "CABLE_URL": self.url("cable"),
            "CABLE_KEY": known["cable"],
            "WECHAT_URL": self.url("wechat"),
            "WECHAT_APPID": known["appid"],
            "WECHAT_SECRET": known["wechat"],
            "WECHAT_TEMPLATE": TEMPLATE,
            "WECHAT_CALLBACK_TOKEN": known["callback"],
            "APP_URL": self.url("app"),
            "APP_KEY": known["app_key"],
            "APP_SECRET": known["app"],
            "VOICE_URL": self.url("voice"),
            "VOICE_KEY": known["voice"],
            "WEB_CONTACT": "demo@qijiang.example",
            "WEB_SERVICES": self.url("push"),
            "WEIBO_URL": self.url("weibo"),
            "WEIBO_TOKEN": known["weibo"],
            "UPPER_URL": f"ftp://{ABOVE}@127.0.0.1:{self.ports()['upper-ftp']}/",
            "UPPER_PASSWORD": known["upper"],
        }
        return {f"{PREFIX}{name}": value for name, value in settings.items()}

    def command(
        self, base_url: str, keys: KeyFolder, credentials: Path, stations: int | None = None
    ) -> list[str]:
        """Write the sandbox's configuration and return the command that runs it.

        `stations` lets only the first so many stations take part; the others stay silent.
        """
        known = self.secrets
        our_key = sm.PrivateKey.from_hex(keys.active(f"sm2-{Mode.LIVE}")[1].decode().strip()).public
        config: dict[str, Any] = {
            "base_url": base_url,
            "ports": self.ports(),
            "credentials": str(credentials.resolve()),
            "stations": stations,
            "certificate": {str(mode): CapSigner(keys).certificate(mode) for mode in Mode},
            "broadcast": {
                "ebrid": PLATFORM,
                "partner": OURS,
                "secret": known["platform"],
                "partner_key": our_key.hex(),
            },
            "cable": {"key": known["cable"].encode().hex()},
            "wechat": {
                "appid": known["appid"],
                "secret": known["wechat"],
                "template_id": TEMPLATE,
                "fields": FIELDS,
                "callback": f"{base_url}/api/v1/wechat/events",
                "callback_token": known["callback"],
            },
            "app": {"app_key": known["app_key"], "master_secret": known["app"]},
            "voice": {"key": known["voice"]},
            "push": {"origin": self.url("push"), "base_url": base_url},
            "weibo": {"token": known["weibo"], "domain": urlsplit(base_url).hostname},
            "upper": {
                "folder": str((self.folder / "above").resolve()),
                "user": ABOVE,
                "password": known["upper"],
            },
        }
        path = self.folder / "sandbox.json"
        write_private(path, orjson.dumps(config))
        return [sys.executable, "-m", "sandbox", str(path)]


def partners(folder: Path, first_port: int) -> Partners:
    """Return the partners of a folder, with secrets made at the first call."""
    path = folder / "partners.json"
    try:
        read = orjson.loads(path.read_bytes())
        known = {**_made(), **read}
        if known != read:
            write_private(path, orjson.dumps(known))
    except FileNotFoundError:
        known = _made()
        write_private(path, orjson.dumps(known))
    except (OSError, orjson.JSONDecodeError) as error:
        raise Refused(f"{path} cannot be read: {type(error).__name__}", mend=f"delete {folder}") from None
    return Partners(folder, first_port, known)


def _made() -> dict[str, str]:
    return {
        "platform": sm.PrivateKey.generate().secret.hex(),
        "appid": f"wx{secrets.token_hex(8)}",
        "app_key": secrets.token_hex(12),
        **{name: secrets.token_urlsafe(24) for name in ("cable", "wechat", "callback", "app", "voice")},
        **{name: secrets.token_urlsafe(24) for name in ("weibo", "upper")},
    }
