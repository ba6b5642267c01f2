/** What is kept in this browser, and what goes into the address: never to the service. */
import type { Options } from "./api";
import { readable } from "./json";

const RECENT = "layercalc.recent";
const MOST = 12;
const LONGEST = 200_000; // characters of a document that is kept

export interface Kept {
  name: string;
  text: string;
  when: number;
}

const read = <T>(name: string, otherwise: T): T => {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null") ?? otherwise;
  } catch {
    return otherwise;
  }
};

const write = (name: string, value: unknown): void => {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // no room, or none allowed: nothing is kept then
  }
};

export const recent = (): Kept[] => read<Kept[]>(RECENT, []).filter((one) => typeof one?.text === "string");

/** The newest first, each model name once. */
export function keep(name: string, text: string): void {
  if (!text.trim() || text.length > LONGEST) return;
  const others = recent().filter((one) => one.text !== text && one.name !== name);
  write(RECENT, [{ name, text, when: Date.now() }, ...others].slice(0, MOST));
}

/** The document that the service has put in the page's HTML, to begin with. */
export const beginning = (): string => readable(document.getElementById("start")?.textContent ?? "");

export const forget = (): void => localStorage.removeItem(RECENT);

export const setting = <T>(name: string, otherwise: T): T => read(`layercalc.${name}`, otherwise);
export const remember = (name: string, value: unknown): void => write(`layercalc.${name}`, value);

async function through(bytes: Uint8Array, stream: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const piped = new Blob([bytes as BlobPart]).stream().pipeThrough(stream as unknown as TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>);
  return new Uint8Array(await new Response(piped).arrayBuffer());
}

/** The document and its options as a fragment of the address. */
export async function toFragment(text: string, options: Options): Promise<string> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value));
  const packed = await through(new TextEncoder().encode(JSON.stringify({ t: text, o: given })), new CompressionStream("deflate-raw"));
  let binary = "";
  for (let at = 0; at < packed.length; at += 0x8000) binary += String.fromCharCode(...packed.subarray(at, at + 0x8000));
  return `#d=${btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
}

/** What a fragment holds; null where it is none of ours. */
export async function fromFragment(fragment: string): Promise<{ text: string; options: Partial<Options> } | null> {
  const packed = fragment.match(/^#d=([\w-]+)$/)?.[1];
  if (!packed) return null;
  try {
    const binary = atob(packed.replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = Uint8Array.from(binary, (one) => one.charCodeAt(0));
    const found = JSON.parse(new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw"))));
    const options = Object.fromEntries(Object.entries(found.o ?? {}).filter(([, value]) => typeof value === "string"));
    return typeof found.t === "string" ? { text: found.t, options } : null;
  } catch {
    return null;
  }
}
