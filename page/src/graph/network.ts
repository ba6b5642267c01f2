/** A report as a network of boxes, nested models and repeated blocks folded to one box each until they are opened. */
import type { Count, Report, Row, Shape } from "../types";

export interface Box {
  id: string;
  kind: "input" | "layer" | "group";
  title: string;
  type: string;
  shape: Shape | null;
  rows: Row[];
}

export interface Arrow {
  from: string;
  to: string;
  shape: Shape | null;
}

export interface Network {
  boxes: Map<string, Box>;
  arrows: Arrow[];
  /** The box that stands for a row now. */
  boxOf: Map<string, string>;
  /** The groups that a row is in, the outermost first. */
  groupsOf: Map<string, string[]>;
  groups: Map<string, string[]>;
}

const FEW = 30; // rows that are shown without folding blocks
const NAMED = /^(.*(?:block|stage|layer|cell|mixed|module|stack)_?\d+[a-z]?)[_/.]/i;

export const sum = (rows: Row[], metric: string): Count => {
  let total: number | bigint = 0;
  for (const row of rows) {
    const n = row.counts && metric in row.counts ? row.counts[metric] : (row as unknown as Record<string, Count>)[metric];
    if (n === null || n === undefined) return null;
    total = typeof total === "bigint" || typeof n === "bigint" || !Number.isSafeInteger(total + n) ? BigInt(total) + BigInt(n) : total + n;
  }
  return total;
};

/** Runs of rows between places that every path goes through, where the paths fork in between. */
function forks(rows: Row[], inside: Set<string>): Row[][] {
  const at = new Map(rows.map((row, index) => [row.name, index]));
  const last = rows.map((_, index) => index);
  rows.forEach((row, index) => {
    for (const name of row.inputs) if (inside.has(name)) last[at.get(name)!] = Math.max(last[at.get(name)!], index);
  });
  const found: Row[][] = [];
  let start = 0;
  let reach = -1; // the last reader of any row before this one
  for (let index = 0; index < rows.length; index += 1) {
    if (reach <= index) {
      // only this row's own output goes on from here
      if (index - start >= 2) found.push(rows.slice(start, index + 1));
      start = index + 1;
    }
    reach = Math.max(reach, last[index]);
  }
  return found.filter((block) => block.some((row) => row.inputs.length > 1));
}

/** Blocks that repeat: by names such as conv2_block1_…, else by how the paths fork and meet. */
function blocks(rows: Row[]): Row[][] {
  const named = new Map<string, Row[]>();
  for (const row of rows) {
    const name = row.name.split("/").pop()!.match(NAMED)?.[1];
    if (name) named.set(name, [...(named.get(name) ?? []), row]);
  }
  const many = [...named.values()].filter((block) => block.length > 2);
  if (many.length > 1) return many;
  const found = forks(rows, new Set(rows.map((row) => row.name)));
  const kinds = new Map<string, number>();
  const kind = (block: Row[]) => block.map((row) => row.type).sort().join();
  for (const block of found) kinds.set(kind(block), (kinds.get(kind(block)) ?? 0) + 1);
  return found.filter((block) => kinds.get(kind(block))! > 1);
}

function grouped(rows: Row[]): Pick<Network, "groupsOf" | "groups"> {
  const groupsOf = new Map<string, string[]>();
  const groups = new Map<string, string[]>();
  const put = (group: string, row: Row) => {
    groupsOf.set(row.name, [...(groupsOf.get(row.name) ?? []), group]);
    groups.set(group, [...(groups.get(group) ?? []), row.name]);
  };
  const levels = new Map<string, Row[]>();
  for (const row of rows) {
    const path = row.name.split("/").slice(0, -1);
    path.forEach((_, depth) => put(`model:${path.slice(0, depth + 1).join("/")}`, row));
    const level = path.join("/");
    levels.set(level, [...(levels.get(level) ?? []), row]);
  }
  if (rows.length > FEW)
    for (const level of levels.values())
      for (const block of blocks(level)) for (const row of block) put(`block:${block[0].name}…${block[block.length - 1].name}`, row);
  return { groupsOf, groups };
}

/** What the rows of a block are called together: what their names begin with, or the first of them. */
export function groupTitle(id: string, members: string[]): string {
  if (id.startsWith("model:")) return id.slice(6).split("/").pop()!;
  const short = members.map((name) => name.split("/").pop()!);
  let shared = short[0];
  for (const name of short) while (!name.startsWith(shared)) shared = shared.slice(0, -1);
  shared = shared.replace(/[_\W]+$/, "");
  return shared.length > 3 ? shared : `${short[0]} … ${short[short.length - 1]}`;
}

export function network(report: Pick<Report, "inputs" | "layers">, opened: ReadonlySet<string>): Network {
  const { groupsOf, groups } = grouped(report.layers);
  const boxes = new Map<string, Box>();
  const boxOf = new Map<string, string>();
  const shapes = new Map<string, Shape>();
  for (const one of report.inputs) {
    boxes.set(one.name, { id: one.name, kind: "input", title: one.name, type: "Input", shape: one.shape, rows: [] });
    boxOf.set(one.name, one.name);
    shapes.set(one.name, one.shape);
  }
  for (const row of report.layers) {
    const group = groupsOf.get(row.name)?.find((one) => !opened.has(one));
    const id = group ?? row.name;
    boxOf.set(row.name, id);
    shapes.set(row.name, row.output_shape);
    const box = boxes.get(id);
    if (box) {
      box.rows.push(row);
      box.shape = row.output_shape;
    } else
      boxes.set(id, {
        id,
        kind: group ? "group" : "layer",
        title: group ? groupTitle(group, groups.get(group)!) : row.name,
        type: row.type,
        shape: row.output_shape,
        rows: [row],
      });
  }
  for (const box of boxes.values()) if (box.kind === "group") box.type = `${box.rows.length} layers`;
  const arrows = new Map<string, Arrow>();
  for (const row of report.layers)
    row.inputs.forEach((name, index) => {
      const from = boxOf.get(name);
      const to = boxOf.get(row.name)!;
      if (from !== undefined && from !== to && !arrows.has(`${from}\n${to}`))
        arrows.set(`${from}\n${to}`, { from, to, shape: row.input_shapes[index] ?? shapes.get(name) ?? null });
    });
  return { boxes, arrows: [...arrows.values()], boxOf, groupsOf, groups };
}
