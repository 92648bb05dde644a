/** What the page says, in English and in French. */

export const LANGUAGES = ["en", "fr"];

/** A text, or the forms of it by number: `{count}` and the like stand for what is filled in. */
export const WORDS = {
  en: {
    about: "About {name}",
    acknowledged: "Acknowledged by {author}",
    action: "What to do",
    alert_fires: "New alert: {what}",
    alert_resolved: "Resolved: {what}",
    alerts: "Alerts",
    as_of: "Data up to {time} {zone}",
    away: "The worker has not answered since {time}: what stands here may be old.",
    baseline: "compared with {value}",
    before: "before: {value}",
    better: "better",
    board_acquisition: "Acquisition",
    board_brand: "Brand",
    board_customers: "Customers",
    board_email: "E-mail",
    board_overview: "Overview",
    board_sales: "Sales",
    board_shop: "Shop",
    boards: "Boards",
    breakdown_of: "{name} by",
    by: "Broken down by",
    by_dimension: "by {dimension}",
    change: "Change",
    chance: "By chance in a week",
    close: "Close",
    condition: "Condition",
    conversion: "{share} of the step before",
    days_left: { one: "{count} day left", other: "{count} days left" },
    details: "Details",
    dimension_campaign: "campaign",
    dimension_channel: "channel",
    dimension_country: "country",
    dimension_device: "device",
    dimension_segment: "segment",
    dimension_site: "site",
    done: "{share} done",
    drivers: "KPIs it is made of",
    effect: "Effect",
    everything: "Show everything",
    fell: "Fell from {before} to {value}",
    few: "few data",
    filter_by: "Show only {member}",
    filters: "Filters",
    fired_often: { one: "Fired {count} time", other: "Fired {count} times lately" },
    firing_count: { one: "{count} firing", other: "{count} firing" },
    formula: "Formula",
    funnel: "Funnel: {name}",
    highest: "highest",
    history: "History",
    inhibited: "Muted by another alert",
    kpis: "KPIs",
    language: "Language",
    largest_loss: "largest loss",
    latest: "latest",
    less_than: "less than {chance}",
    lowest: "lowest",
    minimum_sample: "Smallest sample that says something",
    missing: {
      one: "{count} worker does not answer: what it is in charge of is missing here.",
      other: "{count} workers do not answer: what they are in charge of is missing here.",
    },
    missing_part: "{worker}: {reason}",
    missing_slices: "without: {slices}",
    more_than_all: "more than all",
    moves: "moves {name} by {change}",
    more_members: {
      one: "and {count} more with a smaller sample",
      other: "and {count} more with smaller samples",
    },
    muted: "Muted for now: {receivers}",
    needed_per_day: "{value} a day needed",
    allowed_per_day: "{value} a day possible",
    others_fire: { one: "{count} more fires.", other: "{count} more fire." },
    no_alerts: "All quiet: no alert fires.",
    no_alerts_away: "Whether an alert fires is not known: the worker does not answer.",
    no_alerts_known: "No alert is known here, but part of the cluster does not answer.",
    no_before: "nothing to compare with",
    no_breakdown: "Nothing here to break down yet.",
    no_data: "No data yet: the page fills itself as soon as events arrive.",
    no_reading: "no value over {window}",
    north_star: "north star",
    not_set: "not set",
    objectives: "Objectives",
    others: "all others",
    overall: "{share} from start to end",
    owner: "Owner",
    pair: "{name}: {value}",
    paused: "Paused",
    pace: "plan for today: {value}",
    pending: "pending",
    per_hour: "{money} an hour at stake",
    points: "points",
    pp: "pp",
    pp_long: "percentage points",
    projected: "heading for {value}",
    provisional: "provisional",
    provisional_means: "Everything so far is in it; it still moves.",
    incomplete: "incomplete",
    incomplete_means: "A source is silent, or money has no rate: something is missing in it.",
    final: "final",
    final_means: "Nothing can come any more.",
    reached: "reached",
    reconnecting: "Reconnecting…",
    connecting: "Connecting…",
    live: "Live",
    stale: "Stale since {time}",
    waiting: "Waiting for the worker",
    locked: "Locked",
    refused: "Not possible",
    not_ready: "The worker is not ready yet; this page keeps trying.",
    unreachable: "The worker does not answer; this page keeps trying.",
    problem: "The worker cannot show this: {detail}",
    remove_filter: "Remove filter {what}",
    resolved_count: { one: "{count} resolved", other: "{count} resolved" },
    rose: "Rose from {before} to {value}",
    runbook: "Runbook",
    sample: "Sample",
    sample_of: "n = {count}",
    same: "unchanged",
    segments: "Where it comes from",
    severity_critical: "critical",
    severity_info: "info",
    severity_warning: "warning",
    share_by: "{share} of it by {what}",
    show_slice: "Show this part",
    shown_at: "Version {version} · currency {currency} · times in {zone}",
    silenced: "Silenced",
    silent: {
      one: "A source is silent: {topics}. KPIs that need it are incomplete.",
      other: "Sources are silent: {topics}. KPIs that need them are incomplete.",
    },
    since: "for {age}",
    since_before: "Since the window before:",
    skip: "Skip to the KPIs",
    status_achieved: "achieved",
    status_at_risk: "at risk",
    status_missed: "missed",
    status_not_started: "not started",
    status_off_track: "off track",
    status_on_track: "on track",
    status_unknown: "unknown",
    target: "Target",
    target_of: "target {value}",
    theme: "Colours",
    theme_auto: "Auto",
    theme_dark: "Dark",
    theme_light: "Light",
    token: "Read token",
    token_needed: "This worker shows its KPIs only to those who know a read token.",
    token_open: "Open",
    token_wrong: "That is not a token this worker knows.",
    total: "total",
    trend: "Course: lowest {low}, highest {high}, latest {last}.",
    trust: "Trust",
    unexplained: "not explained",
    until: "by {date}",
    urgent: "urgent",
    value: "Value",
    when_fired: "as of when it fired",
    window: "Window",
    window_today: "today",
    window_this_week: "this week",
    window_this_month: "this month",
    window_this_quarter: "this quarter",
    window_this_year: "this year",
    worse: "worse",
  },
  fr: {
    about: "À propos : {name}",
    acknowledged: "Prise en charge par {author}",
    action: "Que faire",
    alert_fires: "Nouvelle alerte : {what}",
    alert_resolved: "Résolue : {what}",
    alerts: "Alertes",
    as_of: "Données jusqu’à {time} {zone}",
    away: "Le worker ne répond plus depuis {time} : ce qui figure ici peut être périmé.",
    baseline: "comparé à {value}",
    before: "avant : {value}",
    better: "mieux",
    board_acquisition: "Acquisition",
    board_brand: "Marque",
    board_customers: "Clients",
    board_email: "E-mail",
    board_overview: "Vue d’ensemble",
    board_sales: "Ventes",
    board_shop: "Boutique",
    boards: "Tableaux",
    breakdown_of: "{name} par",
    by: "Ventilé par",
    by_dimension: "par {dimension}",
    change: "Évolution",
    chance: "Par hasard en une semaine",
    close: "Fermer",
    condition: "Condition",
    conversion: "{share} de l’étape précédente",
    days_left: { one: "{count} jour restant", other: "{count} jours restants" },
    details: "Détails",
    dimension_campaign: "campagne",
    dimension_channel: "canal",
    dimension_country: "pays",
    dimension_device: "appareil",
    dimension_segment: "segment",
    dimension_site: "site",
    done: "{share} accomplis",
    drivers: "KPI qui le composent",
    effect: "Effet",
    everything: "Tout afficher",
    fell: "A baissé de {before} à {value}",
    few: "peu de données",
    filter_by: "N’afficher que {member}",
    filters: "Filtres",
    fired_often: { one: "Déclenchée {count} fois", other: "Déclenchée {count} fois récemment" },
    firing_count: { one: "{count} active", other: "{count} actives" },
    formula: "Formule",
    funnel: "Entonnoir : {name}",
    highest: "plus haut",
    history: "Historique",
    inhibited: "Masquée par une autre alerte",
    kpis: "KPI",
    language: "Langue",
    largest_loss: "plus grande perte",
    latest: "dernier",
    less_than: "moins de {chance}",
    lowest: "plus bas",
    minimum_sample: "Plus petit échantillon parlant",
    missing: {
      one: "{count} worker ne répond pas : ce dont il a la charge manque ici.",
      other: "{count} workers ne répondent pas : ce dont ils ont la charge manque ici.",
    },
    missing_part: "{worker} : {reason}",
    missing_slices: "sans : {slices}",
    more_than_all: "plus de 100 %",
    moves: "fait varier {name} de {change}",
    more_members: {
      one: "et {count} autre, à plus petit échantillon",
      other: "et {count} autres, à plus petit échantillon",
    },
    muted: "En sourdine pour l’instant : {receivers}",
    needed_per_day: "{value} nécessaires par jour",
    allowed_per_day: "{value} possibles par jour",
    others_fire: { one: "{count} autre est active.", other: "{count} autres sont actives." },
    no_alerts: "Tout est calme : aucune alerte active.",
    no_alerts_away: "On ignore si une alerte est active : le worker ne répond pas.",
    no_alerts_known: "Aucune alerte connue ici, mais une partie du cluster ne répond pas.",
    no_before: "rien à comparer",
    no_breakdown: "Rien à ventiler pour l’instant.",
    no_data: "Pas encore de données : la page se remplit dès que des événements arrivent.",
    no_reading: "pas de valeur sur {window}",
    north_star: "étoile polaire",
    not_set: "non renseigné",
    objectives: "Objectifs",
    others: "tous les autres",
    overall: "{share} du début à la fin",
    owner: "Responsable",
    pair: "{name} : {value}",
    paused: "En pause",
    pace: "prévu à ce jour : {value}",
    pending: "en attente",
    per_hour: "{money} en jeu par heure",
    points: "points",
    pp: "pt",
    pp_long: "points de pourcentage",
    projected: "en route vers {value}",
    provisional: "provisoire",
    provisional_means: "Tout ce qui est arrivé y est ; la valeur bouge encore.",
    incomplete: "incomplet",
    incomplete_means: "Une source est muette, ou un montant n’a pas de taux : il manque quelque chose.",
    final: "définitif",
    final_means: "Plus rien ne peut arriver.",
    reached: "atteinte",
    reconnecting: "Reconnexion…",
    connecting: "Connexion…",
    live: "En direct",
    stale: "Figé depuis {time}",
    waiting: "En attente du worker",
    locked: "Verrouillé",
    refused: "Impossible",
    not_ready: "Le worker n’est pas encore prêt ; cette page réessaie.",
    unreachable: "Le worker ne répond pas ; cette page réessaie.",
    problem: "Le worker ne peut pas montrer cela : {detail}",
    remove_filter: "Retirer le filtre {what}",
    resolved_count: { one: "{count} résolue", other: "{count} résolues" },
    rose: "A augmenté de {before} à {value}",
    runbook: "Procédure",
    sample: "Échantillon",
    sample_of: "n = {count}",
    same: "inchangé",
    segments: "D’où cela vient",
    severity_critical: "critique",
    severity_info: "info",
    severity_warning: "attention",
    share_by: "{share} par {what}",
    show_slice: "Montrer cette partie",
    shown_at: "Version {version} · devise {currency} · heures en {zone}",
    silenced: "En silence",
    silent: {
      one: "Une source est muette : {topics}. Les KPI qui en dépendent sont incomplets.",
      other: "Des sources sont muettes : {topics}. Les KPI qui en dépendent sont incomplets.",
    },
    since: "depuis {age}",
    since_before: "Depuis la fenêtre précédente :",
    skip: "Aller aux KPI",
    status_achieved: "atteint",
    status_at_risk: "à risque",
    status_missed: "manqué",
    status_not_started: "pas commencé",
    status_off_track: "en retard",
    status_on_track: "en bonne voie",
    status_unknown: "inconnu",
    target: "Cible",
    target_of: "cible {value}",
    theme: "Couleurs",
    theme_auto: "Auto",
    theme_dark: "Sombre",
    theme_light: "Clair",
    token: "Jeton de lecture",
    token_needed: "Ce worker ne montre ses KPI qu’à qui connaît un jeton de lecture.",
    token_open: "Ouvrir",
    token_wrong: "Ce worker ne connaît pas ce jeton.",
    total: "total",
    trend: "Évolution : au plus bas {low}, au plus haut {high}, dernier {last}.",
    trust: "Fiabilité",
    unexplained: "non expliqué",
    until: "d’ici au {date}",
    urgent: "urgent",
    value: "Valeur",
    when_fired: "au moment du déclenchement",
    window: "Fenêtre",
    window_today: "aujourd’hui",
    window_this_week: "cette semaine",
    window_this_month: "ce mois-ci",
    window_this_quarter: "ce trimestre",
    window_this_year: "cette année",
    worse: "moins bien",
  },
};

