/** JSON as text: where a pointer leads, what pointer a place has, and the same text with line breaks. Nothing of it is
 * parsed to values, so that what somebody is writing may be broken, and numbers stay as they were written; an answer
 * of the service is, exactly. */

export interface Span {
  from: number;
  to: number;
  key?: { from: number; to: number };
}

const BLANK = /\s/;

class Scanner {
  at = 0;
  constructor(readonly text: string) {}

  blanks() {
    while (this.at < this.text.length && BLANK.test(this.text[this.at])) this.at += 1;
  }

  /** Past a string; its text. */
  string(): string {
    const from = this.at++;
    while (this.at < this.text.length && this.text[this.at] !== '"') this.at += this.text[this.at] === "\\" ? 2 : 1;
    this.at = Math.min(this.at + 1, this.text.length);
    try {
      return JSON.parse(this.text.slice(from, this.at));
    } catch {
      return "";
    }
  }

  /** Past a value, telling of every value on the way: its path, where it is, where its key is. */
  value(path: string[], see: (path: string[], span: Span) => boolean, key?: Span["key"]): void {
    this.blanks();
    const from = this.at;
    const open = this.text[this.at];
    if (open === '"') this.string();
    else if (open === "{" || open === "[") {
      const close = open === "{" ? "}" : "]";
      this.at += 1;
      for (let index = 0; ; index += 1) {
        this.blanks();
        if (this.at >= this.text.length) break;
        if (this.text[this.at] === close) {
          this.at += 1;
          break;
        }
        if (this.text[this.at] === ",") {
          this.at += 1;
          index -= 1;
          continue;
        }
        let token = String(index);
        let where: Span["key"];
        const before = this.at;
        if (open === "{") {
          if (this.text[this.at] !== '"') {
            this.at += 1;
            continue;
          }
          const start = this.at;
          token = this.string();
          where = { from: start, to: this.at };
          this.blanks();
          if (this.text[this.at] === ":") this.at += 1;
        }
        this.value([...path, token], see, where);
        if (this.at === before) this.at += 1;
      }
    } else while (this.at < this.text.length && !/[\s,\]}:]/.test(this.text[this.at])) this.at += 1;
    see(path, { from, to: this.at, key });
  }
}

const tokens = (pointer: string): string[] =>
  pointer.split("/").slice(1).map((one) => one.replace(/~1/g, "/").replace(/~0/g, "~"));

const pointerOf = (path: string[]): string => path.map((one) => `/${one.replace(/~/g, "~0").replace(/\//g, "~1")}`).join("");

/** Where a pointer leads, or the nearest value above it that there is. */
export function locate(text: string, pointer: string): Span | null {
  const wanted = tokens(pointer);
  let best: Span | null = null;
  let depth = -1;
  new Scanner(text).value([], (path, span) => {
    if (path.length <= wanted.length && path.length > depth && path.every((one, index) => one === wanted[index])) {
      best = span;
      depth = path.length;
    }
    return true;
  });
  return best;
}

/** The spans of many pointers in one reading of the text. */
export function locateAll(text: string, pointers: Set<string>): Map<string, Span> {
  const found = new Map<string, Span>();
  new Scanner(text).value([], (path, span) => {
    const pointer = pointerOf(path);
    if (pointers.has(pointer)) found.set(pointer, span);
    return true;
  });
  return found;
}

/** Every whole number of the text, and the pointer that leads to it. */
export function integersOf(text: string): (Span & { pointer: string })[] {
  const found: (Span & { pointer: string })[] = [];
  new Scanner(text).value([], (path, span) => {
    if (/^-?\d+$/.test(text.slice(span.from, span.to))) found.push({ ...span, pointer: pointerOf(path) });
    return true;
  });
  return found;
}

const LONG = 300; // characters of a line, past which JSON is given line breaks
const SHORT = 96; // characters of an object or a list that stays in one line

export const isJson = (text: string): boolean => /^\s*[{[]/.test(text);

/** A text as it can be read: JSON in one long line is given line breaks. */
export const readable = (text: string): string =>
  isJson(text) && text.split("\n").some((line) => line.length > LONG) ? indented(text) : text;

/** An object or list in one line, with spaces where people put them; null where it is long or has no end. */
function inOneLine(text: string, from: number): { line: string; to: number } | null {
  let line = "";
  let depth = 0;
  for (let at = from; at < text.length && line.length <= SHORT; ) {
    const one = text[at];
    if (one === '"') {
      const scanner = new Scanner(text);
      scanner.at = at;
      scanner.string();
      line += text.slice(at, scanner.at);
      at = scanner.at;
      continue;
    }
    if ("{[".includes(one)) depth += 1;
    if ("}]".includes(one)) depth -= 1;
    if (!BLANK.test(one)) line += one === "," || one === ":" ? `${one} ` : one;
    at += 1;
    if (!depth) return line.length <= SHORT ? { line, to: at } : null;
  }
  return null;
}

/** The same JSON, with a line for each object and list that is short, and more for those that are long. */
function indented(text: string): string {
  const out: string[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const one = text[at];
    if (BLANK.test(one)) at += 1;
    else if (one === '"') {
      const scanner = new Scanner(text);
      scanner.at = at;
      scanner.string();
      out.push(text.slice(at, scanner.at));
      at = scanner.at;
    } else if (one === "{" || one === "[") {
      const short = inOneLine(text, at);
      if (short) {
        out.push(short.line);
        at = short.to;
      } else {
        depth += 1;
        out.push(one, `\n${"  ".repeat(depth)}`);
        at += 1;
      }
    } else if (one === "}" || one === "]") {
      depth -= 1;
      out.push(`\n${"  ".repeat(Math.max(depth, 0))}`, one);
      at += 1;
    } else if (one === ",") {
      out.push(`,\n${"  ".repeat(depth)}`);
      at += 1;
    } else if (one === ":") {
      out.push(": ");
      at += 1;
    } else {
      const word = text.slice(at).match(/^[^\s",:[\]{}]+/)?.[0] ?? one;
      out.push(word);
      at += word.length;
    }
  }
  return `${out.join("")}\n`;
}

/** Whole numbers of 16 digits and more stay exact: they become bigints. */
export function parseExact(text: string): any {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const exact = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && context?.source && /^-?\d+$/.test(context.source)
      ? BigInt(context.source)
      : value;
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
}
