/** The service: one function for each route that the page asks. Addresses are relative, so that a prefix may be in front. */
import { isJson, parseExact } from "./json";
import type { Difference, LayerField, LayerType, Device, Pass, Problem, Report, Sweep, Verdict } from "./types";

/** A document as it was given: text, or the bytes of a file. */
export type Source = { kind: "text"; text: string } | { kind: "file"; name: string; bytes: Uint8Array };

export interface Options {
  inputShape: string;
  dims: string;
  batchSize: string;
  convention: string;
  device: string;
  entry: string;
  weightDtype: string;
  activationDtype: string;
}

export const NO_OPTIONS: Options = { inputShape: "", dims: "", batchSize: "", convention: "", device: "", entry: "", weightDtype: "", activationDtype: "" };

export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

const KEY = "layercalc.key";

/** The access key: kept for this tab's session and no longer. */
export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value: string) => (value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY)),
};

function sent(path: string, accept: string, body?: BodyInit, type?: string, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: accept };
  if (type) headers["Content-Type"] = type;
  const access = key.get();
  if (access) headers["X-API-Key"] = access;
  return fetch(path, { method: body === undefined ? "GET" : "POST", headers, body, signal });
}

/** An answer that is a text. */
async function asText(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  if (!response.ok) throw new Refusal(await response.json());
  return response.text();
}

async function ask<T>(path: string, body?: BodyInit, type?: string, signal?: AbortSignal): Promise<T> {
  const response = await sent(path, "application/json", body, type, signal);
  const text = await response.text();
  let answer: any;
  try {
    answer = parseExact(text);
  } catch {
    throw new Refusal({ title: "No answer", status: response.status, detail: "The service did not answer in JSON." });
  }
  if (!response.ok) throw new Refusal(answer);
  return answer;
}

/** Sizes as people write them, 28 × 28 × 1, H W 3 or 28x28x1, with commas. */
const separated = (shape: string): string =>
  shape.replace(/(?<=\d|\?)\s*x\s*(?=\d|\?|None)/g, ",").replace(/\s*([×,:])\s*/g, "$1").replace(/[×\s]+/g, ",");

/** What the options say, by the names that the service and a budgets file have for it. */
export function given(options: Options): [string, string][] {
  const shapes = options.inputShape.split(";").map((one) => one.trim()).filter(Boolean);
  const dims = options.dims.trim().replace(/\s*([=,]|\.\.)\s*/g, "$1").replace(/[;\s]+/g, ",");
  const out: [string, string][] = [
    ...shapes.map((one): [string, string] => ["input_shape", separated(one)]),
    ["dims", dims], ["batch_size", options.batchSize], ["entry", options.entry], ["weight_dtype", options.weightDtype], ["activation_dtype", options.activationDtype],
  ];
  return out.filter(([, value]) => value);
}

function query(options: Options, more: Record<string, string> = {}): string {
  const text = new URLSearchParams([...given(options), ...Object.entries(more).filter(([, value]) => value)]).toString();
  return text ? `?${text}` : "";
}

const media = (source: Source): string =>
  source.kind === "file" ? "application/octet-stream" : isJson(source.text) ? "application/json" : "text/plain";

const body = (source: Source): BodyInit => (source.kind === "file" ? (source.bytes as BufferSource as BodyInit) : source.text);

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

const enclosed = (source: Source) => (source.kind === "file" ? { b64: base64(source.bytes) } : source.text);

export const analyze = (source: Source, options: Options, signal?: AbortSignal, explain = false): Promise<Report> =>
  ask(
    `v1/analyze${query(options, { conventions: options.convention, device: options.device, explain: explain ? "1" : "" })}`,
    body(source),
    media(source),
    signal,
  );

export const drawn = (source: Source, options: Options, form: string): Promise<string> =>
  asText(sent(`v1/analyze${query(options, { format: form, conventions: options.convention, device: options.device })}`, "*/*", body(source), media(source)));

const posted = <T>(path: string, envelope: unknown, signal?: AbortSignal): Promise<T> =>
  ask(path, JSON.stringify(envelope), "application/json", signal);

export const diff = (before: Source, after: Source, options: Options, signal?: AbortSignal): Promise<Difference> =>
  posted(`v1/diff${query({ ...options, entry: "" })}`, { before: enclosed(before), after: enclosed(after) }, signal);

export const check = (source: Source, options: Options, budgets: object[], signal?: AbortSignal): Promise<Verdict> =>
  posted(`v1/check${query(options)}`, { model: enclosed(source), budgets }, signal);

/** A model with `{"$": name}` in place of values, as JSON text, for every candidate of a space. */
export const sweep = (model: string, space: object, columns: string[], limit: number, options: Options, signal?: AbortSignal): Promise<Sweep> =>
  ask(`v1/sweep${query({ ...options, entry: "" })}`, `{"model": ${model}, "space": ${JSON.stringify(space)}, "columns": ${JSON.stringify(columns)}, "limit": ${limit}}`, "application/json", signal);

export const forward = (source: Source, options: Options, seed: number, signal?: AbortSignal): Promise<Pass> =>
  posted(
    `v1/forward${query({ ...options, batchSize: "", weightDtype: "", activationDtype: "" })}`,
    { model: enclosed(source), inputs: { seed }, weights: { seed }, stats: true, profile: true },
    signal,
  );

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let found: Promise<T> | undefined;
  return () => (found ??= make().catch((error) => ((found = undefined), Promise.reject(error))));
};

/** A network to begin with: `group` is whose it is. */
export interface Example {
  name: string;
  format: string;
  description: string;
  group: string;
}

export const examples = once(() => ask<{ examples: Example[] }>("v1/examples").then((found) => found.examples));

/** The document of an example, as its text. */
export const example = (name: string): Promise<string> => asText(sent(`v1/examples/${encodeURIComponent(name)}`, "application/json, text/x-python"));

export const devices = once(() => ask<{ devices: Device[] }>("v1/devices").then((found) => found.devices));
export const conventions = once(() => ask<{ conventions: { name: string; tool: string }[] }>("v1/conventions").then((found) => found.conventions));

const asked = new Map<string, Promise<any>>();

/** An answer that does not change, asked for once; again where it failed. */
function remembered<T>(path: string): Promise<T> {
  let found = asked.get(path);
  if (!found) {
    found = ask<T>(path);
    found.catch(() => asked.delete(path));
    asked.set(path, found);
  }
  return found;
}

const of = (vocabulary: string): string => (vocabulary ? `?vocabulary=${encodeURIComponent(vocabulary)}` : "");

/** The layer types of a vocabulary, of the default one where none is named. */
export const layerTypes = (vocabulary: string): Promise<LayerType[]> =>
  remembered<{ layers: LayerType[] }>(`v1/layers${of(vocabulary)}`).then((found) => found.layers);

/** The arguments of a layer type. */
export const layerFields = (type: string, vocabulary: string): Promise<LayerField[]> =>
  remembered<{ fields: LayerField[] }>(`v1/layers/${encodeURIComponent(type)}${of(vocabulary)}`).then((entry) => entry.fields);
