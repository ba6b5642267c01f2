/** Layers that a pinned model had and the model of now has not, where they stood: boxes that are drawn and count nothing. */
import type { Difference, Report, Row } from "../types";

export interface Gone {
  /** The rows of now and those that are gone, in an order in which they can be drawn. */
  layers: Row[];
  /** From a row that is gone to one of now that read it. */
  arrows: [string, string][];
}

/** What a row that is gone is called among those of now. */
export const before = (name: string): string => `${name} (before)`;

export function withGone(rows: Row[], pinned: Report | null, found: Difference | null): Gone | undefined {
  const removed = new Set(found?.layers.flatMap((one) => (one.change === "removed" && one.before ? [one.before] : [])));
  if (!pinned || !removed.size) return undefined;
  const renamed = new Map(found!.layers.flatMap((one) => (one.before && one.after ? [[one.before, one.after] as const] : [])));
  const now = (name: string) => (removed.has(name) ? before(name) : renamed.get(name) ?? name);
  const layers = [...rows];
  const arrows: [string, string][] = [];
  for (const row of pinned.layers) {
    if (removed.has(row.name)) {
      const inputs = row.inputs.map(now);
      const after = Math.max(-1, ...inputs.map((name) => layers.findIndex((one) => one.name === name)));
      layers.splice(after + 1, 0, { ...row, name: before(row.name), inputs });
    } else for (const name of row.inputs) if (removed.has(name)) arrows.push([before(name), now(row.name)]);
  }
  return { layers, arrows };
}
