"""The words of a report's page, in English and French."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kpistream.core.kpis.kpi import Language

WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    # --- the head
    "title_day": {"en": "Daily report", "fr": "Rapport du jour"},
    "title_week": {"en": "Weekly report", "fr": "Rapport de la semaine"},
    "title_month": {"en": "Monthly report", "fr": "Rapport du mois"},
    "title_quarter": {"en": "Quarterly report", "fr": "Rapport du trimestre"},
    "title_span": {"en": "Report", "fr": "Rapport"},
    "compared": {"en": "compared with {}", "fr": "comparé au {}"},
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
    "north_star": {"en": "North Star", "fr": "étoile polaire"},
    "moved_by": {"en": "mostly {}", "fr": "surtout {}"},
    "this_period": {"en": "this period", "fr": "cette période"},
    "period_before": {"en": "the period before", "fr": "la période d'avant"},
    "by_day": {"en": "{}, day by day", "fr": "{}, jour par jour"},
    # --- a breakdown
    "share": {"en": "share", "fr": "part"},
    "change": {"en": "change", "fr": "évolution"},
    "points": {"en": "{} points", "fr": "{} points"},
    "pp": {"en": "{} pp", "fr": "{} pt"},
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
    "expected": {"en": "{} expected by now", "fr": "prévu à ce jour : {}"},
    "projected": {"en": "leads to {}", "fr": "mène à {}"},
    "needed": {"en": "{} a day needed", "fr": "{} nécessaires par jour"},
    "until": {"en": "until {}", "fr": "jusqu'au {}"},
    "days_left": {"en": "days left: {}", "fr": "jours restants : {}"},
    "progress": {"en": "{} % of the way", "fr": "{} % du chemin"},
    # --- alerts
    "no_alerts_known": {
        "en": "No alert is known to have fired.",
        "fr": "On ne sait d'aucune alerte qu'elle se soit déclenchée.",
    },
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
    "severity_warning": {"en": "warning", "fr": "attention"},
    "severity_info": {"en": "info", "fr": "info"},
    # --- what to do
    "nothing_to_do": {
        "en": "No KPI is off its mark or got clearly worse, and no alert fires.",
        "fr": "Aucun indicateur n'est hors cible ni nettement moins bien, et aucune alerte n'est "
        "active.",
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
    "note_members": {
        "en": "Not all members of {dimension} could be looked at: members are left out, and those "
        "shown need not be the ones with most events.",
        "fr": "Les éléments par {dimension} n'ont pas tous pu être examinés : il en manque, et "
        "ceux montrés n'ont pas forcément le plus d'événements.",
    },
    "note_alerts_since": {
        "en": "Alerts are known since {first}: those that were over before are missing.",
        "fr": "Les alertes sont connues depuis le {first} : celles qui étaient finies avant "
        "manquent.",
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
    "percentage_points": {
        "en": "Changes of percentages are in percentage points (pp): from 4 % to 5 % is 1 pp.",
        "fr": "Les évolutions de pourcentages sont en points de pourcentage (pt) : de 4 % à 5 %, "
        "c'est 1 pt.",
    },
    "contributions": {
        "en": "What members add to the change of a ratio is split by Bennet's indicators; the "
        "rest of the change comes from members not shown, and from people who are in several.",
        "fr": "La contribution à l'évolution d'un ratio suit les indicateurs de Bennet ; le reste "
        "vient des éléments non montrés et des personnes présentes dans plusieurs.",
    },
    "objectives_as_of": {
        "en": "Not all that objectives rest on is kept: those are as of {}, not of the end of the "
        "period.",
        "fr": "Les données de certains objectifs ne sont pas toutes conservées : ils sont vus au "
        "{}, et non à la fin de la période.",
    },
}
