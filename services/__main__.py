"""The command: yutian up | demo | run | migrate | streams | outbox | keys | seed | settings | audit | ...

What only one command needs is imported by that command, so that a service starts with what it runs.
"""

import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from services import all_settings
from services.audit.commands.audit import audit
from services.channels.command import channels
from services.houses import MIGRATIONS, houses_of, openers
from services.kit import postgres
from services.kit.errors import Invalid, Problem, Refused
from services.kit.http import create_app
from services.kit.process import complete, configure_telemetry, open_floor, run, say_start
from services.kit.settings import PREFIX, Settings
from services.kit.terminal import Output
from services.laptop import children, prepare
from services.puller.command import gateway
from services.registry.command import registry
from services.router.command import router

cli = typer.Typer(no_args_is_help=True, add_completion=True, help=__doc__, pretty_exceptions_enable=False)
streams = typer.Typer(no_args_is_help=True, help="The streams of the bus.")
outboxes = typer.Typer(no_args_is_help=True, help="What has been said.")
keys = typer.Typer(no_args_is_help=True, help="Software keys.")
cli.add_typer(streams, name="streams")
cli.add_typer(outboxes, name="outbox")
cli.add_typer(keys, name="keys")
cli.add_typer(audit, name="audit")
cli.add_typer(router, name="router")
cli.add_typer(registry, name="registry")
cli.add_typer(channels, name="channels")
cli.command(name="gateway")(gateway)


@cli.command(name="run")
def run_service(
    service: Annotated[str, typer.Argument(help="issuer, registry, router, channels, audit or all")],
    only: Annotated[str | None, typer.Option(help="One house of channels, such as stations")] = None,
) -> None:
    """Run one service against the configured bus and database."""
    settings = Settings.load()
    configure_telemetry(settings, only or service)
    complete(serve(settings, service, only))


async def serve(settings: Settings, service: str, only: str | None = None) -> None:
    """Open a service's houses on one floor and run them until they are told to stop."""
    children.require_free(settings.host, settings.port, "HTTP", f"{PREFIX}PORT")
    async with open_floor(settings, only or service) as floor:
        opened = [await opener(floor) for opener in openers(service, only).values()]
        await say_start(floor, opened, only or service, all_settings.given(service))
        app = create_app(floor, opened)
        await run(settings, app, opened, floor.bus)


@cli.command()
def up(
    seed: Annotated[bool, typer.Option(help="Fill an empty registry with the default data")] = True,
    own_bus: Annotated[bool, typer.Option(help="Start a nats-server as a child")] = True,
) -> None:
    """Run all services in one process, with everything they need, for a laptop."""
    settings = Settings.load()
    configure_telemetry(settings, "up")
    complete(_up(settings, seed, own_bus))


async def _up(settings: Settings, seed: bool, own_bus: bool) -> None:
    from services.laptop import people
    from services.laptop.settings import LaptopSettings

    with prepare.locked(settings.var):
        children.require_free(settings.host, settings.port, "HTTP", f"{PREFIX}PORT")
        prepare.make_keys(settings)
        laptop, folder = LaptopSettings.load(), settings.var / "nats"
        bus = children.nats_child(folder, settings.nats_port(), laptop.mqtt_port)
        async with bus if own_bus else nullcontext():
            if own_bus:
                os.environ.update(laptop.mqtt_environment(folder))
            await prepare.migrate(settings, list(MIGRATIONS))
            await prepare.apply_streams(settings)
            if seed:
                await people.seed(settings, settings.var / "credentials.json")
            await serve(settings, "all")


@cli.command(name="demo")
def run_demo(
    leave: Annotated[
        bool, typer.Option("--exit", help="End when the warnings have been accounted for")
    ] = False,
) -> None:
    """Issue two real warnings through the public API and watch them reach everyone."""
    from services.laptop import demo
    from services.laptop.settings import LaptopSettings

    raise typer.Exit(complete(demo.run(LaptopSettings.load(), leave=leave)))


@cli.command()
def migrate(
    service: Annotated[str, typer.Argument(help="all, a service, or a house")] = "all",
    provision: Annotated[
        str, typer.Option(help="PostgreSQL address of an administrator, who makes roles and schemas first")
    ] = "",
    password: Annotated[
        str, typer.Option(envvar="YUTIAN_ROLE_PASSWORD", help="Password that the roles are given")
    ] = "",
) -> None:
    """Bring databases up to date."""
    settings = Settings.load()
    houses = houses_of(service)
    if provision:
        complete(postgres.provision(provision, houses, password))
    complete(prepare.migrate(settings, houses))
    typer.echo(f"up to date: {', '.join(houses)}")


@streams.command()
def apply() -> None:
    """Make the streams as they are described; changes nothing that is right already."""
    for name, done in complete(prepare.apply_streams(Settings.load())):
        typer.echo(f"{name} {done}")


