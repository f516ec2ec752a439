"""The partners that we call, made from a configuration file."""

from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from sandbox import app as vendor
from sandbox import broadcast, cable, upper, voice, webpush, wechat, weibo
from sandbox.browsers import Browser
from sandbox.wechat_token import Tokens

DEVICES_OF_A_TOWN = 3


def make(
    config: dict[str, Any], people: list[dict[str, Any]], towns: list[str]
) -> dict[str, tuple[FastAPI, Any]]:
    """Return each partner's application and its state, by name."""
    return {
        "broadcast": _with(broadcast.create, _platform(config["broadcast"])),
        "cable": _with(cable.create, cable.HeadEnd(key=bytes.fromhex(config["cable"]["key"]))),
        "wechat": _with(wechat.create, _account(config["wechat"], people)),
        "app": _with(vendor.create, _vendor(config["app"], towns)),
        "voice": _with(voice.create, voice.Exchange(config["voice"]["key"])),
        "push": _with(webpush.create, _push_service(config["push"], towns)),
        "weibo": _with(weibo.create, weibo.Microblog(config["weibo"]["token"], config["weibo"]["domain"])),
        "upper": _with(upper.create, _platform_above(config["upper"], config["ports"]["upper-ftp"])),
    }


def _with(create: Any, state: Any) -> tuple[FastAPI, Any]:
    return create(state), state


def _platform(config: dict[str, Any]) -> broadcast.Platform:
    return broadcast.Platform(
        ebrid=config["ebrid"],
        partner=config["partner"],
        secret=bytes.fromhex(config["secret"]),
        partner_key=bytes.fromhex(config["partner_key"]),
    )


def _platform_above(config: dict[str, Any], port: int) -> upper.Platform:
    return upper.Platform(Path(config["folder"]), config["user"], config["password"], port=port)


def _account(config: dict[str, Any], people: list[dict[str, Any]]) -> wechat.Account:
    return wechat.Account(
        tokens=Tokens(appid=config["appid"], secret=config["secret"]),
        followers={person["openid"] for person in people if person["openid"]},
        templates={config["template_id"]: tuple(config["fields"])},
        callback=config["callback"],
        callback_token=config["callback_token"],
        http=httpx.AsyncClient(timeout=10),
    )


def _push_service(config: dict[str, Any], towns: list[str]) -> webpush.Service:
    service = webpush.Service(
        config["origin"],
        f"{config['base_url']}/api/v1/push/shown",
        httpx.AsyncClient(base_url=config["base_url"], timeout=10),
    )
    for town in towns:
        for language in ("zh", "zh", "en"):
            service.add(Browser(towns=(town[:9],), language=language))
    return service


def _vendor(config: dict[str, Any], towns: list[str]) -> vendor.Vendor:
    devices = {
        f"{town}-{number}": vendor.Device(frozenset({town[:9]}))
        for town in towns
        for number in range(DEVICES_OF_A_TOWN)
    }
    return vendor.Vendor(config["app_key"], config["master_secret"], devices)
