"""Grafana in the repository: the dashboards are those that are generated, and it reads them."""

from __future__ import annotations

import pytest

from kpistream.cli.generate import dashboard_texts
from kpistream.settings import settings_of
from tests.repo.files import ROOT, json_of, yaml_of

FOLDER = ROOT / "grafana" / "dashboards"
TEXTS = dashboard_texts(settings_of(), "en")


@pytest.mark.parametrize("name", TEXTS)
def test_the_committed_dashboard_is_what_is_generated(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == TEXTS[name], "run: make grafana"


def test_no_dashboard_lies_about_that_is_not_generated() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == TEXTS.keys()


def test_no_two_dashboards_have_the_same_id_or_title() -> None:
    for key in ("uid", "title"):
        found = [json_of(f"grafana/dashboards/{name}")[key] for name in TEXTS]
        assert len(set(found)) == len(found)


def test_the_data_source_has_a_fixed_uid_and_the_address_compose_gives_it() -> None:
    (source,) = yaml_of("grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    assert source["uid"] == "kpistream-prometheus"
    assert source["url"] == "http://prometheus:9090"


def test_dashboards_cannot_be_changed_beside_their_source() -> None:
    (provider,) = yaml_of("grafana/provisioning/dashboards/kpistream.yaml")["providers"]
    assert provider["allowUiUpdates"] is False
    assert provider["folder"] == "kpistream"
    mounts = yaml_of("docker-compose.yml")["services"]["grafana"]["volumes"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in mounts
