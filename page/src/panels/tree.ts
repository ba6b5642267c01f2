/** Rows of a report among the modules that they are part of, where the report has a tree of these. */
import type { Module, Row } from "../types";

/** A line of the table: a row, or a module with its sums, so many modules deep. */
export interface Line {
  row: Row | Module;
  depth: number;
  known: number; // characters in front of its name, which are the module's around it
  module?: string; // by its place: a module that is called again stands in the tree again
}

export const placeOf = (module: Module): string => `${module.first} ${module.name}`;

/** The rows in their order, each module in front of its own; of a folded one nothing else. */
export function nested(rows: Row[], modules: Module[], folded: ReadonlySet<string>): Line[] {
  const starts = new Map<string, Module[]>();
  for (const one of modules) starts.set(one.first, [...(starts.get(one.first) ?? []), one]);
  const lines: Line[] = [];
  const around: Module[] = [];
  const known = (name: string) => {
    const outer = around.at(-1)?.name ?? "";
    return outer && name.startsWith(`${outer}.`) ? outer.length + 1 : 0;
  };
  const hidden = () => around.some((one) => folded.has(placeOf(one)));
  for (const row of rows) {
    for (const module of starts.get(row.name) ?? []) {
      if (!hidden()) lines.push({ row: module, depth: around.length, known: known(module.name), module: placeOf(module) });
      around.push(module);
    }
    if (!hidden()) lines.push({ row, depth: around.length, known: known(row.name) });
    while (around.at(-1)?.last === row.name) around.pop();
  }
  return lines;
}

/** The modules around a row, by their places. */
export function around(rows: Row[], modules: Module[], name: string): string[] {
  const at = new Map(rows.map((row, index) => [row.name, index]));
  const here = at.get(name) ?? -1;
  return modules.filter((one) => at.get(one.first)! <= here && here <= at.get(one.last)!).map(placeOf);
}
