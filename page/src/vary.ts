/** What a metric comes to when one number of the document, or the size that a name stands for, is another. */
import * as api from "./api";
import { parsed, valueOf } from "./formulas";
import { isJson } from "./json";
import type { Mark } from "./editor/marks";
import type { Count, Report } from "./types";

export interface Point {
  x: number;
  y: Count; // null where there is no network, or no number
  detail?: string;
}

export const MOST = 400; // values of a range
const MOST_ASKED = 33; // of those, where each is an analysis of its own
const AT_ONCE = 4;

/** The values of a range, both ends included. */
export function valuesOf(from: number, to: number, step: number): number[] {
  const out: number[] = [];
  for (let value = from; value <= to && out.length <= MOST; value += step) out.push(value);
  return out;
}

/** So many of some values, evenly, with both ends. */
const some = (values: number[], most: number): number[] =>
  values.length <= most ? values : [...new Set(Array.from({ length: most }, (_, index) => values[Math.round((index * (values.length - 1)) / (most - 1))]))];

/** Why there is no number where every value is a network. */
export const UNKNOWN = "The number is not known, and the report has no formula of it.";

const COMPARED: Record<string, (a: bigint, b: bigint) => boolean> = { ">=": (a, b) => a >= b, "<=": (a, b) => a <= b, "==": (a, b) => a === b, "!=": (a, b) => a !== b, ">": (a, b) => a > b, "<": (a, b) => a < b };

function holds(condition: string, names: Record<string, bigint>): boolean {
  const [, left, sign, right] = condition.match(/^(.*?)\s*(>=|<=|==|!=|>|<)\s*(.*)$/) ?? [];
  return Boolean(sign) && COMPARED[sign](valueOf(parsed(left), names), valueOf(parsed(right), names));
}

/** Of a name of sizes: by the report's own formula. Other names are what `others` says. */
export function ofName(report: Report, name: string, metric: string, values: number[], others: Record<string, number | null>): Point[] {
  const expression = report.totals.formulas?.[metric];
  const formula = expression === undefined ? null : parsed(expression);
  return values.map((x): Point => {
    const names = Object.fromEntries(Object.keys(report.dims ?? {}).map((one) => [one, BigInt(one === name ? x : others[one] ?? x)]));
    try {
      const broken = report.conditions?.find((one) => !holds(one, names));
      if (broken) return { x, y: null, detail: `The formulas hold where ${broken}.` };
      const y = formula ? valueOf(formula, names) : report.totals[metric];
      if (y === null || y === undefined) return { x, y: null, detail: UNKNOWN };
      return { x, y: typeof y === "bigint" && y <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(y) : y };
    } catch {
      return { x, y: null, detail: UNKNOWN };
    }
  });
}

const put = (text: string, mark: Mark, instead: string): string => text.slice(0, mark.from) + instead + text.slice(mark.to);

async function swept(text: string, mark: Mark, metric: string, values: number[], step: number, options: api.Options, signal: AbortSignal): Promise<Point[]> {
  const model = put(text, mark, '{"$": "value"}');
  const found = await api.sweep(model, { value: { from: values[0], to: values[values.length - 1], step } }, [metric], values.length, options, signal);
  const rows = new Map(found.rows.map((row) => [Number(row.values.value), row[metric] as Count]));
  const reasons = new Map(found.refused.map((one) => [Number(one.example.value), one.detail]));
  const reason = found.refused[0]?.detail;
  return values.map((x) => (rows.has(x) ? { x, y: rows.get(x)! } : { x, y: null, detail: reasons.get(x) ?? reason }));
}

async function analysed(text: string, mark: Mark, metric: string, values: number[], options: api.Options, signal: AbortSignal): Promise<Point[]> {
  const left = some(values, MOST_ASKED);
  const points = left.map((x): Point => ({ x, y: null }));
  let next = 0;
  const one = async () => {
    for (let index = next++; index < left.length; index = next++)
      try {
        const report = await api.analyze({ kind: "text", text: put(text, mark, String(left[index])) }, options, signal);
        points[index].y = report.totals[metric] ?? null;
      } catch (error) {
        if (!(error instanceof api.Refusal) || error.problem.status !== 422) throw error;
        points[index].detail = error.problem.errors?.[0]?.detail ?? error.message;
      }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return points;
}

/** Of a number in the text: by one sweep where the document is JSON, else by an analysis for each value. */
export async function ofMark(text: string, mark: Mark, metric: string, values: number[], step: number, options: api.Options, signal: AbortSignal): Promise<Point[]> {
  if (isJson(text))
    try {
      return await swept(text, mark, metric, values, step, options, signal);
    } catch (error) {
      if (!(error instanceof api.Refusal) || error.problem.status !== 422) throw error; // else: a form that sweeps do not take
    }
  return analysed(text, mark, metric, values, options, signal);
}

const PREFIXES = "kMGTP";

/** A limit as budgets write it, 5M, 1.2G or 16MiB, as a number; null for none. */
export function limitOf(text: string | undefined): number | null {
  const [, digits, prefix, binary] = text?.trim().match(/^(\d+(?:\.\d+)?)\s*([kKMGTP])?(i)?B?$/) ?? [];
  if (!digits) return null;
  return Number(digits) * (prefix ? (binary ? 1024 : 1000) ** (PREFIXES.indexOf(prefix.replace("K", "k")) + 1) : 1);
}

/** How far a limit holds from the first value on: the last that holds and the next, which does not. */
export function held(points: Point[], limit: number): { last: Point | null; next: Point | null } {
  const at = points.findIndex((one) => one.y === null || Number(one.y) > limit);
  return { last: points[at < 0 ? points.length - 1 : at - 1] ?? null, next: at < 0 ? null : points[at] };
}
