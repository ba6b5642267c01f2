/** Where in the editor a fault is underlined, and the change that a fix makes of its text. */
import { syntaxTree } from "@codemirror/language";
import type { ChangeSpec, EditorState } from "@codemirror/state";
import { isJson, locate, locateAll, type Span } from "../json";
import type { Fault, Fix } from "../types";
import { renamed, written } from "./places";

const offset = (state: EditorState, line: number, column = 1): number => {
  const at = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
  return Math.min(at.from + Math.max(column - 1, 0), at.to);
};

/** What of a value is underlined: of an object its type, so that the mark stays on one line. */
function shown(text: string, span: Span): { from: number; to: number } {
  if (!"{[".includes(text[span.from])) return span;
  for (const key of ["type", "class_name"]) {
    const inner = locate(text.slice(span.from, span.to), `/${key}`);
    if (inner?.key) return { from: span.from + inner.from, to: span.from + inner.to };
  }
  const end = text.indexOf("\n", span.from);
  return { from: span.key?.from ?? span.from, to: Math.min(span.to, end < 0 ? span.to : end) };
}

/** The range that a fault is underlined in; of one without a place the first line. */
export function rangeOf(state: EditorState, fault: Fault): { from: number; to: number } {
  const text = state.doc.toString();
  if (fault.pointer !== undefined && isJson(text)) {
    const span = locate(text, fault.pointer);
    if (span && fault.pointer) return shown(text, span);
  } else if (fault.line !== undefined) {
    const from = offset(state, fault.line, fault.column);
    const line = state.doc.lineAt(from);
    const inner = syntaxTree(state).resolveInner(from, 1);
    const node = /^[[({]/.test(line.text.slice(from - line.from)) && inner.parent?.from === from ? inner.parent : inner;
    const word = line.text.slice(from - line.from).match(/^("[^"]*"|'[^']*'|[\w.]+|\S)/)?.[0].length ?? 1;
    const to = node.from === from && node.to <= line.to ? node.to : from + word;
    return { from, to: Math.max(Math.min(to, line.to), Math.min(from + 1, line.to)) };
  }
  if (fault.line !== undefined) return { from: offset(state, fault.line, fault.column), to: state.doc.line(Math.min(fault.line, state.doc.lines)).to };
  return { from: 0, to: state.doc.line(1).to };
}

/** The change that a fix is; null where the text has become another. */
export function changeOf(state: EditorState, fix: Fix): ChangeSpec | null {
  if ("line" in fix)
    return { from: offset(state, fix.line, fix.column), to: offset(state, fix.end_line, fix.end_column), insert: fix.text };
  const text = state.doc.toString();
  const name = renamed(text, fix);
  if (name) return { from: name.from, to: name.to, insert: JSON.stringify(name.now) };
  const span = locateAll(text, new Set([fix.pointer])).get(fix.pointer);
  if (span) return { from: span.from, to: span.to, insert: written(fix.value) };
  const cut = fix.pointer.lastIndexOf("/");
  const parent = locateAll(text, new Set([fix.pointer.slice(0, cut)])).get(fix.pointer.slice(0, cut));
  if (!parent || text[parent.from] !== "{") return null;
  const comma = /^\{\s*\}$/.test(text.slice(parent.from, parent.to)) ? "" : ", ";
  return { from: parent.from + 1, insert: `${JSON.stringify(fix.pointer.slice(cut + 1))}: ${written(fix.value)}${comma}` };
}
