"""The page of all KPIs follows from the catalogue, and its examples can be loaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpistream.cli.pages.kpis_page import markdown, shipped
from kpistream.core.catalogue.catalogue import Catalogue, catalogue_part
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.located_yaml import load
from kpistream.settings import SHIPPED

PAGE = Path(__file__).parents[3] / "docs" / "kpis.md"
MARKDOWN = markdown()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", MARKDOWN, re.S)
CATALOGUE = shipped()


def test_the_page_follows_from_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == MARKDOWN, (
        "write it anew: python -m kpistream.cli.pages.kpis_page > docs/kpis.md"
    )


@pytest.mark.parametrize("kpi", CATALOGUE.kpis.values(), ids=lambda kpi: kpi.id)
def test_every_kpi_has_a_section_in_both_languages(kpi: Kpi) -> None:
    [section] = re.findall(rf"^### {kpi.id}\n(.*?)(?=^##|\Z)", MARKDOWN, re.S | re.M)
    for language in ("en", "fr"):
        assert f"**{kpi.name[language]}.** {kpi.description[language]}" in section
    assert f"- formula / formule: `{' '.join(kpi.formula.split())}`" in section
    assert f"- owner / responsable: {kpi.owner}" in section
    assert "Example: " in section
    assert "Exemple : " in section


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", MARKDOWN, re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]*)\)", MARKDOWN))
    assert links <= anchors


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_ones_own_kpis_can_be_read(example: str) -> None:
    base = SHIPPED / "catalogue.yml"
    files = [load(base.read_text(encoding="utf-8"), base.name), load(example, "kpistream.yml")]
    extended = Catalogue.read([files[0], catalogue_part(files[1])])
    assert extended.kpis.keys() - CATALOGUE.kpis.keys()


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 2
