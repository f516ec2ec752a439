"""Composes the Kubernetes manifests and validates them strictly: `python -m deploy.local.manifests`."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

Resource = dict[str, Any]

K8S = Path(__file__).parents[1] / "k8s"
BASE = K8S / "base"
COMPONENTS = sorted(p.parent for p in K8S.glob("components/*/kustomization.yaml"))
OVERLAYS = sorted(p.parent for p in K8S.glob("overlays/*/kustomization.yaml"))

OLDEST_KUBERNETES = "1.33"
NEWEST_KUBERNETES = kubernetes_validate.latest_version()

CUSTOM = {
    ("external-secrets.io/v1", "ExternalSecret"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
}
"""Kinds whose schema comes with their operator, and which are therefore not checked here."""

_MERGED_BY = {
    "containers": "name",
    "env": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""Lists that a strategic merge joins item by item, and what tells their items apart."""


def composed(folder: Path) -> list[Resource]:
    """Return the resources of a kustomization as kubectl composes them."""
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{folder.relative_to(K8S)}: {done.stderr.strip()}")
    return list(yaml.safe_load_all(done.stdout))


def composed_by_hand(folder: Path) -> list[Resource]:
    """Return the resources that a folder lists itself, with its merge patches, where there is no kubectl."""
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())
    files = [folder / name for name in told["resources"] if (folder / name).is_file()]
    found = [resource for file in files for resource in yaml.safe_load_all(file.read_text())]
    for patch in told.get("patches", []):
        change = yaml.safe_load((folder / patch["path"]).read_text())
        found = [_merged(r, change) if r["kind"] == patch["target"]["kind"] else r for r in found]
    return found


def _merged(resource: Resource, patch: Resource) -> Resource:
    return {**_joined(resource, patch), "metadata": resource["metadata"]}


def _joined(old: Any, new: Any, field: str = "") -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {k: _joined(old[k], v, k) if k in old else v for k, v in new.items()}
    if isinstance(old, list) and field in _MERGED_BY:
        key = _MERGED_BY[field]
        changes = {item[key]: item for item in new}
        kept = [_joined(item, changes.pop(item[key], {})) for item in old]
        return [*kept, *changes.values()]
    return new


def faults(resources: Iterable[Resource], version: str = NEWEST_KUBERNETES) -> Iterator[str]:
    """Yield what Kubernetes would not accept, misspelt fields and unknown kinds included."""
    for resource in resources:
        kind = (resource["apiVersion"], resource["kind"])
        if kind in CUSTOM:
            continue
        name = f"{resource['kind']} {resource['metadata']['name']}"
        try:
            kubernetes_validate.validate(resource, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{name}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{name}: Kubernetes {version} does not know {'/'.join(kind)}"


def manifests() -> Iterator[tuple[str, list[Resource]]]:
    """Yield every overlay by name, or where there is no kubectl the parts that they are made of."""
    if shutil.which("kubectl"):
        yield from ((str(folder.relative_to(K8S)), composed(folder)) for folder in OVERLAYS)
        return
    print("manifests: without kubectl the overlays are not composed, only their parts", file=sys.stderr)
    yield from ((str(folder.relative_to(K8S)), composed_by_hand(folder)) for folder in (BASE, *COMPONENTS))


def main() -> int:
    """Print every fault; return 0 when there is none."""
    try:
        found = [
            f"{name}: {fault} (Kubernetes {version})"
            for name, resources in manifests()
            for version in (OLDEST_KUBERNETES, NEWEST_KUBERNETES)
            for fault in faults(resources, version)
        ]
    except ValueError as error:
        found = [str(error)]
    print("\n".join(found) or "manifests: no fault", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
