"""The words of a report's page, in English and French, and its numbers and dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from kpistream.core.alerting.why.sentence import number_text
from kpistream.core.kpis import Language

WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    # --- the head
    "title_day": {"en": "Daily report", "fr": "Rapport du jour"},
    "title_week": {"en": "Weekly report", "fr": "Rapport de la semaine"},
    "title_month": {"en": "Monthly report", "fr": "Rapport du mois"},
    "title_quarter": {"en": "Quarterly report", "fr": "Rapport du trimestre"},
    "title_span": {"en": "Report", "fr": "Rapport"},
    "compared": {"en": "compared with {}", "fr": "comparé à {}"},
    "zone": {"en": "time zone {}", "fr": "fuseau {}"},
    "as_of": {"en": "as of {}", "fr": "au {}"},
    "from_files": {"en": "from files: {}", "fr": "d'après les fichiers : {}"},
    "from_worker": {"en": "from the worker at {}", "fr": "d'après le worker {}"},
    "money_in": {"en": "money in {}", "fr": "montants en {}"},
    # --- sections
    "summary": {"en": "In short", "fr": "En bref"},
    "kpis": {"en": "KPIs", "fr": "Indicateurs"},
    "kpis_of": {"en": "KPIs: {}", "fr": "Indicateurs : {}"},
    "breakdown": {"en": "By {}", "fr": "Par {}"},
    "funnel": {"en": "Funnel: {}", "fr": "Entonnoir : {}"},
    "objectives": {"en": "Objectives", "fr": "Objectifs"},
    "alerts": {"en": "Alerts", "fr": "Alertes"},
    "duties": {"en": "What to do", "fr": "À faire"},
    "notes": {"en": "Notes", "fr": "Notes"},
    # --- the summary
    "count_better": {"en": "clearly better", "fr": "nettement mieux"},
    "count_worse": {"en": "clearly worse", "fr": "nettement moins bien"},
    "count_off": {"en": "off target", "fr": "hors cible"},
    "count_alerts": {"en": "alerts", "fr": "alertes"},
    "count_firing": {"en": "firing at the end", "fr": "actives à la fin"},
    # --- a KPI
    "no_value": {"en": "no value", "fr": "pas de valeur"},
    "before": {"en": "{} before", "fr": "{} avant"},
    "trend_better": {"en": "clearly better", "fr": "nettement mieux"},
    "trend_worse": {"en": "clearly worse", "fr": "nettement moins bien"},
    "trend_unclear": {"en": "no clear change", "fr": "pas d'évolution nette"},
    "trend_same": {"en": "unchanged", "fr": "inchangé"},
    "trend_few": {"en": "too few events to say", "fr": "trop peu d'événements pour conclure"},
    "trend_none": {"en": "nothing to compare with", "fr": "rien à comparer"},
    "verdict_good": {"en": "target reached", "fr": "cible atteinte"},
    "verdict_missed": {"en": "target missed", "fr": "cible manquée"},
    "verdict_urgent": {"en": "urgent", "fr": "urgent"},
    "verdict_few": {"en": "too few events", "fr": "trop peu d'événements"},
    "target": {"en": "target {}", "fr": "cible {}"},
    "urgent_below": {"en": "urgent below {}", "fr": "urgent sous {}"},
    "urgent_above": {"en": "urgent above {}", "fr": "urgent au-dessus de {}"},
    "sample": {"en": "rests on {} events", "fr": "repose sur {} événements"},
    "incomplete": {"en": "incomplete", "fr": "incomplet"},
    "north_star": {"en": "North Star", "fr": "North Star"},
    "moved_by": {"en": "mostly {}", "fr": "surtout {}"},
    "this_period": {"en": "this period", "fr": "cette période"},
    "period_before": {"en": "the period before", "fr": "la période d'avant"},
    "by_day": {"en": "{}, day by day", "fr": "{}, jour par jour"},
    # --- a breakdown
    "member": {"en": "member", "fr": "élément"},
    "share": {"en": "share", "fr": "part"},
    "change": {"en": "change", "fr": "évolution"},
    "points": {"en": "{} points", "fr": "{} points"},
    "adds": {"en": "adds to the change", "fr": "contribue à l'évolution"},
    "of_which_mix": {"en": "{} by its share", "fr": "{} par sa part"},
    "few_mark": {
        "en": "≈ rests on fewer events than the KPI asks for",
        "fr": "≈ repose sur moins d'événements que l'indicateur n'en demande",
    },
    "more_members": {"en": "{} more are not shown", "fr": "{} autres ne sont pas montrés"},
    # --- a funnel
    "step": {"en": "step", "fr": "étape"},
    "value": {"en": "value", "fr": "valeur"},
    "of_previous": {"en": "of the step before", "fr": "de l'étape d'avant"},
    # --- objectives
    "status_not_started": {"en": "not started", "fr": "pas commencé"},
    "status_on_track": {"en": "on track", "fr": "en bonne voie"},
    "status_at_risk": {"en": "at risk", "fr": "à risque"},
    "status_off_track": {"en": "off track", "fr": "en retard"},
    "status_achieved": {"en": "achieved", "fr": "atteint"},
    "status_missed": {"en": "missed", "fr": "manqué"},
    "status_unknown": {"en": "unknown", "fr": "inconnu"},
    "of_target": {"en": "{} of {}", "fr": "{} sur {}"},
    "expected": {"en": "{} expected by now", "fr": "{} attendu à ce jour"},
    "projected": {"en": "leads to {}", "fr": "mène à {}"},
    "needed": {"en": "{} a day needed", "fr": "{} par jour nécessaire"},
    "until": {"en": "until {}", "fr": "jusqu'au {}"},
    "days_left": {"en": "{} days left", "fr": "{} jours restants"},
    "progress": {"en": "{} % of the way", "fr": "{} % du chemin"},
    # --- alerts
    "no_alerts": {"en": "No alert fired.", "fr": "Aucune alerte ne s'est déclenchée."},
    "more_alerts": {"en": "{} more are not shown", "fr": "{} autres ne sont pas montrées"},
    "rule": {"en": "rule", "fr": "règle"},
    "where": {"en": "where", "fr": "où"},
    "when": {"en": "when", "fr": "quand"},
    "lasted": {"en": "lasted", "fr": "durée"},
    "worst": {"en": "worst", "fr": "pire valeur"},
    "why": {"en": "why, and what it costs", "fr": "pourquoi, et ce que cela coûte"},
    "fires_at_end": {"en": "firing at the end", "fr": "active à la fin"},
    "more_times": {"en": "and {} more, {} in all", "fr": "et {} autres, {} en tout"},
    "at_stake": {"en": "{} an hour at stake", "fr": "{} en jeu par heure"},
    "total": {"en": "total", "fr": "total"},
    "severity_critical": {"en": "critical", "fr": "critique"},
    "severity_warning": {"en": "warning", "fr": "avertissement"},
    "severity_info": {"en": "info", "fr": "info"},
    # --- what to do
    "nothing_to_do": {
        "en": "Nothing is off its mark, got clearly worse, or fires.",
        "fr": "Rien n'est hors cible, nettement dégradé, ni en alerte.",
    },
    "nobody": {"en": "nobody named", "fr": "personne de nommé"},
    "reason_urgent": {"en": "{} is at {}: urgent from {}", "fr": "{} est à {} : urgent à {}"},
    "reason_missed": {"en": "{} is at {}, target {}", "fr": "{} est à {}, cible {}"},
    "reason_worse": {"en": "{} went from {} to {}", "fr": "{} est passé de {} à {}"},
    "reason_firing": {"en": "alert {} ({})", "fr": "alerte {} ({})"},
    # --- notes
    "note_running": {
        "en": "The period is not over: this is how it stands at {as_of}. It is compared with "
        "nothing.",
        "fr": "La période n'est pas finie : voici où elle en est au {as_of}. Elle n'est comparée "
        "à rien.",
    },
    "note_empty": {
        "en": "Nothing is known of this period: no event occurred in it, or none is kept.",
        "fr": "On ne sait rien de cette période : aucun événement, ou aucun n'est conservé.",
    },
    "note_begins": {
        "en": "What is known begins on {first}, so the period is not whole, and compared with "
        "nothing.",
        "fr": "Les données commencent le {first} : la période n'est pas entière, et n'est comparée "
        "à rien.",
    },
    "note_no_before": {
        "en": "Nothing is known of the period before.",
        "fr": "On ne sait rien de la période d'avant.",
    },
    "note_before_begins": {
        "en": "What is known of the period before begins on {first}: it is not compared.",
        "fr": "Les données de la période d'avant commencent le {first} : elle n'est pas comparée.",
    },
    "note_chosen": {
        "en": "The files hold no complete {kind}: this is about the days that they hold.",
        "fr": "Les fichiers ne contiennent aucune période complète ({kind}) : voici les jours "
        "qu'ils contiennent.",
    },
    "note_incomplete": {
        "en": "Incomplete, since a source was silent, money has no rate, or not all is kept: "
        "{kpis}.",
        "fr": "Incomplet, car une source s'est tue, un taux de change manque, ou tout n'est pas "
        "conservé : {kpis}.",
    },
    "note_missing": {
        "en": "The worker {worker} did not answer ({reason}): what it knows of {slices} is "
        "missing.",
        "fr": "Le worker {worker} n'a pas répondu ({reason}) : ce qu'il sait de {slices} manque.",
    },
    "note_no_rate": {
        "en": "{amount} {currency} have no rate: left out of money in {into}.",
        "fr": "{amount} {currency} n'ont pas de taux : exclus des montants en {into}.",
    },
    "note_left_out": {
        "en": "Of {produced} events, {late} came too late and {rejected} were rejected; "
        "{duplicate} were repeats.",
        "fr": "Sur {produced} événements, {late} sont arrivés trop tard, {rejected} ont été "
        "rejetés et {duplicate} étaient des doublons.",
    },
    "note_unread": {
        "en": "{unread} events are of types that the settings do not read.",
        "fr": "{unread} événements sont de types que les réglages ne lisent pas.",
    },
    "note_truncated": {
        "en": "There are more changes of alerts than were told: some alerts are missing.",
        "fr": "Il y a plus de changements d'alertes que reçus : il manque des alertes.",
    },
    "method": {
        "en": "A change is called clear if chance makes one of its size too seldom: the days of "
        "the two periods are compared in pairs (Student's test), and where a KPI counts events, "
        "their numbers too (Fisher's test of two shares, the binomial test of two counts); every "
        "test that applies must agree. Of the changes called clear, at most 5 % are expected to "
        "be there by chance (Benjamini and Hochberg). Amounts whose days do not add up, such as "
        "levels, have no test, and no clear change.",
        "fr": "Une évolution est dite nette si le hasard en produit trop rarement une de cette "
        "taille : les jours des deux périodes sont comparés par paires (test de Student) et, là "
        "où un indicateur compte des événements, leurs nombres aussi (test de Fisher pour deux "
        "parts, test binomial pour deux nombres) ; tous les tests applicables doivent concorder. "
        "Parmi les évolutions dites nettes, 5 % au plus seraient dues au hasard (Benjamini et "
        "Hochberg). Les montants dont les jours ne s'additionnent pas, comme les stocks, n'ont "
        "pas de test, donc pas d'évolution nette.",
    },
    "ratios": {
        "en": "A ratio over a period is made of its sums, never a mean of days; without a "
        "denominator there is no value.",
        "fr": "Un ratio sur une période vient de ses sommes, jamais d'une moyenne de jours ; sans "
        "dénominateur, il n'y a pas de valeur.",
    },
    "contributions": {
        "en": "What members add to the change of a ratio is split by Bennet's indicators; the "
        "rest of the change comes from members not shown, and from people who are in several.",
        "fr": "La contribution à l'évolution d'un ratio suit les indicateurs de Bennet ; le reste "
        "vient des éléments non montrés et des personnes présentes dans plusieurs.",
    },
    "objectives_as_of": {
        "en": "Objectives are as of {}, not of the end of the period.",
        "fr": "Les objectifs sont vus au {}, et non à la fin de la période.",
    },
}

_MONTHS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre"),
    ),
}
_WEEKDAYS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "fr": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
}
_KINDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "day": {"en": "day", "fr": "jour"},
    "week": {"en": "week", "fr": "semaine"},
    "month": {"en": "month", "fr": "mois"},
    "quarter": {"en": "quarter", "fr": "trimestre"},
    "span": {"en": "period", "fr": "période"},
}
_TIMES: Final[Mapping[Language, tuple[tuple[int, int, str], ...]]] = {
    "en": ((172_800, 86_400, "days"), (7_200, 3_600, "h"), (120, 60, "min"), (0, 1, "s")),
    "fr": ((172_800, 86_400, "jours"), (7_200, 3_600, "h"), (120, 60, "min"), (0, 1, "s")),
}

_DIGITS: Final = 3

MINUS: Final = "\N{MINUS SIGN}"
DASH: Final = "\N{EN DASH}"


class Speech:
    """Says things in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, name: str, *texts: object, **facts: object) -> str:
        """The words of this name, with texts in their places."""
        return WORDS[name][self.language].format(*texts, **facts)

    def kind(self, kind: str) -> str:
        """What a kind of period is called."""
        return _KINDS[kind][self.language]

    def of(self, names: Mapping[Language, str], otherwise: str = "") -> str:
        """A name in the language, or in the other one."""
        return names.get(self.language) or next(iter(names.values()), otherwise)

    # -- numbers ---------------------------------------------------------------------------------

    def number(self, value: float, digits: int = _DIGITS) -> str:
        """A number to so many digits, but never less than its whole part: `1,667`, `0.0123`."""
        return self._written(number_text(value, digits))

    def whole(self, value: float) -> str:
        """A count: `1,204`."""
        return self._written(f"{value:,.0f}" if value == int(value) else number_text(value, 3))

    def percent(self, part: float, digits: int = _DIGITS) -> str:
        """A part of a whole: `12.3 %`."""
        return f"{self.number(part * 100, digits)} %"

    def moved(self, part: float) -> str:
        """How much something went up or down, as a part of what it was: `12.3 %`, `140 %`."""
        percent = abs(part) * 100
        if 0 < percent < 0.05:
            return f"< {self._written('0.1')} %"
        return self._written(f"{percent:,.{0 if percent >= 100 else 1}f} %")

    def difference(self, value: float, unit: str, currency: str | None) -> str:
        """A difference of two values with its sign; that of two percentages is in points."""
        size = abs(value)
        if unit == "ratio" and currency is None:
            return self.signed(self("points", self.number(size * 100)), value)
        if unit == "money":
            return self.signed(f"{self.number(size)} {currency or ''}".rstrip(), value)
        return self.signed(self.value(size, unit, currency), value)

    def short(self, value: float, unit: str, currency: str | None) -> str:
        """A value beside an axis: `6k`, `20 %`."""
        if unit == "ratio" and currency is None:
            return self.percent(value)
        if unit == "seconds":
            return self.time(value)
        size = abs(value)
        for least, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if size >= least:
                return f"{self.number(value / least)}{letter}"
        return self.number(value)

    def signed(self, text: str, value: float) -> str:
        """A text of a size with the sign of its value."""
        return f"{MINUS if value < 0 else '+'}{text}"

    def value(self, value: float | None, unit: str, currency: str | None) -> str:
        """A KPI's value in its unit; a ratio of money, with a currency, is told as it is."""
        if value is None:
            return self("no_value")
        match unit:
            case "ratio" if currency is None:
                return self.percent(value)
            case "money":
                return f"{self._money(value)} {currency or ''}".rstrip()
            case "seconds":
                return self.time(value)
            case "count":
                return self.whole(value)
        return self.number(value)

    def time(self, seconds: float) -> str:
        """A length of time in the unit that suits it: `45 s`, `12 min`, `4 days`."""
        times = _TIMES[self.language]
        length, unit = next((n, u) for least, n, u in times if abs(seconds) >= least)
        return f"{self.number(seconds / length)} {unit}"

    def _money(self, amount: float) -> str:
        return self._written(f"{amount:,.0f}" if abs(amount) >= 1000 else f"{amount:,.2f}")

    def _written(self, text: str) -> str:
        if self.language == "en":
            return text.replace("-", MINUS)
        mapped = text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")
        return mapped.replace("-", MINUS)

    # -- dates -----------------------------------------------------------------------------------

    def day(self, on: date, with_year: bool = True) -> str:
        """A date: `2 March 2026`."""
        first = "1er" if self.language == "fr" and on.day == 1 else str(on.day)
        return f"{first} {_MONTHS[self.language][on.month - 1]}{f' {on.year}' if with_year else ''}"

    def weekday(self, on: date) -> str:
        """A day of the week, short: `Mon 2`."""
        return f"{_WEEKDAYS[self.language][on.weekday()]} {on.day}"

    def short_day(self, on: date) -> str:
        """A date beside an axis: `2 Mar`."""
        if self.language == "fr":
            return f"{on.day}/{on.month}"
        return f"{on.day} {_MONTHS[self.language][on.month - 1][:3]}"

    def days(self, first: date, last: date) -> str:
        """The days of a period: `8 March 2026` with what is before it."""
        if first == last:
            return self.day(first)
        if (first.year, first.month) == (last.year, last.month):
            begin = "1er" if self.language == "fr" and first.day == 1 else str(first.day)
            return f"{begin}{DASH}{self.day(last)}"
        return f"{self.day(first, first.year != last.year)} {DASH} {self.day(last)}"

    def moment(self, wall: datetime) -> str:
        """What the clocks show: `Mon 2 March, 10:05`."""
        weekday = _WEEKDAYS[self.language][wall.weekday()]
        return f"{weekday} {self.day(wall.date(), with_year=False)}, {wall:%H:%M}"
