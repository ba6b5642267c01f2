/** Layer types and their arguments from the service's own catalogue, in JSON and in Python. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";
import { layerFields, layerTypes } from "../api";
import { isJson } from "../json";
import type { LayerField } from "../types";

const types = async (vocabulary = ""): Promise<Completion[]> =>
  (await layerTypes(vocabulary).catch(() => [])).map((one) => ({ label: one.type, detail: one.family, info: one.description, type: "class" }));

const said = (field: LayerField): string =>
  field.required ? "required" : field.default === undefined ? "" : JSON.stringify(field.default);

/** The words that a schema lists. */
function words(schema: Record<string, any> | undefined): string[] {
  if (!schema) return [];
  if (Array.isArray(schema.enum)) return schema.enum.filter((one: unknown) => typeof one === "string");
  return [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(words);
}

const fields = (type: string, vocabulary = ""): Promise<LayerField[]> => layerFields(type, vocabulary).catch(() => []);

/** The vocabulary that a stack names. */
const vocabularyOf = (state: EditorState): string => state.doc.toString().match(/"vocabulary"\s*:\s*"(\w+)"/)?.[1] ?? "";

const textOf = (state: EditorState, node: SyntaxNode | null): string => (node ? state.sliceDoc(node.from, node.to) : "");

const unquoted = (text: string): string => text.replace(/^"|"$/g, "");

function propertyOf(state: EditorState, object: SyntaxNode, name: string): string {
  for (let one = object.firstChild; one; one = one.nextSibling)
    if (one.name === "Property" && unquoted(textOf(state, one.firstChild)) === name) return unquoted(textOf(state, one.lastChild));
  return "";
}

const DOCUMENT = ["type", "layers", "input_shape", "batch_shape", "inputs", "outputs", "name", "vocabulary"];
const VOCABULARIES = ["keras", "torch", "onnx"];

async function inJson(context: CompletionContext): Promise<CompletionResult | null> {
  const { state, pos } = context;
  const word = context.matchBefore(/"[\w.]*/);
  if (!word && !context.explicit) return null;
  const from = word ? word.from + 1 : pos;
  const node = syntaxTree(state).resolveInner(pos, -1);
  const property = node.name === "Property" ? node : node.parent?.name === "Property" ? node.parent : null;
  const name = property ? unquoted(textOf(state, property.firstChild)) : "";
  const isValue = property && property.firstChild && pos > property.firstChild.to;
  let object: SyntaxNode | null = node;
  while (object && object.name !== "Object") object = object.parent;
  if (isValue && (name === "type" || name === "class_name")) return { from, options: await types(vocabularyOf(state)), validFor: /^\w*$/ };
  if (!object) return null;
  const outer = object.parent?.name === "Property" && unquoted(textOf(state, object.parent.firstChild)) === "config" ? object.parent.parent : object;
  const type = (outer && (propertyOf(state, outer, "type") || propertyOf(state, outer, "class_name"))) || "";
  if (!type) {
    const listed = !isValue ? DOCUMENT : name === "vocabulary" ? VOCABULARIES : [];
    return listed.length ? { from, options: listed.map((label) => ({ label })), validFor: /^\w*$/ } : null;
  }
  const known = await fields(type, vocabularyOf(state));
  if (isValue) {
    const listed = words(known.find((one) => one.name === name)?.schema);
    return listed.length ? { from, options: listed.map((label) => ({ label, type: "enum" })), validFor: /^\w*$/ } : null;
  }
  const apply = (label: string) => (word && state.sliceDoc(pos, pos + 1) === '"' ? label : `${word ? "" : '"'}${label}": `);
  return {
    from,
    options: known.map((one) => ({ label: one.name, detail: said(one), type: "property", apply: apply(one.name), boost: one.required ? 1 : 0 })),
    validFor: /^\w*$/,
  };
}

/** The call whose arguments a place is among, and its last name. */
function callAround(state: EditorState, pos: number): string {
  let node: SyntaxNode | null = syntaxTree(state).resolveInner(pos, -1);
  while (node && node.name !== "ArgList") node = node.parent;
  const call = node?.parent;
  return call?.name === "CallExpression" ? (textOf(state, call.firstChild).split(".").pop() ?? "") : "";
}

async function inPython(context: CompletionContext): Promise<CompletionResult | null> {
  const { state, pos } = context;
  const value = context.matchBefore(/\w+\s*=\s*["']\w*/);
  if (value) {
    const [, name, , word] = value.text.match(/^(\w+)(\s*=\s*["'])(\w*)$/) ?? [];
    const listed = words((await fields(callAround(state, pos))).find((one) => one.name === name)?.schema);
    return listed.length ? { from: pos - word.length, options: listed.map((label) => ({ label, type: "enum" })), validFor: /^\w*$/ } : null;
  }
  const word = context.matchBefore(/[\w]+/);
  if (!word && !context.explicit) return null;
  const before = state.sliceDoc(Math.max(0, (word?.from ?? pos) - 1), word?.from ?? pos);
  const called = callAround(state, pos);
  const known = called && before !== "." ? await fields(called) : [];
  const options = [
    ...known.map((one) => ({ label: `${one.name}=`, detail: said(one), type: "property", boost: 2 })),
    ...((word && /^[A-Z]/.test(word.text)) || before === "." || context.explicit ? await types() : []),
  ];
  return options.length ? { from: word?.from ?? pos, options, validFor: /^\w*$/ } : null;
}

export const complete = (context: CompletionContext): Promise<CompletionResult | null> =>
  isJson(context.state.sliceDoc(0, 2000)) ? inJson(context) : inPython(context);
