/** A report as a network of boxes, nested models and repeated blocks folded to one box each until they are opened. */
import type { Count, Report, Row, Shape } from "../types";
import type { Gone } from "./gone";

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

const FEW = 30; // rows that are shown without folding blocks or modules
const MANY = 150; // rows from which on blocks may hand on several tensors
const WIDEST = 3; // such tensors
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

/** Runs of rows in which paths fork, between places that no more than `width` tensors pass: at joins, if several do. */
function forks(rows: Row[], width: number): Row[][] {
  const at = new Map(rows.map((row, index) => [row.name, index]));
  const last = rows.map((_, index) => index); // the last reader of each
  rows.forEach((row, index) => {
    for (const name of row.inputs) if (at.has(name)) last[at.get(name)!] = index;
  });
  const ending = rows.map(() => 0);
  const found: Row[][] = [];
  let start = 0;
  let passing = 0; // tensors that are read after this row
  rows.forEach((row, index) => {
    passing -= ending[index];
    if (last[index] > index) {
      passing += 1;
      ending[last[index]] += 1;
    }
    if (passing > width || (width > 1 && row.inputs.length < 2)) return;
    if (index - start >= 2) found.push(rows.slice(start, index + 1));
    start = index + 1;
  });
  return found.filter((block) => block.some((row) => row.inputs.length > 1));
}

/** Of some blocks those that are like others. */
function alike(found: Row[][]): Row[][] {
  const kind = (block: Row[]) => block.map((row) => row.type).sort().join();
  const kinds = new Map<string, number>();
  for (const block of found) kinds.set(kind(block), (kinds.get(kind(block)) ?? 0) + 1);
  return found.filter((block) => kinds.get(kind(block))! > 1);
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
  for (let width = 1; width <= (rows.length > MANY ? WIDEST : 1); width += 1) {
    const found = forks(rows, width);
    const repeated = alike(found);
    // cells of which each reads several before it: those between the repeated ones are folded like them
    if (repeated.flat().length * 2 > rows.length) return width > 1 ? found : repeated;
  }
  return alike(forks(rows, 1));
}

/** The paths of the models or modules around a row, outermost first. */
function around(row: Row, vocabulary: string): string[] {
  const parts = (path: string) => path.match(/[./]?[^./]+/g) ?? [];
  const held = row.module !== undefined ? parts(row.module) : vocabulary === "torch" ? parts(row.name).slice(0, -1) : null;
  if (held) return held.map((_, depth) => held.slice(0, depth + 1).join(""));
  const path = row.name.split("/").slice(0, -1);
  return path.map((_, depth) => path.slice(0, depth + 1).join("/")).filter(Boolean);
}

function grouped(rows: Row[], vocabulary: string): Pick<Network, "groupsOf" | "groups"> {
  const groupsOf = new Map<string, string[]>();
  const groups = new Map<string, string[]>();
  const put = (group: string, row: Row) => {
    groupsOf.set(row.name, [...(groupsOf.get(row.name) ?? []), group]);
    groups.set(group, [...(groups.get(group) ?? []), row.name]);
  };
  const levels = new Map<string, Row[]>();
  const size = new Map<string, number>();
  const paths = rows.map((row) => around(row, vocabulary));
  for (const path of paths.flat()) size.set(path, (size.get(path) ?? 0) + 1);
  rows.forEach((row, index) => {
    // a module of one row, or of all, or of one module alone says nothing that its rows do not
    const modules = row.module !== undefined || vocabulary === "torch";
    const tells = (one: string, depth: number) => size.get(one)! > 1 && size.get(one)! < rows.length && size.get(one) !== size.get(paths[index][depth - 1]);
    const path = paths[index].filter((one, depth) => !modules || (rows.length > FEW && tells(one, depth)));
    for (const one of path) put(`model:${one}`, row);
    const level = path[path.length - 1] ?? "";
    levels.set(level, [...(levels.get(level) ?? []), row]);
  });
  if (rows.length > FEW)
    for (const level of levels.values())
      for (const block of blocks(level)) for (const row of block) put(`block:${block[0].name}…${block[block.length - 1].name}`, row);
  return { groupsOf, groups };
}

/** What the rows of a block are called together: what their names begin with, or the last of them, whose output it is. */
export function groupTitle(id: string, members: string[]): string {
  if (id.startsWith("model:")) return id.slice(6).split("/").pop()!;
  const short = members.map((name) => name.split("/").pop()!);
  let shared = short[0];
  for (const name of short) while (!name.startsWith(shared)) shared = shared.slice(0, -1);
  shared = shared.replace(/[_\W]+$/, "");
  return shared.length > 3 ? shared : short[short.length - 1];
}

export function network(report: Pick<Report, "inputs" | "layers"> & { model?: Report["model"] }, opened: ReadonlySet<string>, gone?: Gone): Network {
  const layers = gone?.layers ?? report.layers;
  const { groupsOf, groups } = grouped(layers, report.model?.vocabulary ?? "");
  const boxes = new Map<string, Box>();
  const boxOf = new Map<string, string>();
  const shapes = new Map<string, Shape>();
  for (const one of report.inputs) {
    boxes.set(one.name, { id: one.name, kind: "input", title: one.name, type: "Input", shape: one.shape, rows: [] });
    boxOf.set(one.name, one.name);
    shapes.set(one.name, one.shape);
  }
  for (const row of layers) {
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
  const arrow = (source: string, target: string, shape: Shape | null) => {
    const [from, to] = [boxOf.get(source), boxOf.get(target)];
    const key = `${from}\n${to}`;
    if (from !== undefined && to !== undefined && from !== to && !arrows.has(key)) arrows.set(key, { from, to, shape });
  };
  for (const row of layers) row.inputs.forEach((name, index) => arrow(name, row.name, row.input_shapes[index] ?? shapes.get(name) ?? null));
  for (const [source, target] of gone?.arrows ?? []) arrow(source, target, shapes.get(source) ?? null);
  return { boxes, arrows: [...arrows.values()], boxOf, groupsOf, groups };
}
