/** The whole numbers of a text, each with what it is called: those that can be varied. */
import { integersOf, isJson } from "../json";

export interface Mark {
  from: number;
  to: number;
  value: number;
  label: string;
}

const named = (pointer: string): string => {
  const tokens = pointer.split("/").slice(1).map((one) => one.replace(/~1/g, "/").replace(/~0/g, "~"));
  const at = tokens.findLastIndex((one) => !/^\d+$/.test(one));
  return `${tokens[at] ?? ""}${tokens.slice(at + 1).map((one) => `[${one}]`).join("")}`;
};

const NUMBER = /(?<![\w.])-?\d+(?![\w.])/g;
const STRING = /("""|''')[\s\S]*?\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\n]*/g;

/** What a number of code is called: its keyword, or the call that it is given to. */
function calledIn(before: string): string {
  const keyword = before.match(/(\w+)\s*=\s*[[(]*\s*(?:-?\d+\s*,\s*)*$/);
  if (keyword) return keyword[1];
  const call = before.match(/(\w+)\s*\((?:[^()]|\([^()]*\))*$/);
  return call ? `${call[1]}(…)` : "number";
}

let known: { text: string; marks: Mark[] } = { text: "", marks: [] };

function marksOf(text: string): Mark[] {
  if (known.text === text) return known.marks;
  let marks: Mark[];
  if (isJson(text)) marks = integersOf(text).map(({ pointer, from, to }) => ({ from, to, value: Number(text.slice(from, to)), label: named(pointer) }));
  else {
    const code = text.replace(STRING, (one) => one.replace(/[^\n]/g, " "));
    marks = [...code.matchAll(NUMBER)].map((found) => {
      const line = code.lastIndexOf("\n", found.index) + 1;
      return { from: found.index, to: found.index + found[0].length, value: Number(found[0]), label: calledIn(code.slice(line, found.index)) };
    });
  }
  known = { text, marks: marks.filter((one) => Number.isSafeInteger(one.value)) };
  return known.marks;
}

/** Those between two places. */
export const marksIn = (text: string, from: number, to: number): Mark[] => marksOf(text).filter((one) => one.from >= from && one.to <= to);

/** The number that a place is in or beside. */
export const markAt = (text: string, at: number): Mark | null => marksOf(text).find((one) => one.from <= at && at <= one.to) ?? null;
