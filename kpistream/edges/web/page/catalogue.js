/** The catalogue: which KPIs, boards, windows and dimensions there are. */

/**
 * @typedef {{id: string, name: Record<string, string>, description: Record<string, string>,
 *   unit: string, has_money: boolean, direction: "up" | "down", formula: string,
 *   target: number | null, urgent: number | null, minimum_sample: number, owner: string,
 *   action: string, north_star: boolean}} Kpi
 */

const USUAL_BOARD = "overview";
const USUAL_WINDOW = "1h";

export class Catalogue {
  /** @param {any} told  the answer of `/api/v1/kpis` */
  constructor(told) {
    /** @type {Map<string, Kpi>} */
    this.kpis = new Map(told.kpis.map((kpi) => [kpi.id, kpi]));
    /** What KPIs and rules say in both languages, by what stands in them and in alerts. */
    this.texts = new Map(Object.entries(told.texts ?? {}));
    this.names = {
      board: new Map(Object.entries(told.names?.boards ?? {})),
      dimension: new Map(Object.entries(told.names?.dimensions ?? {})),
    };
    this.boards = new Map(Object.entries(told.dashboards));
    this.windows = told.windows;
    this.dimensions = told.dimensions;
    this.sets = new Set(told.slices);
    this.currency = told.currency;
    this.zone = told.zone;
    this.version = told.version;
  }

  /**
   * The nearest to a choice that this catalogue has.
   *
   * @param {import("./address.js").Choice} choice
   */
  fit(choice) {
    const board = first([choice.board, USUAL_BOARD, ...this.boards.keys()], this.boards);
    const kpis = this.boards.get(board) ?? [];
    const slice = Object.fromEntries(
      Object.entries(choice.slice).filter(([dimension]) => this.dimensions.includes(dimension)),
    );
    const fitting = this.dimensionsBelow(slice);
    return {
      ...choice,
      board,
      slice,
      window: first([choice.window, USUAL_WINDOW, ...this.windows], this.windows),
      kpi: first([choice.kpi, ...kpis, ...this.kpis.keys()], this.kpis),
      by: first([fitting.includes(choice.by) ? choice.by : null, ...fitting, choice.by,
        ...this.dimensions], this.dimensions),
    };
  }

  /**
   * The dimensions that a slice can be broken down by: those for which sums are kept.
   *
   * @param {Record<string, string>} slice
   */
  dimensionsBelow(slice) {
    return this.dimensions.filter((dimension) => {
      const set = this.dimensions.filter((each) => each === dimension || each in slice);
      return !(dimension in slice) && this.sets.has(set.join("_"));
    });
  }

  /**
   * What the numbers of a KPI are counted in.
   *
   * @param {string} id
   * @param {string | null} [currency]
   */
  measure(id, currency = null) {
    const kpi = this.kpis.get(id);
    return { unit: kpi?.unit ?? "", has_money: kpi?.has_money ?? false, currency };
  }
}

function first(wanted, known) {
  const knows = Array.isArray(known) ? (name) => known.includes(name) : (name) => known.has(name);
  return wanted.find((name) => name !== null && knows(name)) ?? null;
}
