"""The Kubernetes manifests as they lie in deploy/, without kustomize."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
BASE = DEPLOY / "kubernetes/base"
PRODUCTION = DEPLOY / "kubernetes/overlays/production"
NGINX = DEPLOY / "nginx"

Manifest = dict[str, Any]


@cache
def manifests() -> tuple[Manifest, ...]:
    """Return every resource of the base and of NGINX."""
    return tuple(one for folder in (BASE, NGINX) for one in _resources(folder))


def of_kind(*kinds: str) -> list[Manifest]:
    """Return the resources of some kinds."""
    return [one for one in manifests() if one["kind"] in kinds]


def named(kind: str, name: str) -> Manifest:
    """Return one resource."""
    (found,) = [one for one in of_kind(kind) if one["metadata"]["name"] == name]
    return found


def pod_templates() -> dict[str, Manifest]:
    """Return what pods are made from, by the name of what makes them."""
    found = {}
    for one in of_kind("Deployment", "Job", "CronJob"):
        spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
        found[one["metadata"]["name"]] = spec["template"]
    return found


def containers() -> dict[str, Manifest]:
    """Return the one container of each pod, by the name of what makes the pod."""
    found = {}
    for name, template in pod_templates().items():
        (found[name],) = template["spec"]["containers"]
    return found


def ours() -> dict[str, Manifest]:
    """Return the containers that run `shopkeeper`."""
    return {name: one for name, one in containers().items() if one["image"].startswith("shopkeeper-")}


def _resources(folder: Path) -> Iterator[Manifest]:
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    for name in listed:
        if name.endswith(".yaml"):
            yield from yaml.safe_load_all((folder / name).read_text("utf-8"))
