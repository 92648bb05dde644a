"""docker-compose.yml and the Dockerfile, read as data: no Docker engine is needed."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kpistream.cli.wiring.advertised import refuse_openness
from kpistream.core.located_yaml import ConfigErrors
from kpistream.settings import CONFIG_VARIABLE, PREFIX, Settings, load_settings
from tests.repo.files import ROOT, text_of, yaml_of

Compose = dict[str, Any]

COMPOSE: Compose = yaml_of("docker-compose.yml")
SERVICES = {
    *("kafka", "topics-init", "worker-1", "worker-2", "emitter"),
    *("prometheus", "alertmanager", "grafana"),
}
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields} | {CONFIG_VARIABLE}
TOKEN = "0123456789abcdef"  # noqa: S105 - of nobody
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")
"""A variable that whoever starts this has to set."""

DOCKERFILE = text_of("Dockerfile")
PINNED_IMAGE = re.compile(r"[a-z/]+:v?\d+\.\d+\.\d+")


def problems(compose: Compose) -> list[str]:
    """What breaks a rule of ours, one line each, beginning with the service."""
    services = compose["services"]
    return [
        f"{name}: {problem}"
        for name, service in services.items()
        for rule in (environment, images, ports, mounts, hardening, health)
        for problem in rule(service)
    ] + [
        f"{name}: {problem}"
        for name, service in services.items()
        for problem in dependencies(service, services)
    ]


def environment(service: Compose) -> Iterator[str]:
    for name in service.get("environment", {}):
        if name.startswith(PREFIX) and name not in SETTINGS:
            yield f"{name} is no setting"
        if "build" in service and not name.startswith(PREFIX):
            yield f"{name} means nothing to kpistream"


def images(service: Compose) -> Iterator[str]:
    if "build" not in service and not PINNED_IMAGE.fullmatch(service["image"]):
        yield f"{service['image']} is not one exact version"


def ports(service: Compose) -> Iterator[str]:
    for port in service.get("ports", []):
        if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port):
            yield f"port {port} is open to the network"


def mounts(service: Compose) -> Iterator[str]:
    for volume in service.get("volumes", []):
        source, _, options = volume.partition(":")
        if not source.startswith("."):
            if source not in COMPOSE["volumes"]:
                yield f"volume {source} is not declared"
        elif not (ROOT / source).is_dir():
            yield f"{source} is no folder"
        elif not options.endswith(":ro"):
            yield f"{source} can be written from inside"


def hardening(service: Compose) -> Iterator[str]:
    if "build" in service and not (service.get("read_only") and service.get("cap_drop")):
        yield "may write its files or use a capability"
    if service.get("privileged") or service.get("network_mode") == "host":
        yield "is not kept apart from the machine"


def health(service: Compose) -> Iterator[str]:
    # The workers' health check is the image's own.
    if "healthcheck" not in service and service.get("command") != ["worker"]:
        yield "has no health check"


def dependencies(service: Compose, services: Compose) -> Iterator[str]:
    for name, how in service.get("depends_on", {}).items():
        other = services.get(name)
        if other is None:
            yield f"depends on {name}, which is not there"
        elif how["condition"] == "service_healthy" and other.get("healthcheck", {}).get("disable"):
            yield f"waits for the health of {name}, which has no check"
        elif how["condition"] == "service_completed_successfully" and (
            other.get("restart") not in {None, "on-failure", "no"}
        ):
            yield f"waits for the end of {name}, which never ends"


def test_the_whole_journey_is_there() -> None:
    assert COMPOSE["services"].keys() == SERVICES


def test_compose_keeps_our_rules() -> None:
    assert problems(COMPOSE) == []


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (lambda s: s["worker-1"]["environment"].update(KPISTREAM_BROKERS="x"), "is no setting"),
        (lambda s: s["worker-1"]["environment"].update(BROKER="x"), "means nothing"),
        (lambda s: s["kafka"].update(image="apache/kafka:latest"), "is not one exact version"),
        (lambda s: s["grafana"].update(ports=["3000:3000"]), "is open to the network"),
        (lambda s: s["grafana"].update(volumes=["./nowhere:/x:ro"]), "is no folder"),
        (lambda s: s["grafana"].update(volumes=["./grafana:/x"]), "can be written from inside"),
        (lambda s: s["grafana"].update(volumes=["dashboards:/x"]), "is not declared"),
        (lambda s: s["emitter"].update(read_only=False), "may write its files"),
        (lambda s: s["kafka"].update(privileged=True), "is not kept apart"),
        (lambda s: s["kafka"].pop("healthcheck"), "has no health check"),
        (
            lambda s: (
                s.pop("alertmanager")
                and s["grafana"].update(
                    depends_on={"alertmanager": {"condition": "service_healthy"}}
                )
            ),
            "is not there",
        ),
        (lambda s: s["topics-init"].update(restart="always"), "never ends"),
        (lambda s: s["kafka"].update(healthcheck={"disable": True}), "which has no check"),
    ],
)
def test_a_broken_rule_is_found(break_it: Callable[[Compose], object], problem: str) -> None:
    broken = copy.deepcopy(COMPOSE)
    break_it(broken["services"])
    assert any(problem in found for found in problems(broken))


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_the_settings_of_each_service_are_valid(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in COMPOSE["services"][service].get("environment", {}).items():
        if name.startswith(PREFIX) and value is not None:
            monkeypatch.setenv(name, REQUIRED.sub(TOKEN, value))
    settings = load_settings()
    if service.startswith("worker"):
        assert settings.broker == "kafka:9092"


def test_the_workers_do_not_start_without_a_token_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    [everywhere] = re.findall(r"KPISTREAM_WEB_HOST=(\S+)", DOCKERFILE)
    given = COMPOSE["services"]["worker-1"]["environment"]["KPISTREAM_READ_TOKENS"]
    assert REQUIRED.fullmatch(given)
    assert "openssl rand -hex 16" in given
    monkeypatch.setenv("KPISTREAM_WEB_HOST", everywhere)
    with pytest.raises(ConfigErrors, match="set read_tokens"):
        refuse_openness(load_settings())
    monkeypatch.setenv("KPISTREAM_READ_TOKENS", REQUIRED.sub(TOKEN, given))
    refuse_openness(load_settings())


def test_prometheus_knows_the_token_that_workers_ask_for() -> None:
    [secret] = COMPOSE["services"]["prometheus"]["secrets"]
    [variable] = REQUIRED.findall(
        COMPOSE["services"]["worker-1"]["environment"]["KPISTREAM_READ_TOKENS"]
    )
    assert COMPOSE["secrets"] == {secret: {"environment": variable}}
    [job] = [
        job
        for job in yaml_of("deploy/prometheus/prometheus.yml")["scrape_configs"]
        if job["job_name"] == "kpistream"
    ]
    assert job["authorization"] == {"credentials_file": f"/run/secrets/{secret}"}


def test_both_workers_are_alike_but_for_the_port_on_the_outside() -> None:
    first, second = (dict(COMPOSE["services"][f"worker-{n}"]) for n in (1, 2))
    assert first.pop("ports") != second.pop("ports")
    assert first == second


def test_kafka_is_reached_where_it_says_it_is() -> None:
    lines = text_of("deploy/kafka/server.properties").splitlines()
    properties = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    advertised = properties["advertised.listeners"].split(",")
    assert "BROKER://kafka:9092" in advertised
    assert "HOST://localhost:9094" in advertised
    assert properties["log.message.timestamp.type"] == "LogAppendTime"
    assert COMPOSE["services"]["kafka"]["volumes"][1] == f"kafka:{properties['log.dirs']}"


def test_the_image_runs_as_a_user_that_is_not_root() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.M)
    assert int(user) >= 10_000


def test_the_image_stops_on_the_signal_that_a_worker_flushes_on() -> None:
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE
    assert 'ENTRYPOINT ["kpistream"]' in DOCKERFILE


def test_the_health_check_asks_the_page_that_tells_it() -> None:
    assert "'/healthz'" in re.search(r"HEALTHCHECK.*\n.*", DOCKERFILE)[0]  # type: ignore[index]


def test_the_image_sets_only_what_can_be_set() -> None:
    assert set(re.findall(r"KPISTREAM_[A-Z_]+(?==)", DOCKERFILE)) <= SETTINGS


def test_what_the_image_copies_is_there_and_reaches_the_build() -> None:
    ignored = text_of(".dockerignore").splitlines()
    copied = re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.M)
    for source in " ".join(copied).split():
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored
