"""The image holds what it names, and agrees with what runs it."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
SETUP = (ROOT / "deploy/local/setup.sh").read_text()


def test_everything_that_is_copied_exists_and_is_sent_to_the_builder() -> None:
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M)
    copied = {name for line in lines for name in line.split()}
    sent = re.findall(r"^!(\S+)$", (ROOT / "deploy/Dockerfile.dockerignore").read_text(), re.M)
    assert copied == set(sent)
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_as_the_user_that_the_pods_name() -> None:
    (user, group) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.M)[0]
    pod = yaml.safe_load((ROOT / "deploy/k8s/base/pod.yaml").read_text())["spec"]["template"]["spec"]
    assert (int(user), int(group)) == (
        pod["securityContext"]["runAsUser"],
        pod["securityContext"]["runAsGroup"],
    )


def test_image_and_checkout_bring_the_same_uv() -> None:
    (in_image,) = re.findall(r"uv==([\d.]+)", DOCKERFILE)
    (in_checkout,) = re.findall(r"^UV_VERSION=([\d.]+)$", SETUP, re.M)
    assert in_image == in_checkout
