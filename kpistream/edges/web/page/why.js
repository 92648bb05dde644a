/** Why: what explains a change, as a sentence. Workers tell it in English; here it is in others. */

/** Values that are less than this part of each other apart count as one. */
const MOVED = 0.01;

/**
 * Whether an alert's value has moved since it was explained, which is when it began to fire.
 *
 * @param {any} alert
 */
export function hasMoved({ value, why }) {
  return Boolean(why) && Math.abs(value - why.value) > MOVED * Math.abs(why.value);
}

/** A member or a KPI that explains less of a change than this is not told. */
const WORTH_TELLING = 0.2;

/** What stands for several members, and for what none explains. */
const NO_MEMBERS = new Set(["(rest)", ""]);

/**
 * @param {any} alert
 * @param {import("./view.js").View} view
 * @param {import("./format.js").Measure} measure
 */
export function sentence(alert, view, measure) {
  const { why } = alert;
  if (!why) return "";
  if (view.words.foreign === null) return named(why.sentence ?? "", view);
  if (why.before === null || why.value === why.before) return "";
  const text = (value) => view.format.value(value, measure);
  const parts = [bySegment(why, view), byDriver(why, view)].filter(Boolean);
  const verb = why.value < why.before ? "fell" : "rose";
  const change = view.words.say(verb, { before: text(why.before), value: text(why.value) });
  return `${[change, parts.join(" ; ")].filter(Boolean).join(" : ")}.`;
}

/** A worker's sentence, which tells the id of a KPI, with its name; members stay what they are. */
function named(text, view) {
  return text.replace(/(?<![\w=])\w+(?= explains )/g,
    (word) => (view.catalogue.kpis.has(word) ? view.kpiName(word) : word));
}

function bySegment(why, view) {
  const change = why.value - why.before;
  const named = (why.segments ?? []).filter(({ member }) => !NO_MEMBERS.has(member));
  const share = (segment) => (segment.mix + segment.rate) / change;
  const [most] = named.sort((one, other) => share(other) - share(one));
  if (!most || share(most) < WORTH_TELLING) return "";
  const what = `${view.dimensionName(most.dimension)} ${view.memberName(most.member)}`;
  return view.words.say("share_by", { share: shareText(share(most), view), what });
}

function byDriver(why, view) {
  const drivers = [...(why.drivers ?? [])];
  const whole = drivers.reduce((sum, driver) => sum + driver.effect, 0);
  const share = (driver) => driver.effect / whole;
  const [most] = drivers.sort((one, other) => share(other) - share(one));
  if (!most || !whole || share(most) < WORTH_TELLING) return "";
  return view.words.say("share_by",
    { share: shareText(share(most), view), what: view.kpiName(most.kpi) });
}

function shareText(share, view) {
  return share >= 1.005 ? view.words.say("more_than_all") : view.format.share(share);
}
