"""The Kubernetes manifests keep what they promise, and name only what the services know."""

import copy
import importlib
import importlib.util
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import services
from deploy.local import manifests
from deploy.local.manifests import BASE, K8S, OVERLAYS, Resource
from services.channels.push.broadcast.keys import init_partner_keys
from services.channels.push.web.vapid import init_vapid_key
from services.kit import telemetry  # noqa: F401 (registers the metrics)
from services.kit.crypto import KeyFolder, init_keys
from services.kit.settings import PREFIX, Settings
from services.kit.xmlsig import init_cap_keys

SERVICES = ("issuer", "registry", "router", "channels", "audit")
EVERYWHERE = [BASE, *OVERLAYS]


def _composed(folder: Path) -> list[Resource]:
    if shutil.which("kubectl"):
        return manifests.composed(folder)
    if folder != BASE:
        pytest.skip("overlays are composed by kubectl: https://kubernetes.io/docs/tasks/tools")
    return manifests.composed_by_hand(folder)


@pytest.fixture(scope="module", params=EVERYWHERE, ids=lambda folder: folder.name)
def resources(request: pytest.FixtureRequest) -> list[Resource]:
    """The composed resources of the base and of each overlay."""
    return _composed(request.param)


def _of_kind(resources: list[Resource], *kinds: str) -> list[Resource]:
    return [resource for resource in resources if resource["kind"] in kinds]


