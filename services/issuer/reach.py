"""Whom a warning would reach: the router knows, and pins exactly that at submission."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from pydantic import ValidationError

from contracts.plan import Manifest
from contracts.values import AreaSelection, Channel, HazardCode, Level, Mode
from services.kit.errors import Fault, Invalid, Refused, Retry
from services.kit.telemetry import log

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Reached:
    """The target list of a selection, and the towns by name."""

    manifest: Manifest
    names: tuple[str, ...]
    """The towns in which somebody is reached, as a text names them."""
    whole_district: bool = False
    names_en: tuple[str, ...] = ()
    """The same in English; the Chinese name of a town that has no other."""
    answer: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that the router said of it, for those who show it."""


class Reach(Protocol):
    """Something that knows who hears a warning."""

    async def preview(
        self,
        mode: Mode,
        selection: AreaSelection,
        *,
        pin: bool,
        channels: Collection[Channel] | None = None,
        level: Level | None = None,
        hazard: HazardCode | None = None,
        strictly: bool = False,
    ) -> Reached:
        """Return whom a selection reaches, by these ways or all; with `pin`, that list is kept for the plan.

        Colour and hazard are for the router's rules; `strictly` adds no subscriber who lives elsewhere.
        Raises Invalid when the selection cannot be used, Retry when nobody answers.
        """
        ...


class RouterReach:
    """Asks the router."""

    def __init__(self, http: httpx.AsyncClient, router_url: str, internal_key: str) -> None:
        self.http = http
        self.url = f"{router_url}/api/v1/preview"
        self.internal_key = internal_key

    async def preview(
        self,
        mode: Mode,
        selection: AreaSelection,
        *,
        pin: bool,
        channels: Collection[Channel] | None = None,
        level: Level | None = None,
        hazard: HazardCode | None = None,
        strictly: bool = False,
    ) -> Reached:
        """Return whom a selection reaches, by the router's newest registry."""
        body = {"mode": mode, "selection": selection.model_dump(mode="json"), "pin": pin}
        body |= {"level": level, "hazard": hazard, "strictly": strictly}
        if channels is not None:
            body["channels"] = list(channels)
        headers = {"Authorization": f"Bearer {self.internal_key}"}
        try:
            reply = await self.http.post(self.url, json=body, headers=headers, timeout=PATIENCE_S)
        except httpx.HTTPError as error:
            log.warning("the router does not answer", error=type(error).__name__)
            raise _away("the router, which counts who is reached, does not answer") from None
        return _reached(reply)


def _reached(reply: httpx.Response) -> Reached:
    """Return what the router answered; its refusals are ours."""
    if reply.is_server_error or reply.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise _away(f"the router, which counts who is reached, answered {reply.status_code}{_detail(reply)}")
    try:
        body = reply.json()
        if reply.is_error:
            raise _refusal(body)
        names = tuple(town["name"] for town in body["towns"])
        english = tuple(town.get("name_en") or town["name"] for town in body["towns"])
        manifest = Manifest.model_validate(body["manifest"])
        return Reached(manifest, names, bool(body.get("whole_district", False)), english, body)
    except (ValueError, ValidationError, KeyError, TypeError) as error:
        log.error("the router's answer cannot be read", error=type(error).__name__)
        raise _away("the router, which counts who is reached, gave an answer that cannot be read") from None


def _detail(reply: httpx.Response) -> str:
    """Return why the router cannot answer, when it says so as a problem."""
    try:
        return f" ({reply.json()['detail']})"
    except (ValueError, KeyError, TypeError):
        return ""


def _refusal(body: dict[str, Any]) -> Refused:
    faults = [Fault(_ours(e["field"]), e["detail"], e["mend"]) for e in body.get("errors", ())]
    return Invalid.of(faults) if faults else Refused(str(body["detail"]), mend=body.get("mend"))


def _ours(field: str) -> str:
    return field.removeprefix("body.")


def _away(why: str) -> Retry:
    return Retry(why, after=2, mend="the draft is kept; try again in a moment")
