"""Message + template -> text. Templates are `templates/<channel>/<hazard or default>.<part>.j2`."""

from functools import lru_cache
from pathlib import Path

import jinja2

from contracts.delivery import DeliveryRequested
from contracts.values import Channel
from services.kit.clock import BEIJING

_TEMPLATES = Path(__file__).parent / "templates"


@lru_cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=False,  # noqa: S701 (plain text for phones, loudspeakers and crawls)
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = lambda at: at.astimezone(BEIJING).strftime("%m月%d日%H时%M分")
    environment.filters["minute"] = lambda at: at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
    return environment


def words(name: str, **given: str) -> str:
    """Return what a template says that belongs to no delivery."""
    return _environment().get_template(name).render(**given).strip()


def render(channel: Channel, part: str, request: DeliveryRequested) -> str:
    """Return one part of what a channel says, in one paragraph without line breaks at its ends."""
    names = [f"{channel}/{request.notice.hazard}.{part}.j2", f"{channel}/default.{part}.j2"]
    template = _environment().select_template(names)
    notice = request.notice
    return template.render(notice=notice, text=notice.text, action=request.action, mode=request.mode).strip()
