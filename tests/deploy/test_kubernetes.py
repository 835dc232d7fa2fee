"""Rules of the manifests that no schema knows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from tests.deploy.command_line import understood
from tests.deploy.manifests import BASE, DEPLOY, NGINX, PRODUCTION, containers, named, of_kind, ours, pod_templates

from shopkeeper.web.app import ShopServer
from shopkeeper.web.server import DRAIN_SECONDS
from shopkeeper.wiring.settings import CONFIG_FILE, load_settings
from shopkeeper.wiring.work import LEAVE_SECONDS

ENGINES = dict(
    line.split("=", 1)
    for line in (PRODUCTION / "engines.env.example").read_text("utf-8").splitlines()
    if not line.startswith("#")
)


def preStop_seconds(container: dict[str, Any]) -> float:  # noqa: N802 - Kubernetes' own word
    command = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
    assert command[0] == "sleep"
    return float(command[1])


def test_the_autoscaler_goes_from_two_to_twenty() -> None:
    for scaler in of_kind("HorizontalPodAutoscaler"):
        spec = scaler["spec"]
        assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 20)
        assert spec["minReplicas"] <= spec["maxReplicas"]


def test_the_production_minimum_is_not_above_the_maximum() -> None:
    patches = yaml.safe_load((PRODUCTION / "kustomization.yaml").read_text("utf-8"))["patches"]
    values = {step["path"]: step["value"] for patch in patches for step in yaml.safe_load(patch["patch"])}
    (scaler,) = of_kind("HorizontalPodAutoscaler")
    assert values["/spec/minReplicas"] <= scaler["spec"]["maxReplicas"]


def test_what_is_scaled_exists_and_asks_for_the_resource_it_is_scaled_by() -> None:
    for scaler in of_kind("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        deployment = named(target["kind"], target["name"])
        assert "replicas" not in deployment["spec"]
        resources = [one["resource"]["name"] for one in scaler["spec"]["metrics"] if one["type"] == "Resource"]
        assert resources == ["cpu"]
        requests = containers()[target["name"]]["resources"]["requests"]
        assert [name for name in resources if name not in requests] == []


def test_the_metric_it_is_scaled_by_is_made_of_one_that_the_server_tells() -> None:
    (scaler,) = of_kind("HorizontalPodAutoscaler")
    (wanted,) = [one["pods"]["metric"]["name"] for one in scaler["spec"]["metrics"] if one["type"] == "Pods"]
    adapter = yaml.safe_load((DEPLOY / "kubernetes/prometheus-adapter.yaml").read_text("utf-8"))
    (rule,) = adapter["rules"]["custom"]
    assert rule["name"]["as"] == wanted
    series = rule["seriesQuery"].split("{")[0]
    told = (DEPLOY.parent / "src/shopkeeper/web/metrics.py").read_text("utf-8")
    assert f'"{series.removesuffix("_total")}", "' in " ".join(told.split())


def test_every_selector_finds_its_pods_and_no_others() -> None:
    labels = {name: template["metadata"]["labels"] for name, template in pod_templates().items()}
    for one in of_kind("Deployment", "Service", "PodDisruptionBudget"):
        selector = one["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        found = [name for name, has in labels.items() if wanted.items() <= has.items()]
        assert len(found) == 1, one["metadata"]["name"]
        if one["kind"] == "Deployment":
            assert found == [one["metadata"]["name"]]


def test_ports_have_the_names_by_which_they_are_asked_for() -> None:
    for name, container in containers().items():
        ports = {port["name"] for port in container.get("ports", ())}
        probes = [container[probe] for probe in container if probe.endswith("Probe")]
        assert {next(iter(probe.keys() & {"httpGet", "tcpSocket"})) for probe in probes} <= {"httpGet", "tcpSocket"}
        asked = {probe.get("httpGet", probe.get("tcpSocket"))["port"] for probe in probes}
        assert asked <= ports, name
    for service in of_kind("Service"):
        (port,) = service["spec"]["ports"]
        assert port["targetPort"] == "http"


def test_probes_ask_routes_of_the_server(server: ShopServer) -> None:
    routes = server.openapi()["paths"]
    container = containers()["shopkeeper-serve"]
    asked = {probe: container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")}
    assert asked == {"startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/livez"}
    scraped = pod_templates()["shopkeeper-serve"]["metadata"]["annotations"]["prometheus.io/path"]
    assert {*asked.values(), scraped} <= set(routes)


def test_a_pod_has_the_time_its_process_takes_to_stop() -> None:
    took = {"shopkeeper-serve": DRAIN_SECONDS + 10, "shopkeeper-work": LEAVE_SECONDS + 10, "shopkeeper-nginx": 30}
    for name, seconds in took.items():
        grace = pod_templates()[name]["spec"]["terminationGracePeriodSeconds"]
        assert grace >= preStop_seconds(containers()[name]) + seconds, name


def test_nginx_hears_of_a_pod_that_leaves_before_it_stops() -> None:
    (seconds,) = re.findall(r"valid=(\d+)s", (NGINX / "upstreams.kubernetes.conf").read_text("utf-8"))
    probe = containers()["shopkeeper-serve"]["readinessProbe"]
    assert preStop_seconds(containers()["shopkeeper-serve"]) > int(seconds) + probe["periodSeconds"]


def test_an_update_takes_no_server_away_before_another_is_ready() -> None:
    for name in ("shopkeeper-serve", "shopkeeper-nginx"):
        assert named("Deployment", name)["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_every_container_is_bounded_and_may_do_little() -> None:
    for name, container in containers().items():
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert "memory" in container["resources"]["limits"], name
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        pod = pod_templates()[name]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        # A Service named shopkeeper would otherwise put SHOPKEEPER_... variables into the pods.
        assert pod["enableServiceLinks"] is False, name


def test_the_user_is_the_one_of_the_image() -> None:
    dockerfile = (DEPLOY / "docker/Dockerfile").read_text("utf-8")
    for name in ours():
        security = pod_templates()[name]["spec"]["securityContext"]
        assert f"USER {security['runAsUser']}:{security['runAsGroup']}" in dockerfile


@pytest.mark.parametrize(
    ("name", "image", "verb"),
    [
        ("shopkeeper-serve", "shopkeeper-serve", "serve"),
        ("shopkeeper-work", "shopkeeper-work", "work"),
        ("shopkeeper-migrate", "shopkeeper-serve", "migrate"),
        ("shopkeeper-retrain", "shopkeeper-work", "retrain check"),
    ],
)
def test_a_pod_runs_a_verb_in_the_image_that_can(name: str, image: str, verb: str) -> None:
    container = ours()[name]
    assert container["image"] == image
    assert understood(container["args"]) == verb


def test_every_process_finds_the_same_workspace_settings_and_servers() -> None:
    workdir = re.findall(r"^WORKDIR (/srv\S+)", (DEPLOY / "docker/Dockerfile").read_text("utf-8"), re.M)
    for name, container in ours().items():
        mounts = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
        assert mounts.pop("/tmp") == "tmp", name  # noqa: S108 - a path in the container
        assert mounts == {workdir[0]: "workspace", f"{workdir[0]}/{CONFIG_FILE}": "settings"}, name
        volumes = {one["name"]: one for one in pod_templates()[name]["spec"]["volumes"]}
        claim = volumes["workspace"]["persistentVolumeClaim"]["claimName"]
        assert named("PersistentVolumeClaim", claim)["spec"]["accessModes"] == ["ReadWriteMany"]
        assert volumes["settings"]["configMap"]["name"] == "shopkeeper-settings"
        assert container["envFrom"] == [{"secretRef": {"name": "shopkeeper-engines"}}], name


def test_settings_are_ones_that_the_server_takes_and_nothing_is_kept_in_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENGINES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SHOPKEEPER_ENGINES__MLFLOW_URL", raising=False)  # as the tests set it
    settings = load_settings(BASE)
    assert settings.state_url == ENGINES["SHOPKEEPER_ENGINES__STATE_URL"]
    assert settings.engines.cache_url == ENGINES["SHOPKEEPER_ENGINES__CACHE_URL"]
    assert settings.engines.warehouse_url == ENGINES["SHOPKEEPER_ENGINES__WAREHOUSE_URL"]
    assert "sqlite" not in settings.state_url + settings.jobs_url + settings.engines.mlflow_url
    assert settings.serving.host == "0.0.0.0"  # noqa: S104 - what is held here
    assert settings.serving.port == containers()["shopkeeper-serve"]["ports"][0]["containerPort"]


def test_settings_count_the_cores_that_a_worker_gets() -> None:
    worker = ours()["shopkeeper-work"]
    threads = {one["value"] for one in worker["env"] if one["name"].endswith("_NUM_THREADS")}
    assert threads == {worker["resources"]["limits"]["cpu"]} == {str(load_settings(BASE).engines.shard_workers)}


def test_no_secret_lies_in_the_manifests() -> None:
    assert of_kind("Secret") == []
    assert not (PRODUCTION / "engines.env").exists() or "engines.env" in (DEPLOY.parent / ".gitignore").read_text()
    for name, container in ours().items():
        assert not any("URL" in one["name"] or "KEY" in one["name"] for one in container.get("env", ())), name


def test_retraining_is_asked_for_at_least_daily_and_one_at_a_time() -> None:
    (cron,) = of_kind("CronJob")
    minute, hour, *rest = cron["spec"]["schedule"].split()
    assert rest == ["*", "*", "*"]
    assert minute.isdigit()
    assert hour.isdigit()
    assert cron["spec"]["concurrencyPolicy"] == "Forbid"
    assert timedelta(seconds=cron["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"]) < timedelta(days=1)
