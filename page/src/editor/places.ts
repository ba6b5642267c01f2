/** Where rows stand in the text, and what a fix does to it in a few words. */
import { isJson, locateAll } from "../json";
import type { Fix, Row } from "../types";

export const written = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${written(one)}`).join(", ")}}`;
};

/** The key that a fix gives another name, where that is all it does: of an object one key, its value left as it is. */
export function renamed(text: string, fix: Fix): { from: number; to: number; was: string; now: string } | null {
  if ("line" in fix || typeof fix.value !== "object" || fix.value === null || Array.isArray(fix.value) || !isJson(text)) return null;
  const span = locateAll(text, new Set([fix.pointer])).get(fix.pointer);
  let there: unknown;
  try {
    there = JSON.parse(text.slice(span?.from, span?.to));
  } catch {
    return null;
  }
  if (typeof there !== "object" || there === null || Array.isArray(there)) return null;
  const [before, after] = [Object.keys(there), Object.keys(fix.value)];
  const at = before.findIndex((key, index) => key !== after[index]);
  const same = before.length === after.length && at >= 0 && before.every((key, index) => index === at || key === after[index]);
  const values = Object.values(there).every((value, index) => written(value) === written(Object.values(fix.value as object)[index]));
  if (!same || !values) return null;
  const pointer = `${fix.pointer}/${before[at].replace(/~/g, "~0").replace(/\//g, "~1")}`;
  const key = locateAll(text, new Set([pointer])).get(pointer)?.key;
  return key ? { ...key, was: before[at], now: after[at] } : null;
}

/** What a fix does, for its button. */
export function fixLabel(fix: Fix, text: string): string {
  if ("line" in fix) return fix.text ? `Change to ${fix.text}` : "Remove it";
  const name = fix.pointer.split("/").pop()?.replace(/~1/g, "/").replace(/~0/g, "~");
  const value = written(fix.value);
  const key = renamed(text, fix);
  if (key) return `Rename ${key.was} to ${key.now}`;
  if (typeof fix.value === "object" && !Array.isArray(fix.value)) return `Write ${value.length > 60 ? `${value.slice(0, 59)}…` : value}`;
  return `Set ${name} to ${value.length > 40 ? `${value.slice(0, 39)}…` : value}`;
}

/** Where each row stands in the text: from the first of its characters to the last. */
export function placesOf(text: string, rows: Row[]): Map<string, { from: number; to: number }> {
  const found = new Map<string, { from: number; to: number }>();
  if (isJson(text)) {
    const spans = locateAll(text, new Set(rows.flatMap((row) => (row.pointer !== undefined && row.line === undefined ? [row.pointer] : []))));
    for (const row of rows) {
      const span = row.pointer !== undefined ? spans.get(row.pointer) : undefined;
      if (span) found.set(row.name, { from: span.from, to: span.to });
    }
    return found;
  }
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  for (const row of rows)
    if (row.line !== undefined && row.line <= starts.length) {
      const from = starts[row.line - 1];
      found.set(row.name, { from, to: (starts[row.line] ?? text.length + 1) - 1 });
    }
  return found;
}
