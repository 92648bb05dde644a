"""The words of the dashboards that are no KPI's, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kpistream.core.kpis.kpi import Language
from kpistream.core.names import board_name, dimension_name

ENGLISH: Final[Mapping[str, str]] = {
    # names of dashboards
    "campaign": "Campaign",
    "alerts": "Alerts",
    "pipeline": "Pipeline health",
    # what they are for
    "about_board": "KPIs that belong together, as the catalogue puts them: now, against the period "
    "before, by channel and by campaign. Marks are alerts.",
    "about_campaign": "All KPIs of one campaign, beside those of all traffic and of the other "
    "campaigns. Marks are alerts.",
    "about_alerts": "What fires, what has fired, which rules are noisy, and whether people were "
    "told.",
    "about_pipeline": "Whether the figures of the other dashboards are complete and fresh: what "
    "became of the events, how far reading is behind, and what is left out.",
    # links and variables
    "dashboards": "Dashboards",
    "dashboards_tip": "The other dashboards of kpistream",
    "back": "Back to {board}",
    "to_board": "More on the dashboard {board}",
    "to_campaign": "This campaign alone",
    "to_campaigns": "The campaigns of this channel",
    "to_rule": "The history of this rule",
    "data_source": "Data source",
    "window": "Window",
    "currency": "Currency",
    "rule": "Rule",
    "firing_alerts": "Firing alerts",
    "fires": "{{rule}} fires",
    # rows and panels of KPIs
    "row_north_star": "North Star",
    "row_now": "Now, in total",
    "row_objectives": "Objectives and pace",
    "row_alerts": "Alerts now",
    "row_funnel": "From step to step",
    "row_by": "By {dimension}",
    "row_campaigns": "Campaigns",
    "row_here": "This campaign: {board}",
    "row_course": "Course",
    "row_others": "Beside the other campaigns",
    "now": "now",
    "before": "period before",
    "change": "against period before",
    "share_of_all": "share of all traffic",
    "against_all": "against all traffic",
    "all_traffic": "all traffic",
    "no_data": "no data yet",
    "owner": "Owner: {owner}.",
    "to_do": "If it deviates: {action}",
    "about_now": "Over all traffic, in the chosen window.",
    "about_own_window": "Over all traffic, in the window {window}: it is not read for the other "
    "ones here.",
    "about_change": "The second number is the change against the period before, in parts of what "
    "it was: +10 % of 2 % is 2.2 %.",
    "about_change_points": "The second number is the change against the period before, in points.",
    "about_against": "The second number compares it with all traffic, in parts of its value.",
    "about_share": "The second number is its share of all traffic.",
    "about_line": "One line for each {dimension}, in the chosen window.",
    "about_before": "The dashed line is the period before.",
    "changes": "Change against the period before",
    "about_changes": "How far each KPI is from its value in the period before, by {dimension}; "
    "green is the good way.",
    "about_changes_points": "Of scores in points, the difference.",
    "top_campaigns": "Largest campaigns",
    "about_campaigns": "The 25 campaigns with the largest sample of the first column, in the "
    "chosen window; readings by campaign are kept for {windows}. A click on one leads to its own "
    "dashboard.",
    "funnel": "{name}: steps",
    "about_funnel": "How many took each step in the chosen window, over all traffic.",
    "about_funnel_here": "How many took each step in the chosen window, from this campaign.",
    "conversion": "{name}: from one step to the next",
    "about_conversion": "The next step as a share of the one before. Above 100 % where people "
    "enter later than at the first step.",
    "conversion_by": "Conversion by {dimension}",
    # objectives
    "objectives": "Objectives",
    "about_objectives": "Each objective: where it is, where its pace leads by the deadline, what "
    "each day left must add, and how it stands. Numbers are in the unit of its KPI.",
    "objective": "Objective",
    "status": "Status",
    "value": "Value",
    "target": "Target",
    "projected": "Projected",
    "progress": "Done",
    "needed": "Needed a day",
    "pace": "Pace: projected value, in parts of the target",
    "about_pace": "Where the pace so far leads to by the deadline, divided by the target: at "
    "100 % the objective is met.",
    "course_of": "{objective}: way to the target",
    "about_course_of": "Value since the start, where the pace leads, and the target.",
    "not_started": "not started",
    "on_track": "on track",
    "at_risk": "at risk",
    "off_track": "off track",
    "achieved": "achieved",
    "missed": "missed",
    "unknown": "not known",
    "no_objectives": "no objectives",
    # alerts
    "alerts_now": "Alerts by rule",
    "about_alerts_now": "Rules with alerts: slices for which the condition holds, and those for "
    "which it has held for its whole duration.",
    "no_alerts": "no alerts",
    "pending": "Pending",
    "firing": "Firing",
    "resolved": "Resolved",
    "quiet": "quiet",
    "firing_now": "Firing now",
    "about_firing_now": "Slices for which a rule's condition has held for its whole duration.",
    "pending_now": "Pending now",
    "about_pending_now": "Slices for which a rule's condition holds, not yet for its duration.",
    "fired": "Began to fire",
    "about_fired": "How often alerts began to fire in the chosen time.",
    "ended": "Resolved",
    "about_ended": "How often alerts resolved in the chosen time.",
    "row_history": "History",
    "history": "State of each rule",
    "about_history": "Rules that were not quiet all the time: pending, firing, quiet.",
    "firing_course": "Firing alerts",
    "about_firing_course": "How many slices fire, one line a rule.",
    "row_noise": "Noise",
    "noise": "Firings by rule",
    "about_noise": "How often alerts of each rule began to fire in the chosen time, most first. "
    "What fires often and is acted on seldom wants another threshold.",
    "flapping": "Flapping",
    "about_flapping": "Changes to firing and back in the hour before, one line a rule. A rule that "
    "keeps changing wants a longer duration.",
    "row_delivery": "Delivery",
    "deliveries": "Deliveries by receiver",
    "about_deliveries": "Tries to deliver a notification in the chosen time, by receiver and by "
    "what came of them. Refused and given up ones are dead letters.",
    "delivery_course": "Deliveries a minute",
    "about_delivery_course": "Tries to deliver a notification a minute, by receiver and by what "
    "came of them.",
    "waiting": "Waiting",
    "about_waiting": "Messages that were tried and have not been taken yet, by receiver.",
    "left_out": "Not told",
    "about_left_out": "Alerts that were not told in the chosen time, since too many are known.",
    "receiver": "Receiver",
    "outcome": "Outcome",
    "tries": "Tries",
    # pipeline
    "row_events": "Events",
    "events": "Events by outcome",
    "about_events": "Events a second by what became of them. Late and rejected ones are in the "
    "dead-letter topic, with the reason.",
    "refused": "Events that count nowhere",
    "about_refused": "Late, rejected and repeated events in the chosen time, by topic and reason.",
    "topic": "Topic",
    "reason": "Reason",
    "count": "Events",
    "lag": "Lag",
    "about_lag": "Records on the broker that are not read yet. A lag that keeps growing asks for "
    "more workers.",
    "watermark": "Watermark age",
    "about_watermark": "How far reading is behind the clock, for the partition furthest behind. It "
    "grows while records wait; that of a silent source moves on by itself.",
    "row_lateness": "Lateness",
    "lateness": "Event lateness, 99th percentile",
    "about_lateness": "Time from an event's occurrence to its arrival on the broker.",
    "arrival_lag": "Arrival lag",
    "about_arrival_lag": "Time after which 95 % of a topic's events have arrived, in the slowest "
    "partition.",
    "row_work": "Work",
    "stage_time": "Stage time, 99th percentile",
    "about_stage_time": "Time a chunk of records spends in each stage of the pipeline.",
    "batch": "Records in a chunk, median",
    "about_batch": "Records that an agent is handed at once; larger ones are cheaper.",
    "flushed": "Rows written",
    "about_flushed": "Rows written durably a second, by table.",
    "row_complete": "What is there, and what is left out",
    "workers": "Workers",
    "about_workers": "Workers that answer, by version.",
    "slices": "Slices",
    "about_slices": "Slices that have a reading, over all workers.",
    "dropped": "Dropped series",
    "about_dropped": "Series of readings that a scrape left out because of a worker's limit; "
    "dashboards and rules of Prometheus miss them.",
    "unpriced": "Unpriced money",
    "about_unpriced": "Amounts without a rate, which no reading has, by currency, in its own "
    "units; a rates file mends it.",
}

FRENCH: Final[Mapping[str, str]] = {
    "campaign": "Campagne",
    "alerts": "Alertes",
    "pipeline": "État du pipeline",
    "about_board": "Les KPI qui vont ensemble, d'après le catalogue : maintenant, par rapport à la "
    "période précédente, par canal et par campagne. Les repères sont des alertes.",
    "about_campaign": "Tous les KPI d'une campagne, à côté de ceux de tout le trafic et des autres "
    "campagnes. Les repères sont des alertes.",
    "about_alerts": "Ce qui est en alerte, ce qui l'a été, les règles bruyantes, et si les gens "
    "ont été prévenus.",
    "about_pipeline": "Si les chiffres des autres tableaux sont complets et frais : le sort des "
    "événements, le retard de lecture, et ce qui manque.",
    "dashboards": "Tableaux de bord",
    "dashboards_tip": "Les autres tableaux de bord de kpistream",
    "back": "Retour à {board}",
    "to_board": "Plus de détails dans le tableau {board}",
    "to_campaign": "Cette campagne seule",
    "to_campaigns": "Les campagnes de ce canal",
    "to_rule": "L'historique de cette règle",
    "data_source": "Source de données",
    "window": "Fenêtre",
    "currency": "Devise",
    "rule": "Règle",
    "firing_alerts": "Alertes actives",
    "fires": "{{rule}} se déclenche",
    "row_north_star": "Étoile polaire",
    "row_now": "Maintenant, au total",
    "row_objectives": "Objectifs et rythme",
    "row_alerts": "Alertes en cours",
    "row_funnel": "D'une étape à l'autre",
    "row_by": "Par {dimension}",
    "row_campaigns": "Campagnes",
    "row_here": "Cette campagne : {board}",
    "row_course": "Évolution",
    "row_others": "À côté des autres campagnes",
    "now": "maintenant",
    "before": "période précédente",
    "change": "par rapport à la période précédente",
    "share_of_all": "part de tout le trafic",
    "against_all": "par rapport à tout le trafic",
    "all_traffic": "tout le trafic",
    "no_data": "pas encore de données",
    "owner": "Responsable : {owner}.",
    "to_do": "En cas d'écart : {action}",
    "about_now": "Sur tout le trafic, dans la fenêtre choisie.",
    "about_own_window": "Sur tout le trafic, dans la fenêtre {window} : il n'est pas calculé pour "
    "les autres d'ici.",
    "about_change": "Le second nombre est l'évolution par rapport à la période précédente, en part "
    "de sa valeur d'alors : +10 % de 2 % font 2,2 %.",
    "about_change_points": "Le second nombre est l'évolution par rapport à la période précédente, "
    "en points.",
    "about_against": "Le second nombre le compare à tout le trafic, en part de sa valeur.",
    "about_share": "Le second nombre est sa part de tout le trafic.",
    "about_line": "Une ligne par {dimension}, dans la fenêtre choisie.",
    "about_before": "La ligne en tirets est la période précédente.",
    "changes": "Évolution par rapport à la période précédente",
    "about_changes": "L'écart de chaque KPI à sa valeur de la période précédente, par {dimension} "
    "; le vert est le bon sens.",
    "about_changes_points": "Pour les scores en points, la différence.",
    "top_campaigns": "Plus grandes campagnes",
    "about_campaigns": "Les 25 campagnes dont l'échantillon de la première colonne est le plus "
    "grand, dans la fenêtre choisie ; les valeurs par campagne existent pour {windows}. Un clic "
    "mène au tableau de la campagne.",
    "funnel": "{name} : étapes",
    "about_funnel": "Combien ont franchi chaque étape dans la fenêtre choisie, sur tout le trafic.",
    "about_funnel_here": "Combien ont franchi chaque étape dans la fenêtre choisie, depuis cette "
    "campagne.",
    "conversion": "{name} : d'une étape à la suivante",
    "about_conversion": "L'étape suivante en part de la précédente. Plus de 100 % là où les gens "
    "entrent après la première étape.",
    "conversion_by": "Conversion par {dimension}",
    "objectives": "Objectifs",
    "about_objectives": "Chaque objectif : où il en est, où mène son rythme à l'échéance, ce que "
    "chaque jour restant doit ajouter, et son statut. Les nombres sont dans l'unité de son KPI.",
    "objective": "Objectif",
    "status": "Statut",
    "value": "Valeur",
    "target": "Cible",
    "projected": "Projection",
    "progress": "Atteint",
    "needed": "Nécessaire par jour",
    "pace": "Rythme : valeur projetée, en part de la cible",
    "about_pace": "Où mène le rythme actuel à l'échéance, divisé par la cible : à 100 %, "
    "l'objectif est atteint.",
    "course_of": "{objective} : chemin vers la cible",
    "about_course_of": "Valeur depuis le début, où mène le rythme, et la cible.",
    "not_started": "pas commencé",
    "on_track": "en bonne voie",
    "at_risk": "à risque",
    "off_track": "en retard",
    "achieved": "atteint",
    "missed": "manqué",
    "unknown": "inconnu",
    "no_objectives": "aucun objectif",
    "alerts_now": "Alertes par règle",
    "about_alerts_now": "Les règles en alerte : segments pour lesquels la condition est vraie, et "
    "ceux pour lesquels elle l'est depuis toute sa durée.",
    "no_alerts": "aucune alerte",
    "pending": "En attente",
    "firing": "Active",
    "resolved": "Résolue",
    "quiet": "calme",
    "firing_now": "Actives maintenant",
    "about_firing_now": "Les segments pour lesquels la condition d'une règle est vraie depuis "
    "toute sa durée.",
    "pending_now": "En attente maintenant",
    "about_pending_now": "Les segments pour lesquels la condition d'une règle est vraie, pas "
    "encore depuis toute sa durée.",
    "fired": "Déclenchements",
    "about_fired": "Combien de fois des alertes se sont déclenchées dans le temps choisi.",
    "ended": "Résolutions",
    "about_ended": "Combien de fois des alertes se sont résolues dans le temps choisi.",
    "row_history": "Historique",
    "history": "État de chaque règle",
    "about_history": "Les règles qui n'étaient pas toujours calmes : en attente, active, calme.",
    "firing_course": "Alertes actives",
    "about_firing_course": "Combien de segments sont en alerte, une ligne par règle.",
    "row_noise": "Bruit",
    "noise": "Déclenchements par règle",
    "about_noise": "Combien de fois les alertes de chaque règle se sont déclenchées dans le temps "
    "choisi, les plus nombreuses d'abord. Ce qui se déclenche souvent et fait rarement agir veut "
    "un autre seuil.",
    "flapping": "Oscillation",
    "about_flapping": "Les passages à l'alerte et retour dans l'heure précédente, une ligne par "
    "règle. Une règle qui change sans cesse veut une durée plus longue.",
    "row_delivery": "Envoi",
    "deliveries": "Envois par destinataire",
    "about_deliveries": "Les essais d'envoi d'une notification dans le temps choisi, par "
    "destinataire et résultat. Les refusés et les abandonnés sont mis de côté.",
    "delivery_course": "Envois par minute",
    "about_delivery_course": "Les essais d'envoi d'une notification par minute, par destinataire "
    "et résultat.",
    "waiting": "En file",
    "about_waiting": "Les messages essayés et pas encore reçus, par destinataire.",
    "left_out": "Non signalées",
    "about_left_out": "Les alertes non signalées dans le temps choisi, car trop sont connues.",
    "receiver": "Destinataire",
    "outcome": "Résultat",
    "tries": "Essais",
    "row_events": "Événements",
    "events": "Événements par résultat",
    "about_events": "Les événements par seconde selon leur sort. Les tardifs et les rejetés sont "
    "mis de côté, avec la raison.",
    "refused": "Événements qui ne comptent pas",
    "about_refused": "Les événements tardifs, rejetés et répétés dans le temps choisi, par topic "
    "et raison.",
    "topic": "Topic",
    "reason": "Raison",
    "count": "Événements",
    "lag": "Retard",
    "about_lag": "Les enregistrements du broker pas encore lus. Un retard qui croît sans cesse "
    "demande plus de workers.",
    "watermark": "Âge du temps atteint",
    "about_watermark": "Le retard de la lecture sur l'horloge, pour la partition la plus en "
    "retard. Il croît tant que des enregistrements attendent ; celui d'une source muette avance "
    "seul.",
    "row_lateness": "Délais",
    "lateness": "Délai des événements, 99e centile",
    "about_lateness": "Le temps entre un événement et son arrivée sur le broker.",
    "arrival_lag": "Délai d'arrivée",
    "about_arrival_lag": "Le temps au bout duquel 95 % des événements d'un topic sont arrivés, "
    "dans la partition la plus lente.",
    "row_work": "Travail",
    "stage_time": "Temps par étape, 99e centile",
    "about_stage_time": "Le temps qu'un lot d'enregistrements passe dans chaque étape.",
    "batch": "Enregistrements par lot, médiane",
    "about_batch": "Les enregistrements remis à la fois à un agent ; les grands lots coûtent "
    "moins.",
    "flushed": "Lignes écrites",
    "about_flushed": "Les lignes écrites durablement par seconde, par table.",
    "row_complete": "Ce qui est là, et ce qui manque",
    "workers": "Workers",
    "about_workers": "Les workers qui répondent, par version.",
    "slices": "Segments",
    "about_slices": "Les segments qui ont une valeur, sur tous les workers.",
    "dropped": "Séries écartées",
    "about_dropped": "Les séries qu'une collecte a écartées à cause de la limite d'un worker ; les "
    "tableaux et les règles de Prometheus ne les voient pas.",
    "unpriced": "Montants sans taux",
    "about_unpriced": "Les montants sans taux de change, absents de toute valeur, par devise, dans "
    "son unité ; un fichier de taux y remédie.",
}

_BESIDE: Final = ("campaign", "alerts", "pipeline")
"""The dashboards that the catalogue does not list."""

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {"en": ENGLISH, "fr": FRENCH}


class Words:
    """The words of one language: ``words("back", board="Shop")``."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._words = _WORDS[language]

    def __call__(self, key: str, /, **values: str) -> str:
        word = self._words[key]
        return word.format(**values) if values else word

    def board(self, name: str) -> str:
        """A dashboard's name as a title."""
        return self._words[name] if name in _BESIDE else _as_title(board_name(name, self.language))

    def dimension(self, name: str) -> str:
        """A dimension's name as a title."""
        return _as_title(dimension_name(name, self.language))


def _as_title(name: str) -> str:
    return name[:1].upper() + name[1:]