@outboxes.command()
def replay(
    since: Annotated[datetime, typer.Option(help="UTC, such as 2026-06-01T00:00:00")],
    service: Annotated[str, typer.Argument(help="all, a service, or a house")] = "all",
) -> None:
    """Publish again what was said since then, after a lost bus; receivers skip what they have."""
    moment = since.replace(tzinfo=since.tzinfo or UTC)
    for house, count in complete(prepare.replay(Settings.load(), houses_of(service), moment)):
        typer.echo(f"{house}: {count} messages will be published again")


@keys.command()
def init() -> None:
    """Make every software key that is missing."""
    made = prepare.make_keys(Settings.load())
    typer.echo(f"made: {', '.join(made)}" if made else "nothing was missing")


@keys.command()
def rotate(
    purpose: Annotated[prepare.Rotated, typer.Argument(help="phone: the key of hashed numbers; seal")],
) -> None:
    """Make a new key and use it; the former ones still open and find what they have sealed and hashed.

    Services read the key in use when they start: restart them, all of one computer together.
    """
    key_id = prepare.rotate_key(Settings.load(), purpose)
    typer.echo(f"{purpose.value} key {key_id} is in use; restart the services, and copy the folder of keys")


@cli.command()
def seed(
    credentials: Annotated[Path, typer.Option(help="Where the secrets are written, once, for you alone")],
) -> None:
    """Fill empty databases with the default registry, demo accounts and keys."""
    from services.laptop import people

    complete(people.seed(Settings.load(), credentials))
    typer.echo(f"seeded; the secrets are in {credentials}")


@cli.command(name="station")
def be_a_station(
    code: Annotated[str, typer.Option(help="Code of the station")],
    key_file: Annotated[Path, typer.Option(help="File with its key, yt_live_... or yt_drill_...")],
    url: Annotated[str, typer.Option(help="Where the stations answer")] = "http://127.0.0.1:8600",
    certificate: Annotated[Path | None, typer.Option(help="PEM to verify warnings with")] = None,
    play: Annotated[str, typer.Option(help="Command that sounds, such as 'aplay siren.wav'")] = "",
    by: Annotated[str, typer.Option(help="Who confirms by pressing Enter")] = "值班员",
    state: Annotated[Path | None, typer.Option(help="File that keeps its place")] = None,
    long_poll: Annotated[bool, typer.Option("--long-poll", help="Ask again and again, no stream")] = False,
) -> None:
    """Be a warning terminal: follow, verify, print, play, report; Enter (or a name) confirms."""
    from services.reference import command

    kept = state or key_file.with_suffix(".state")
    command.station(code, key_file, url, certificate, play, by, kept, long_poll=long_poll)


@cli.command()
def code(
    username: Annotated[str, typer.Argument(help="An account of the file, such as wang")],
    credentials: Annotated[Path, typer.Option(help="The secrets of the seed")] = Path("var/credentials.json"),
) -> None:
    """Show the code of a demo account's second factor, as its phone would."""
    from services.laptop import people

    typer.echo(people.code_of(credentials, username))


@cli.command(name="mqtt-users")
def mqtt_users(
    users: Annotated[Path, typer.Option("--file", help="The file that nats-server includes")],
    pid: Annotated[Path, typer.Option(help="The file with nats-server's process, which reads it anew")],
    channels: Annotated[str, typer.Option(help="Where the channels answer")] = "http://127.0.0.1:8600",
) -> None:
    """Keep the MQTT users of a nats-server beside this process; runs for ever."""
    from services.laptop import warden

    settings = Settings.load()
    configure_telemetry(settings, "mqtt-users")
    complete(warden.keep(settings, channels, users, pid))


@cli.command(name="settings")
def show_settings(
    output: Output = "table",
) -> None:
    """Show every setting of every service: default, value (secrets masked), where it came from."""
    rows = list(all_settings.rows())
    if output == "json":
        sys.stdout.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    for row in rows:
        given = (
            f"{row['value'] or '(empty)'} from {row['source']}" if row["source"] != "default" else "default"
        )
        typer.echo(f"{row['name']} = {row['default'] or '(empty)'}  [{row['service']}; {given}]")
        typer.echo(f"    {row['meaning']}")


def main() -> None:
    """Run the command: exit 0 done, 1 found something, 2 used wrongly, one line for every error."""
    strange = all_settings.unread(os.environ)
    if strange:
        sys.stderr.write(f"yutian: warning: {strange}\n")
    try:
        cli()
    except (Refused, Problem) as problem:
        mend = f" ({problem.mend})" if problem.mend else ""
        sys.stderr.write(f"yutian: {problem.why}{mend}\n")
        sys.exit(2 if isinstance(problem, Invalid) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
