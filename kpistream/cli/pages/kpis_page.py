"""The reference page of all shipped KPIs in both languages, written from the catalogue.

``python -m kpistream.cli.pages.kpis_page > docs/kpis.md`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, get_args

from kpistream.cli.kpi_words import LABELS, Place, rows
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import LANGUAGES, Kpi, Language, Stage
from kpistream.settings import SHIPPED

_HEAD: Final = """\
# KPIs

What kpistream computes without any configuration, as `kpistream/catalogue.yml` declares it.
`kpistream kpis` lists these and your own, `kpistream kpis ID` explains one. How to change one,
leave one out or add one stands [at the end](#your-own-kpis--vos-propres-indicateurs).

*Ce que kpistream calcule sans configuration, tel que `kpistream/catalogue.yml` le déclare. Chaque
indicateur est décrit en anglais, puis en français. `kpistream kpis ID --language fr` en explique
un.*

## Reading this page / Lire cette page

- A **ratio** is a number such as 0.03, shown as 3 %; one of money to money is shown as it is: 0.9
  for 0.90 EUR per EUR. **Money** is per currency, never added up over currencies without a rate.
  **Points** are plain numbers such as a score from -100 to 100. *Un ratio est un nombre comme 0,03,
  affiché 3 % ; un ratio d'argent est affiché tel quel : 0,9 pour 0,90 EUR par EUR. La monnaie est
  par devise. Les points sont des nombres simples, comme un score de -100 à 100.*
- A ratio is never averaged: sums are added up first, then divided. Where a denominator is 0, there
  is no value. *Un ratio n'est jamais moyenné : on additionne d'abord, on divise ensuite. Sans
  dénominateur, pas de valeur.*
- `count`, `total`, `distinct`, `elapsed` and `level` say what is added up of which
  [events](events.md): how many, the sum of a field, how many different people (an estimate), the
  time between two moments, and what there is after all that came and went.
  *`count`, `total`, `distinct`, `elapsed` et `level` disent ce qu'on additionne : le nombre, la
  somme d'un champ, le nombre de personnes différentes (estimé), le temps entre deux moments, et ce
  qui reste de tout ce qui est venu et parti.*
- **Windows** and **slices** are what a KPI makes sense for; the settings of the same name say what
  is kept. **Sample** is what a value rests on, and from how much on it says something. A slice may
  have a value and a sample of 0, such as the return on ad spend of a channel without ad clicks:
  alerts leave it alone.
  *Les fenêtres et les découpages sont ceux qui ont un sens ; les réglages disent ce qui est gardé.
  L'échantillon est ce sur quoi la valeur repose, et à partir de combien elle dit quelque chose. Un
  découpage peut avoir une valeur et un échantillon de 0, comme le ROAS d'un canal sans clic sur une
  annonce : les alertes l'ignorent.*
- **Drivers** are KPIs that one is a product of: they explain its change. **At stake** is the money
  that is lost while a KPI is not at its `baseline`, over the window; alerts tell it per hour.
  *Les leviers sont les indicateurs dont un autre est le produit : ils expliquent son évolution.
  L'enjeu est l'argent perdu tant qu'un indicateur n'est pas à sa référence (`baseline`), sur la
  fenêtre ; les alertes le disent par heure.*
- **Sources** S0 to S4 are five French articles on marketing KPIs. Where they disagree, both
  readings are here. *Les sources S0 à S4 sont cinq articles français ; là où ils divergent, les
  deux lectures sont ici.*
"""

_TAIL: Final = """\
## Your own KPIs / Vos propres indicateurs

The file of settings extends the catalogue: what it adds is new, what it writes again is overridden
field by field, and `null` removes. A measure and a list are replaced as a whole. `kpistream check`
says what is wrong, in which line. An example is worked out when the file is read: one that does
not hold is a mistake. *Le fichier de réglages étend le catalogue : ce qu'il ajoute est nouveau, ce
qu'il réécrit remplace champ par champ, `null` retire. `kpistream check` dit ce qui ne va pas, et à
quelle ligne. Un exemple est recalculé à la lecture : s'il est faux, c'est une erreur.*

```yaml
dimensions: [dealer]            # every event may carry it, and slices may be made by it
events:
  test_drive:                   # read from the topic test_drives unless `topic` says otherwise
    description: Somebody drove a car for a while.
    fields:                     # text, choice, integer, decimal, boolean, money or moment
      model: text
      minutes: {kind: integer, min: 0, max: 600, required: false}
      grade: {kind: choice, values: [good, bad]}
measures:
  test_drives: {count: test_drive}
  good_drives: {count: test_drive, where: {grade: good}}
kpis:
  good_drive_rate:
    name: {en: Good test drives, fr: Essais réussis}
    unit: ratio
    direction: up
    formula: good_drives / test_drives
    slices: [[], [dealer]]
    windows: [24h, this_month]
    minimum_sample: 20
    examples:
      - en: 45 of 60 test drives are good
        fr: 45 essais réussis sur 60
        given: {good_drives: 45, test_drives: 60}
        value: 0.75
  lead_rate: {target: 0.02}     # changes this one field of a shipped KPI
  cost_per_mille: null          # removes a shipped KPI
dashboards:
  showroom: [good_drive_rate, lead_rate, sessions, conversion_rate, revenue]
```

A number from elsewhere, such as a market share, comes in as an event of type `metric`:
*Un nombre venu d'ailleurs, comme une part de marché, arrive en événement de type `metric` :*

```yaml
measures:
  market_shares: {count: metric, where: {name: market_share}}
  market_share_total: {total: metric.value, where: {name: market_share}}
kpis:
  market_share:
    name: {en: Market share, fr: Part de marché}
    unit: ratio
    direction: up
    formula: market_share_total / market_shares
```

In a formula stand measures, other KPIs, numbers, `+ - * /`, parentheses, and the lengths of time
`second`, `minute`, `hour`, `day` and `year` (365.25 days). Its unit must come out right: money by
clicks is money, clicks by impressions are a ratio, and money and clicks cannot be added.
*Une formule contient des mesures, d'autres indicateurs, des nombres, `+ - * /`, des parenthèses et
les durées `second`, `minute`, `hour`, `day` et `year` (365,25 jours). L'unité doit s'ensuivre.*
"""

_STAGES: Final[Mapping[Stage, str]] = {
    "acquisition": "Acquisition",
    "activation": "Activation",
    "retention": "Retention / Rétention",
    "referral": "Referral / Recommandation",
    "revenue": "Revenue / Revenu",
}

_PARAGRAPH: Final = ("limits", "examples")
"""What stands in each language's paragraph; the rest is a list for both."""

_LEFT_OUT: Final = ("dashboards", "promql", "api")
"""What the command shows and this page does not: it is told above, or depends on the settings."""

_CODE: Final = ("formula", "written_out", "measures", "drivers", "stake")


def shipped() -> Catalogue:
    """The KPIs that kpistream ships."""
    path = SHIPPED / "catalogue.yml"
    return Catalogue.load(path.read_text(encoding="utf-8"), path.name)


def markdown() -> str:
    """The whole page."""
    catalogue = shipped()
    parts = [
        _HEAD,
        "## All of them / Tous\n\n" + _table(catalogue.kpis.values()),
        "## Dashboards / Tableaux de bord\n\n" + _lists(catalogue.dashboards),
        "## Funnels / Entonnoirs\n\n" + _lists(catalogue.funnels),
        *(_stage(stage, catalogue) for stage in get_args(Stage)),
        _TAIL,
    ]
    return "\n".join(parts)


def _table(kpis: Iterable[Kpi]) -> str:
    head = "| Id | English | Français | Formula / Formule |\n|---|---|---|---|\n"
    return head + "".join(
        f"| [`{kpi.id}`](#{kpi.id}) | {kpi.name['en']} | {kpi.name['fr']} | "
        f"`{' '.join(kpi.formula.split())}` |\n"
        for kpi in kpis
    )


def _lists(kpis_by_name: Mapping[str, Iterable[str]]) -> str:
    return "".join(
        f"- **{name}**: {', '.join(f'[`{kpi}`](#{kpi})' for kpi in kpis)}\n"
        for name, kpis in kpis_by_name.items()
    )


def _stage(stage: Stage, catalogue: Catalogue) -> str:
    kpis = [kpi for kpi in catalogue.kpis.values() if kpi.stage == stage]
    sections = ["".join(_section(kpi, catalogue)) for kpi in kpis]
    return f"## {_STAGES[stage]}\n\n" + "\n".join(sections)


def _section(kpi: Kpi, catalogue: Catalogue) -> Iterator[str]:
    told = {language: rows(kpi, catalogue, Place(), language) for language in LANGUAGES}
    yield f"### {kpi.id}\n\n"
    for language in LANGUAGES:
        yield f"{_paragraph(kpi, told[language], language)}\n\n"
    for name in told["en"]:
        if name not in (*_PARAGRAPH, *_LEFT_OUT):
            yield _bullet(name, [told[language][name] for language in LANGUAGES])


def _paragraph(kpi: Kpi, told: Mapping[str, list[str]], language: Language) -> str:
    colon = ": " if language == "en" else " : "
    facts = (
        f"{LABELS[name][language].capitalize()}{colon}{'; '.join(told[name])}."
        for name in _PARAGRAPH
        if name in told
    )
    return f"**{kpi.name[language]}.** {kpi.description[language]} {' '.join(facts)}"


def _bullet(name: str, told: Sequence[list[str]]) -> str:
    """A line with what is the same in both languages said once."""
    texts = [_both(text) for text in zip(*told, strict=True)]
    said = [f"`{text}`" if name in _CODE else text for text in texts]
    label = _both(LABELS[name][language] for language in LANGUAGES)
    if len(said) == 1:
        return f"- {label}: {said[0]}\n"
    return f"- {label}:\n" + "".join(f"  - {text}\n" for text in said)


def _both(texts: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(texts))


if __name__ == "__main__":
    sys.stdout.write(markdown())
