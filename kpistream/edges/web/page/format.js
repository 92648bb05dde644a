/** Numbers and moments as people read them, in their language. */

const NOTHING = "–";
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** A relative change, and one in percentage points or points, that is told as none. */
const NO_CHANGE = 0.0005;
const NO_POINTS = 0.005;

/**
 * What a number is counted in: the unit of a KPI, whether it is made of money, and of which.
 *
 * @typedef {{unit: string, has_money?: boolean, currency?: string | null}} Measure
 */

export class Format {
  /**
   * @param {string} language  a tag such as `en-GB`
   * @param {string} zone
   * @param {string} currency
   * @param {(key: string, values?: object) => string} say
   */
  constructor(language, zone, currency, say) {
    this.language = language;
    this.zone = knownZone(zone);
    this.currency = currency;
    this.say = say;
    /** @type {Map<string, Intl.NumberFormat>} */
    this.formats = new Map();
  }

  /**
   * A value of a KPI: `€1,204.50`, `3.2%`, `4.5`, `2 min 5 s`; a dash for none.
   *
   * @param {number | null | undefined} value
   * @param {Measure} measure
   */
  value(value, measure) {
    if (value === null || value === undefined) return NOTHING;
    return this.plain(value, measure).replace("-", "−");
  }

  /** The same, with the minus of a keyboard. */
  plain(value, measure) {
    switch (measure.unit) {
      case "money": return this.money(value, measure.currency);
      case "ratio": return measure.has_money ? this.number(value, 2) : this.percent(value);
      case "seconds": return this.duration(value);
      case "count": return this.count(value);
      default: return this.number(value, 1);
    }
  }

  /**
   * A number that somebody has set, such as a target: as short as it was written.
   *
   * @param {number | null | undefined} value
   * @param {Measure} measure
   */
  limit(value, measure) {
    if (typeof value !== "number" || measure.unit !== "ratio" || measure.has_money) {
      return this.value(value, measure);
    }
    return this.format({ style: "percent", maximumFractionDigits: 2 }).format(value);
  }

  /**
   * The difference of two values of a KPI, with its sign; that of shares in percentage points.
   *
   * @param {number} difference
   * @param {Measure} measure
   */
  difference(difference, measure) {
    if (measure.unit === "ratio" && !measure.has_money) return this.points(difference * 100, "pp");
    const text = this.value(Math.abs(difference), measure);
    return text === this.value(0, measure) ? text : signed(difference, text);
  }

  /**
   * How a value has changed: by what part of it, of shares and scores by how many points.
   *
   * @param {number | null | undefined} value
   * @param {number | null | undefined} before
   * @param {Measure} measure
   * @returns {{way: "up" | "down" | "same", text: string} | null} null when there is no telling
   */
  change(value, before, measure) {
    if (typeof value !== "number" || typeof before !== "number") return null;
    const difference = value - before;
    if (measure.unit === "ratio" && !measure.has_money) {
      return told(difference * 100, NO_POINTS, (points) => this.points(points, "pp"));
    }
    if (measure.unit === "points") {
      return told(difference, NO_POINTS, (points) => this.points(points, "points"));
    }
    if (!before) return told(difference, 0, () => this.difference(difference, measure));
    return told(difference / Math.abs(before), NO_CHANGE, (part) => this.signedPercent(part));
  }

  points(points, word) {
    const digits = Math.abs(points) < 1 ? 2 : 1;
    return `${signed(points, this.number(Math.abs(points), digits))}\u00a0${this.say(word)}`;
  }

  signedPercent(part) {
    const digits = Math.abs(part) < 1 ? 1 : 0;
    const options = {
      style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits,
    };
    return signed(part, this.format(options).format(Math.abs(part)));
  }

  percent(part) {
    const size = Math.abs(part);
    if (size && size < 0.001) {
      return this.format({ style: "percent", maximumSignificantDigits: 2 }).format(part);
    }
    const digits = !size || size === 1 ? 0 : size < 0.1 ? 2 : 1;
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return this.format({ style: "percent", ...options }).format(part);
  }

