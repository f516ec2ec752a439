"""One host, split by path: every address goes to the service that answers there."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import yaml
from fastapi import APIRouter

from deploy.local.manifests import BASE

SERVICES = ("issuer", "registry", "router", "channels", "audit")
CLOSED = "closed"


def _rules() -> dict[tuple[str, str], str]:
    """Return the service of each (path type, path)."""
    documents = list(yaml.safe_load_all((BASE / "ingress.yaml").read_text()))
    return {
        (path["pathType"], path["path"]): path["backend"]["service"]["name"]
        for document in documents
        if document["kind"] == "Ingress"
        for path in document["spec"]["rules"][0]["http"]["paths"]
    }


def _answering(path: str) -> str:
    """Return the service to which an ingress sends a path: the exact rule, else the longest prefix."""
    rules = _rules()
    if ("Exact", path) in rules:
        return rules["Exact", path]
    prefixes = [
        prefix
        for kind, prefix in rules
        if kind == "Prefix" and f"{path.rstrip('/')}/".startswith(f"{prefix.rstrip('/')}/")
    ]
    return rules["Prefix", max(prefixes, key=len)]


@pytest.mark.parametrize(
    ("path", "service"),
    [
        *[(path, "issuer") for path in ("/", "/warnings/1", "/api/v1/warnings/1/cap.xml", "/api/v1/import")],
        *[(path, "router") for path in ("/api/v1/preview", "/api/v1/plans/1", "/duty", "/api/v1/duty/1")],
        *[
            (path, "channels")
            for path in ("/api/v1/stations/1/stream", "/station", "/api/v1/gateways/1/leases")
        ],
        *[(path, "channels") for path in ("/feed/cap.atom", "/public", "/api/v1/links")],
        *[(path, "registry") for path in ("/api/v1/registry/towns", "/registry", "/registry/500110001")],
        *[(path, "audit") for path in ("/audit", "/api/v1/audit/facts")],
        *[(f"/docs/{name}", name) for name in ("issuer", "router", "channels", "registry", "audit")],
        *[(path, CLOSED) for path in ("/live", "/ready", "/metrics")],
    ],
)
def test_the_public_paths_go_where_they_are_answered(path: str, service: str) -> None:
    assert _answering(path) == service


def _routes(service: str) -> Iterator[str]:
    """Yield the path of every route that a service has, up to its first parameter."""
    package = importlib.import_module(f"services.{service}")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if "migrations" in found.name:
            continue
        for value in vars(importlib.import_module(found.name)).values():
            if isinstance(value, APIRouter):
                paths = (getattr(route, "path", None) for route in value.routes)
                yield from (path.split("{")[0] for path in paths if path)


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_of_a_service_is_reached_through_the_ingress(service: str) -> None:
    astray = {path: _answering(path) for path in _routes(service) if _answering(path) != service}
    assert astray == {}