/** What events that name no member, and members beyond the limit, are called by workers. */
const SPECIAL = { "(not set)": "not_set", __other__: "others" };

/** The units of windows such as `5m`. */
const UNITS = { s: "second", m: "minute", h: "hour", d: "day" };

export class Words {
  /** @param {string} language */
  constructor(language) {
    this.language = LANGUAGES.includes(language) ? language : "en";
    this.texts = WORDS[this.language];
    this.plurals = new Intl.PluralRules(this.language);
    this.say = this.say.bind(this);
  }

  /**
   * A text with its values filled in; `count` chooses its form.
   *
   * @param {string} key
   * @param {Record<string, any>} [values]
   */
  say(key, values = {}) {
    const text = this.texts[key] ?? key;
    const form = typeof text === "string"
      ? text
      : text[this.plurals.select(values.number ?? values.count)] ?? text.other;
    return form.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }

  /** The name of one of several things of a kind; its id where there is no name for it. */
  named(kind, id) {
    return this.texts[`${kind}_${id}`] ?? String(id).replaceAll("_", " ");
  }

  /** The name of a window: `1 hour`, `this month`. */
  window(id) {
    const [, count, letter] = /^(\d+)([smhd])$/.exec(id) ?? [];
    if (!letter) return this.named("window", id);
    /** @type {Intl.NumberFormatOptions} */
    const options = { style: "unit", unit: UNITS[letter], unitDisplay: "long" };
    return new Intl.NumberFormat(this.language, options).format(Number(count));
  }

  /** The text of a pair of languages such as the catalogue has. */
  of(texts) {
    return texts?.[this.language] ?? texts?.en ?? "";
  }

  /** Which text a member that is none is told as; undefined of an ordinary one. */
  special(member) {
    return Object.hasOwn(SPECIAL, member) ? this.texts[SPECIAL[member]] : undefined;
  }

  /** The tag that numbers and dates follow: that of the browser, if it is of this language. */
  get tag() {
    const tags = navigator.languages ?? [navigator.language];
    return tags.find((tag) => tag.startsWith(this.language)) ?? this.language;
  }

  /** The language that a text of the rules is marked with, which are in English. */
  get foreign() {
    return this.language === "en" ? null : "en";
  }
}

/** The language that somebody's browser asks for, as far as the page knows it. */
export function preferredLanguage() {
  const asked = (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2));
  return asked.find((language) => LANGUAGES.includes(language)) ?? "en";
}