  /** A part as a whole number of percent. */
  share(part) {
    return this.format({ style: "percent", maximumFractionDigits: 0 }).format(part);
  }

  /**
   * Money to its smallest unit, while there is room for it.
   *
   * @param {number} amount
   * @param {string | null | undefined} currency
   */
  money(amount, currency = this.currency) {
    const size = Math.abs(amount);
    const room = size < 1e6 ? {} : size < 1e9
      ? { maximumFractionDigits: 0 }
      : { notation: "compact", maximumFractionDigits: 2 };
    const code = currency || this.currency;
    try {
      const style = { style: "currency", currency: code, currencyDisplay: "narrowSymbol" };
      return this.format({ ...style, ...room }).format(amount);
    } catch {
      return `${this.number(amount, 2)}\u00a0${code}`;
    }
  }

  count(value) {
    if (Math.abs(value) >= 1e7) {
      return this.format({ notation: "compact", maximumFractionDigits: 2 }).format(value);
    }
    return this.number(value, 1);
  }

  number(value, digits) {
    return this.format({ maximumFractionDigits: digits }).format(value);
  }

  /**
   * A time in the two units that suit its length.
   *
   * @param {number} seconds
   */
  duration(seconds) {
    const size = Math.abs(seconds);
    const sign = seconds < 0 ? "−" : "";
    if (size < MINUTE) return sign + this.unit(size, "second", size < 10 ? 1 : 0);
    if (size < HOUR) return sign + this.pair(size, MINUTE, "minute", 1, "second");
    if (size < 2 * DAY) return sign + this.pair(size, HOUR, "hour", MINUTE, "minute");
    return sign + this.unit(size / DAY, "day", 1);
  }

  pair(size, large, largeUnit, small, smallUnit) {
    const smalls = Math.round(size / small);
    const rest = smalls % (large / small);
    const first = this.unit((smalls - rest) / (large / small), largeUnit, 0);
    return rest ? `${first}\u00a0${this.unit(rest, smallUnit, 0)}` : first;
  }

  unit(value, unit, digits) {
    const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits };
    return this.format(options).format(value);
  }

  /**
   * How long ago a moment was, seen from a later one: `5 min`, in the unit that suits it.
   *
   * @param {string} moment
   * @param {string | null} now
   */
  age(moment, now) {
    const seconds = Math.max(0, (Date.parse(now ?? moment) - Date.parse(moment)) / 1000);
    if (seconds < MINUTE) return this.unit(Math.floor(seconds), "second", 0);
    if (seconds < HOUR) return this.unit(Math.floor(seconds / MINUTE), "minute", 0);
    if (seconds < 2 * DAY) return this.unit(Math.floor(seconds / HOUR), "hour", 0);
    return this.unit(Math.floor(seconds / DAY), "day", 0);
  }

  /**
   * The time of the day of a moment, in the zone of the settings.
   *
   * @param {string | number | Date} moment
   */
  time(moment) {
    return this.moment(moment, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  }

  /** The day and time of a moment, in the zone of the settings. */
  dayAndTime(moment) {
    return this.moment(moment, {
      day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
    });
  }

  moment(moment, parts) {
    const options = { ...parts, hourCycle: "h23", timeZone: this.zone };
    return new Intl.DateTimeFormat(this.language, options).format(new Date(moment));
  }

  /** A local date such as 2026-12-31. */
  date(date) {
    /** @type {Intl.DateTimeFormatOptions} */
    const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
    return new Intl.DateTimeFormat(this.language, options).format(new Date(`${date}T00:00:00Z`));
  }

  format(options) {
    const key = JSON.stringify(options);
    let format = this.formats.get(key);
    if (!format) this.formats.set(key, (format = new Intl.NumberFormat(this.language, options)));
    return format;
  }
}

/** @returns {{way: "up" | "down" | "same", text: string}} */
function told(size, none, text) {
  if (Math.abs(size) <= none) return { way: "same", text: "" };
  return { way: size > 0 ? "up" : "down", text: text(size) };
}

function signed(number, text) {
  return (number < 0 ? "−" : "+") + text;
}

function knownZone(zone) {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}
