"""The configuration of a laptop's nats-server: the bus for us, MQTT for stations, an account for each.

Nothing crosses from one account to the other, so that no station reaches a stream, whatever it holds.
"""

import secrets
from pathlib import Path

CONFIGURATION, USERS, PID = "nats.conf", "stations-users.conf", "nats.pid"
ACCOUNT = "YUTIAN"

MOST_SUBSCRIPTIONS = 20_000
"""Of MQTT at QoS 1, each of which is a consumer; nats-server would stop at 1,000."""


def write(folder: Path, port: int, mqtt_port: int) -> Path:
    """Write the configuration, and an empty file of MQTT users where there is none; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    users = folder / USERS
    if not users.exists():
        users.write_text("users = []\n")
    _take_along(folder / "jetstream")
    path = folder / CONFIGURATION
    path.write_text(
        f"listen: 127.0.0.1:{port}\nserver_name: yutian\n"
        f'jetstream {{ store_dir: "{folder.resolve()}", sync_interval: always }}\n'
        "max_payload: 4MB\n" + stations(folder, mqtt_port)
    )
    return path


def _take_along(streams: Path) -> None:
    """Move what an older version kept in the account without a name."""
    if (streams / "$G").is_dir() and not (streams / ACCOUNT).exists():
        (streams / "$G").rename(streams / ACCOUNT)


def stations(folder: Path, mqtt_port: int) -> str:
    """Return what brings MQTT: two accounts, and a listener that takes nobody without a name."""
    # Not hashed: nats-server compares it as it stands when somebody comes without a name.
    ours = f'{{user: yutian, password: "{secrets.token_hex(16)}"'
    lines = [
        f'pid_file: "{(folder / PID).resolve()}"',
        "no_auth_user: yutian",
        "accounts {",
        f"  {ACCOUNT} {{",
        "    jetstream: enabled",
        # Whoever comes to the bus of a laptop without a name is us; by MQTT nobody is.
        f'    users: [{ours}, allowed_connection_types: ["STANDARD"]}}]',
        "  }",
        "  STATIONS {",
        f"    jetstream: {{max_consumers: {MOST_SUBSCRIPTIONS}}}",
        f"    include ./{USERS}",
        "  }",
        "}",
    ]
    if mqtt_port:
        lines.append(f'mqtt {{ listen: "127.0.0.1:{mqtt_port}", js_api_timeout: "60s" }}')
    return "\n".join(lines) + "\n"
