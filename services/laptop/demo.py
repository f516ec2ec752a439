"""`yutian demo`: everything on one computer, two warnings by the public API, every target accounted for."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
from rich.console import Console

from services.kit.crypto import KeyFolder
from services.kit.errors import Refused
from services.kit.settings import PREFIX
from services.laptop import children, show, story, world
from services.laptop.prepare import locked
from services.laptop.settings import LaptopSettings
from services.laptop.visitor import Visitor, until_ready

PATIENCE_S = 150.0
LOOK_S = 0.4
WIDTH = 118
"""Columns of the tables where there is no terminal to ask."""


async def run(settings: LaptopSettings, *, leave: bool) -> int:
    """Run the demo; return 0 when nothing is open at its end, else 1."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    demo = Demo(settings, console)
    with locked(settings.var / "demo"):
        async with demo.opened() as (http, credentials):
            good = await demo.play(http, credentials)
            demo.invite(credentials)
            if not leave:
                await demo.keep_serving()
    return 0 if good else 1


class Demo:
    """The demo, from an empty folder to a verified ledger."""

    def __init__(self, settings: LaptopSettings, console: Console) -> None:
        self.settings = settings
        self.console = console
        self.url = settings.base_url()
        self.processes: list[asyncio.subprocess.Process] = []

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[httpx.AsyncClient, dict[str, Any]]]:
        """Start the services and the world around them, as processes of their own."""
        folder = self.settings.var / "demo"
        settings = self.settings
        children.require_free(settings.host, settings.port, "HTTP", f"{PREFIX}PORT")
        partners = world.partners(folder, settings.sandbox_port)
        for name, port in partners.ports().items():
            children.require_free("127.0.0.1", port, f"the sandbox's {name}", f"{PREFIX}SANDBOX_PORT")
        services_log, world_log = folder / "services.log", folder / "sandbox.log"
        credentials_path = settings.var / "credentials.json"
        up = [sys.executable, "-m", "services", "up"]
        self.console.print(f"starting nats-server, five services and the sandbox (logs: {folder})")
        async with (
            children.child(up, services_log, partners.environment()) as main,
            httpx.AsyncClient(base_url=self.url, timeout=30) as http,
        ):
            await until_ready(http, main, str(services_log))
            credentials = await asyncio.to_thread(_read, credentials_path)
            keys = KeyFolder(settings.key_folder())
            command = partners.command(self.url, keys, credentials_path)
            async with children.child(command, world_log) as outside:
                self.processes = [main, outside]
                await self._connected(credentials, outside, partners, str(world_log))
                yield http, credentials

    async def _connected(
        self,
        credentials: dict[str, Any],
        outside: asyncio.subprocess.Process,
        partners: world.Partners,
        log: str,
    ) -> None:
        """Wait until every station that has a device is there, and every browser has said what it wants."""
        devices = sum(1 for s in credentials["stations"] if s["class"] != "person")
        async with httpx.AsyncClient(base_url=partners.url("world"), timeout=5) as http:
            await until_ready(http, outside, log)
            async with asyncio.timeout(PATIENCE_S):
                while not _there(seen := (await http.get("/state")).json(), devices):
                    self._alive()
                    await asyncio.sleep(LOOK_S)
        people = len(credentials["stations"]) - devices
        connected, browsers = seen["stations"]["connected"], seen["push"]["subscribed"]
        self.console.print(
            f"{connected} stations are connected; {people} more are a person with a phone; "
            f"{browsers} browsers have subscribed"
        )

    def _alive(self) -> None:
        for process in self.processes:
            if process.returncode is not None:
                raise Refused("a process of the demo ended", mend=f"see {self.settings.var / 'demo'}")

    async def play(self, http: httpx.AsyncClient, credentials: dict[str, Any]) -> bool:
        """Issue two warnings, lift one, check everything against the registry; return whether all is well."""
        people = await story.cast(Visitor(http), credentials)
        registered = await self._registered(people.drafter)
        now = datetime.now(UTC)
        self.console.rule("red rainstorm, all 21 towns")
        first = await story.issue(people.drafter, (people.checker, people.signer), story.red(now))
        one = await self._follow(people.drafter, first)
        self.console.rule("orange rainstorm, twelve towns")
        second = await story.issue(people.drafter, (people.signer,), story.orange(now))
        two = await self._follow(people.drafter, second)
        self.console.rule("the orange warning is lifted")
        lifted = await story.lift(people.drafter, (people.signer,), second)
        three = await self._follow(people.drafter, lifted)
        for title, progress in (("RED, 21 towns", one), ("ORANGE, 12 towns", two), ("ORANGE lifted", three)):
            show.account(self.console, f"{title}: {progress['manifest_count']} targets", progress)
        operator = await Visitor(http).signed_in(_account(credentials, "qian"))
        links = await self._roads(operator, (one, two, three))
        wanted = {
            "RED": (one, {c for codes in registered.values() for c in codes}),
            "ORANGE": (two, {c for town in story.SOUTH for c in registered[town]}),
        }
        checks = [await self._villages(people.drafter, title, *pair) for title, pair in wanted.items()]
        self._speed(one)
        proven = await self._proven(people.auditor)
        return all(checks) and all(map(_closed, (one, two, three))) and links and proven

    async def _roads(self, operator: Visitor, progresses: Sequence[dict[str, Any]]) -> bool:
        """Test every road and print a line for every channel; return whether all roads are up."""
        links = (await operator.post("/api/v1/links/test"))["data"]
        show.every_channel(self.console, progresses, links)
        return all(link["up"] for link in links)

    async def _registered(self, drafter: Visitor) -> dict[str, set[str]]:
        """Return the stations that the registry knows, by town."""
        found: dict[str, set[str]] = {}
        rows = (await drafter.get("/api/v1/registry/stations", limit=1000))["data"]
        for row in rows:
            found.setdefault(row["village_code"][:9], set()).add(row["code"])
        return found

    async def _follow(self, drafter: Visitor, warning: dict[str, Any]) -> dict[str, Any]:
        """Draw the bars until nothing is open, or patience ends; return the last progress."""
        bars = show.Bars(self.console)
        path = f"/api/v1/warnings/{warning['warning_id']}/progress"
        self.console.print(f"{warning['headline']} [{warning['identifier']}]")
        progress: dict[str, Any] = {}
        with bars.progress, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not progress or not _closed(progress):
                    self._alive()
                    progress = await drafter.get(path, revision=warning["revision"])
                    bars.show(progress)
                    await asyncio.sleep(LOOK_S)
        return progress

    async def _villages(
        self, drafter: Visitor, title: str, progress: dict[str, Any], wanted: set[str]
    ) -> bool:
        """Check the reached stations, one by one, against the registry."""
        path = f"/api/v1/warnings/{progress['warning_id']}/targets"
        reached: set[str] = set()
        after = ""
        while True:
            page = await drafter.get(
                path, revision=progress["revision"], channel="station", limit=500, cursor=after
            )
            reached |= {row["target"] for row in page["data"] if row["received_at"]}
            if not page["has_more"]:
                break
            after = page["next"]
        missing, extra = wanted - reached, reached - wanted
        self.console.print(
            f"{title}: {len(wanted & reached)} of {len(wanted)} stations of the registry reached"
        )
        for word, codes in (("not reached", missing), ("reached and not wanted", extra)):
            if codes:
                self.console.print(f"  [red]{word}: {', '.join(sorted(codes)[:20])}[/red]")
        return not missing and not extra

    def _speed(self, progress: dict[str, Any]) -> None:
        lines = {line["channel"]: line for line in progress["channels"]}
        heard = (line["latency"] for name, line in lines.items() if name != "feed")
        first = min((latency["first_s"] for latency in heard if latency), default=None)
        last = (lines["station"]["latency"] or {}).get("max_s")
        leasable = lines["sms"]["first_report_s"]
        for what, seconds, goal in (
            ("approval → first channel accepted, by somebody outside", first, 10),
            ("approval → last station received", last, 60),
            ("approval → first SMS batch leasable", leasable, 5),
        ):
            said = "never" if seconds is None else f"{seconds:.2f} s"
            self.console.print(f"{what}: {said} (goal ≤ {goal} s)")

    async def _proven(self, auditor: Visitor) -> bool:
        """Let the ledger be reconciled and its head be shown."""
        difference: list[Any] = [None]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30):
                while difference:
                    difference = await story.differences(auditor)
                    if difference:
                        await asyncio.sleep(LOOK_S)
        for line in difference[:10]:
            self.console.print(f"  [red]reconcile: {line}[/red]")
        self.console.print("reconcile: nothing differs" if not difference else "reconcile: differences")
        return await self._verified() and not difference

    async def _verified(self) -> bool:
        """Export the ledger and verify the file in a fresh process, against the published key."""
        folder = self.settings.var / "demo"
        path, key = folder / "ledger.jsonl", folder / "ledger.pub"
        public = await self._audit("export", str(path), "--url", self.url)
        if public is None:
            return False
        key.write_text(public)
        verdict = await self._audit("verify", str(path), "--public-key", str(key))
        self.console.print((verdict or "").strip(), highlight=False)
        return verdict is not None

    async def _audit(self, *words: str) -> str | None:
        """Run an auditor's command; return what it says, None when it found something wrong."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services", "audit", *words),
            env={**os.environ, "YUTIAN_VAR": str(self.settings.var)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, noted = await process.communicate()
        if process.returncode:
            self.console.print((said + noted).decode().strip(), highlight=False)
            return None
        return said.decode()

    def invite(self, credentials: dict[str, Any]) -> None:
        """Print where to look, and as whom."""
        self.console.rule("look for yourself")
        self.console.print(
            f"desk {self.url}/   audit {self.url}/audit   public {self.url}/public   API {self.url}/docs"
        )
        for account in credentials["accounts"]:
            roles = ", ".join(account["roles"])
            coded = f" · yutian code {account['username']}" if "totp_secret" in account else ""
            words = f"  {account['username']:6} {account['password']:18} {roles}{coded}"
            self.console.print(words, highlight=False)

    async def keep_serving(self) -> None:
        """Serve until Ctrl-C."""
        self.console.print("serving until Ctrl-C")
        await asyncio.wait(
            {asyncio.ensure_future(p.wait()) for p in self.processes}, return_when="FIRST_COMPLETED"
        )
        self._alive()


def _there(seen: dict[str, Any], devices: int) -> bool:
    """Tell whether so many stations are connected and all browsers have subscribed."""
    push = seen["push"]
    return bool(seen["stations"]["connected"] >= devices and push["subscribed"] == push["browsers"])


def _closed(progress: dict[str, Any]) -> bool:
    """Tell whether the plan is known, equals its manifest, and has no open target."""
    total = progress["total"]
    return bool(progress["adds_up"] and total["targeted"] > 0 and total["open"] == 0)


def _account(credentials: dict[str, Any], username: str) -> dict[str, Any]:
    found: dict[str, Any] = next(a for a in credentials["accounts"] if a["username"] == username)
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise Refused(
            f"{path} cannot be read: {type(error).__name__}", mend=f"delete {path.parent}"
        ) from None
    return found