def _pods(resources: list[Resource]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield name, pod and the only container of every Deployment and Job."""
    for resource in _of_kind(resources, "Deployment", "Job"):
        pod = resource["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        yield resource["metadata"]["name"], pod, container


def test_kubernetes_accepts_every_field(resources: list[Resource]) -> None:
    assert list(manifests.faults(resources)) == []
    assert list(manifests.faults(resources, manifests.OLDEST_KUBERNETES)) == []


@pytest.mark.parametrize(
    "misspell",
    [
        lambda deployment: deployment["spec"].update(replica=2),
        lambda deployment: deployment["spec"]["template"]["spec"]["containers"][0].update(readynessProbe={}),
        lambda deployment: deployment["spec"]["template"]["spec"]["securityContext"].update(
            runAsNonroot=True
        ),
        lambda deployment: deployment.update(kind="Deploiment"),
    ],
)
def test_a_misspelt_field_is_named(misspell: Any) -> None:
    deployment = copy.deepcopy(_of_kind(_composed(BASE), "Deployment")[0])
    misspell(deployment)
    (fault,) = manifests.faults([deployment])
    assert deployment["metadata"]["name"] in fault


def test_every_service_has_its_deployment_service_budget_and_account(resources: list[Resource]) -> None:
    for kind in ("Deployment", "PodDisruptionBudget", "ServiceAccount"):
        assert {r["metadata"]["name"] for r in _of_kind(resources, kind)} == set(SERVICES)
    assert set(SERVICES) <= {r["metadata"]["name"] for r in _of_kind(resources, "Service")}


def test_pods_keep_to_the_restricted_profile(resources: list[Resource]) -> None:
    for name, pod, container in _pods(resources):
        context, own = pod["securityContext"], container["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["runAsUser"] > 0, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert own["allowPrivilegeEscalation"] is False, name
        assert own["capabilities"] == {"drop": ["ALL"]}, name
        assert own["readOnlyRootFilesystem"] is True, name
        assert pod["automountServiceAccountToken"] is False, name
        assert {"hostNetwork", "hostPID", "hostIPC", "initContainers"}.isdisjoint(pod), name
        assert all("hostPath" not in volume for volume in pod["volumes"]), name
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"], name


def test_pods_ask_for_what_they_need_and_are_never_throttled(resources: list[Resource]) -> None:
    for name, pod, container in _pods(resources):
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert set(container["resources"]["limits"]) == {"memory"}, name
        assert pod["priorityClassName"] == "yutian", name


def test_every_volume_is_mounted_and_every_mount_has_a_volume(resources: list[Resource]) -> None:
    for name, pod, container in _pods(resources):
        assert {v["name"] for v in pod["volumes"]} == {m["name"] for m in container["volumeMounts"]}, name


def test_a_release_never_leaves_a_service_without_pods(resources: list[Resource]) -> None:
    for deployment in _of_kind(resources, "Deployment"):
        spec = deployment["spec"]
        pod = spec["template"]["spec"]
        (container,) = pod["containers"]
        assert spec["replicas"] >= 2
        assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        assert {c["topologyKey"] for c in pod["topologySpreadConstraints"]} >= {"kubernetes.io/hostname"}
        assert pod["terminationGracePeriodSeconds"] > container["lifecycle"]["preStop"]["sleep"]["seconds"]
        paths = {p: container[f"{p}Probe"]["httpGet"]["path"] for p in ("startup", "liveness", "readiness")}
        assert paths == {"startup": "/live", "liveness": "/live", "readiness": "/ready"}


def test_labels_say_what_everything_is(resources: list[Resource]) -> None:
    for resource in _of_kind(resources, "Deployment", "Job"):
        labels = resource["spec"]["template"]["metadata"]["labels"]
        assert {"app.kubernetes.io/name", "app.kubernetes.io/component"} <= set(labels)
    for service in _of_kind(resources, "Deployment"):
        assert service["spec"]["selector"]["matchLabels"].items() <= (
            service["spec"]["template"]["metadata"]["labels"].items()
        )


def test_no_secret_stands_in_clear(resources: list[Resource]) -> None:
    assert _of_kind(resources, "Secret") == []
    secret = {name for settings in _settings_classes() for name in _secret_fields(settings)}
    for name, _, container in _pods(resources):
        assert secret.isdisjoint(e["name"] for e in container["env"]), name
    for settings in _of_kind(resources, "ConfigMap"):
        assert secret.isdisjoint(settings.get("data", {})), settings["metadata"]["name"]


def _secret_fields(settings: type[Settings]) -> Iterator[str]:
    for name, field in settings.model_fields.items():
        if "SecretStr" in str(field.annotation):
            yield f"{PREFIX}{name.upper()}"


def _settings_classes() -> list[type[Settings]]:
    """Return the settings of the floor and of every service that has its own."""
    root = Path(services.__path__[0])
    for found in root.rglob("settings.py"):
        importlib.import_module(".".join(found.relative_to(root.parent).with_suffix("").parts))
    return [Settings, *Settings.__subclasses__()]


def test_every_setting_that_is_given_exists() -> None:
    known = {f"{PREFIX}{name.upper()}" for settings in _settings_classes() for name in settings.model_fields}
    given = set(re.findall(r"^\s*(?:- )?(YUTIAN_\w+)=", _texts(), re.M))
    given |= {name.removesuffix("_FILE") for name in re.findall(r"name: (YUTIAN_\w+)", _texts())}
    assert given
    assert given - known == set()


def _texts() -> str:
    return "\n".join(p.read_text() for p in K8S.rglob("*") if p.suffix in (".yaml", ".env"))


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda folder: folder.name)
def test_the_settings_of_every_overlay_can_be_read(overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = next(r["data"] for r in _of_kind(_composed(overlay), "ConfigMap") if "YUTIAN_HOST" in r["data"])
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for settings in _settings_classes():
        assert settings.load().public_url.startswith("https://")


def test_pods_run_commands_of_services_that_exist(resources: list[Resource]) -> None:
    said = {name: container["args"] for name, _, container in _pods(resources)}
    expected = {name: ["run", name] for name in SERVICES}
    expected |= {f"migrate-{name}": ["migrate", name] for name in SERVICES}
    assert said == expected | {"streams": ["streams", "apply"]}
    assert all(importlib.util.find_spec(f"services.{name}") for name in SERVICES)


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda folder: folder.name)
def test_overlays_name_images_by_digest(overlay: Path) -> None:
    for name, _, container in _pods(_composed(overlay)):
        assert re.fullmatch(r".+/yutian@sha256:[0-9a-f]{64}", container["image"]), name


def test_every_secret_that_pods_use_is_fetched_and_the_reverse() -> None:
    used = {
        volume["secret"]["secretName"]
        for _, pod, _ in _pods(_composed(BASE))
        for volume in pod["volumes"]
        if "secret" in volume
    }
    listed = yaml.safe_load_all((K8S / "components/external-secrets/external-secrets.yaml").read_text())
    assert {secret["metadata"]["name"] for secret in listed} == used


def test_every_kind_of_key_has_a_secret_that_lies_where_the_key_folder_has_it(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    purposes = {
        *init_keys(folder),
        *init_cap_keys(folder),
        *init_partner_keys(folder),
        *init_vapid_key(folder),
    }
    placed = {
        (volume["secret"]["secretName"], mount["mountPath"])
        for _, pod, container in _pods(_composed(BASE))
        for volume in pod["volumes"]
        for mount in container["volumeMounts"]
        if volume["name"] == mount["name"] and "secret" in volume
    }
    keys = {(name, path) for name, path in placed if path.startswith("/etc/yutian/keys/")}
    assert keys == {(f"key-{purpose}", f"/etc/yutian/keys/{purpose}") for purpose in purposes}


def test_composing_by_hand_gives_what_kubectl_gives() -> None:
    if not shutil.which("kubectl"):
        pytest.skip("compared with kubectl: https://kubernetes.io/docs/tasks/tools")
    ours = {name: _sorted(pod) for name, pod, _ in _pods(manifests.composed_by_hand(BASE))}
    theirs = {name: _sorted(pod) for name, pod, _ in _pods(manifests.composed(BASE))}
    assert ours == theirs


def _sorted(value: Any) -> Any:
    """Return a value without the order of its lists and without the hash of the settings' name."""
    if isinstance(value, dict):
        return {k: _sorted(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return re.sub(r"^settings-\w+$", "settings", value) if isinstance(value, str) else value


def _policies() -> list[Resource]:
    return list(yaml.safe_load_all((K8S / "components/network-policy/network-policy.yaml").read_text()))


def test_everything_is_denied_first_and_only_channels_leaves_the_cluster() -> None:
    deny, *edges = _policies()
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    outward = [p for p in edges if "ipBlock" in json.dumps(p)]
    assert [p["spec"]["podSelector"]["matchLabels"] for p in outward] == [
        {"app.kubernetes.io/name": "channels"}
    ]
    for policy in edges:
        for rule in policy["spec"].get("ingress", []) + policy["spec"].get("egress", []):
            assert rule["ports"], policy["metadata"]["name"]
            assert rule.get("from") or rule.get("to"), policy["metadata"]["name"]


MEASURING = ("push.links", "push.wechat.quota", "pull.media.app")
"""What registers metrics of its own, beside the floor."""


def test_alerts_and_dashboard_measure_what_exists_and_have_a_runbook() -> None:
    monitoring = K8S / "components/monitoring"
    _, alerts = yaml.safe_load_all((monitoring / "monitoring.yaml").read_text())
    rules = alerts["spec"]["groups"][0]["rules"]
    headings = set(re.findall(r"^## (\w+)$", (K8S / "runbook.md").read_text(), re.M))
    assert {rule["alert"] for rule in rules} == headings
    for rule in rules:
        assert rule["annotations"]["runbook_url"] == f"deploy/k8s/runbook.md#{rule['alert'].lower()}"
    asked = " ".join([rule["expr"] for rule in rules] + [(monitoring / "dashboard.json").read_text()])
    for module in MEASURING:
        importlib.import_module(f"services.channels.{module}")
    measured = set(REGISTRY._names_to_collectors)
    assert set(re.findall(r"yutian_\w+", asked)) <= measured
