"""The router's command: yutian router explain. It reads what the router keeps, and sends nothing."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.values import AreaSelection, Channel, HazardCode, Instant, Level, Mode
from services.kit.clock import SystemClock, beijing
from services.kit.crypto import KeyFolder, SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Invalid, Problem
from services.router.actions.library import Library
from services.router.actions.preview import Question, preview
from services.router.actions.rulebook import ROUTING
from services.router.model.explain import Considered, Explanation, Way, explain
from services.router.model.manifest import Drawn
from services.router.model.routing import Occasion
from services.router.model.rules import Rules, read
from services.router.settings import RouterSettings

router = typer.Typer(no_args_is_help=True, help="The router: explain whom a warning would reach.")

_LEFT = {
    "again": "have the address of somebody who is reached",
    "no-address": "have no address for it",
    "group": "are in none of the chosen groups",
    "drill": "have not agreed to be called in drills",
    "outside": "live outside the shapes",
    "wish": "subscribed to other warnings",
    "quiet": "have quiet hours now",
    "uncarried": "have nobody who carries it",
    "rule": "are left out by the rule {}",
}
_NOBODY = {
    "left-out": "not asked for",
    "groups": "speaks to everybody, and only groups are to hear it",
    "drill": "has no drill",
    "rule": "no rule that decides here uses it",
    "uncarried": "nobody carries it",
    "nobody": "nobody there can be reached by it",
}


class _Face(BaseModel):
    """What of a notice decides."""

    level: Level
    hazard: HazardCode


class Sample(BaseModel):
    """A warning as a file: what a preview is asked, or a message of a warning as it was said."""

    model_config = ConfigDict(extra="ignore")

    mode: Mode = Mode.LIVE
    selection: AreaSelection
    level: Level | None = None
    hazard: HazardCode | None = None
    notice: _Face | None = None
    channels: tuple[Channel, ...] | None = None
    at: Instant | None = Field(None, description="The moment for which rules read their hours")

    def question(self, now: datetime, margin_km: float) -> Question:
        """Return what the actions are asked."""
        face = self.notice
        occasion = Occasion(
            self.mode,
            self.at or now,
            face.level if face else self.level,
            face.hazard if face else self.hazard,
        )
        channels = frozenset(self.channels if self.channels is not None else Channel)
        return Question(occasion, self.selection, channels, margin_km)


@router.command(name="explain")
def explain_command(
    warning: Annotated[
        Path, typer.Argument(help="A warning as JSON: what POST /api/v1/preview is sent, or a message")
    ],
    rules: Annotated[Path | None, typer.Option(help="A file of rules that is not in force yet")] = None,
) -> None:
    """Say who would be reached by which rule, and why not others. Nothing is sent."""
    settings = RouterSettings.load()
    try:
        sample = Sample.model_validate_json(warning.read_bytes())
        in_force = _file(settings.routing_rules)
        found = read(rules.read_text("utf-8") if rules else in_force)
        lines = asyncio.run(_explained(settings, sample, found))
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        sys.exit("\n".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults))
    except Invalid as error:
        sys.exit("\n".join(f"{f.field}: {f.why}; {f.mend}" for f in error.faults))
    except (Problem, OSError) as error:
        sys.exit(str(error))
    typer.echo("\n".join(lines))


def _file(name: str) -> str:
    return Path(name).read_text("utf-8") if name else ROUTING.ours()


async def _explained(settings: RouterSettings, sample: Sample, rules: Rules) -> list[str]:
    db = Database("router", settings.database("router"))
    try:
        question = sample.question(SystemClock().now(), settings.margin_km)
        crypto = SoftwareCrypto(KeyFolder(settings.key_folder()))
        drawn = await preview(db, Library(crypto), rules, question)
        return list(told(drawn, explain(drawn, question.channels)))
    finally:
        await db.close()


def told(drawn: Drawn, found: Explanation) -> Iterator[str]:
    """Return an explanation line by line."""
    manifest, occasion = drawn.manifest, drawn.decided.occasion
    what = [occasion.mode, occasion.level or "any colour", occasion.hazard or "any hazard"]
    yield f"{' '.join(what)}, drawn for {beijing(occasion.at)}, rules {drawn.decided.rules.version}"
    yield f"{len(manifest.towns)} towns, {len(manifest.villages)} villages, {manifest.count} targets"
    if manifest.villages_at_generated_positions:
        taken = ", ".join(
            f"{code} by {drawn.taken.how(code)}" for code in manifest.villages_at_generated_positions
        )
        yield f"at positions that nobody surveyed: {taken}"
    for clipped in drawn.taken.clipped:
        yield f"{clipped.field} crosses the district's edge: what lies beyond is cut off"
    if manifest.routing is not None and manifest.routing.lane is not None:
        yield "a rule makes it urgent"
    yield "rules"
    for rule in found.rules:
        yield f"  {rule.number} {rule.name}: {_of_rule(rule)}"
    yield "ways"
    for way in found.ways:
        yield from _of_way(way)


def _of_rule(rule: Considered) -> str:
    if rule.misfit is not None:
        return f"does not fit, by its {rule.misfit}"
    parts = [f"decides for {', '.join(rule.towns)}"] if rule.towns else []
    parts += [f"{count} people by {channel}" for channel, count in rule.people.items()]
    return "; ".join(parts) or "fits, but decides for nobody who is reached"


def _of_way(way: Way) -> Iterator[str]:
    if way.why_not is not None:
        yield f"  {way.channel}: nobody, {_NOBODY[way.why_not]}"
    else:
        yield f"  {way.channel}: {way.count} by {', '.join(way.rules)}"
    for left in way.left:
        yield f"    {left.count} {_LEFT[left.why].format(left.rule)}"
