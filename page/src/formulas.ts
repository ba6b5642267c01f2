/** Formulas of a report: read from Python's way of writing them, drawn in the signs of mathematics, worked out. */
import { number } from "./numbers";
import type { Formulas, Row, Shape, ShapeFormula, Tensor } from "./types";

export type Formula =
  | { kind: "number"; value: bigint }
  | { kind: "name"; name: string }
  | { kind: "sum"; terms: Formula[] }
  | { kind: "product"; factors: Formula[] }
  | { kind: "power"; base: Formula; power: number }
  | { kind: "floor" | "rest"; top: Formula; divisor: Formula }
  | { kind: "max" | "min"; parts: Formula[] };

const TOKEN = /\s*(\d+|[A-Za-z_]\w*|\*\*|\/\/|[-+*%(),])/y;

class Reader {
  private at = 0;
  private token = "";

  constructor(private readonly text: string) {
    this.next();
  }

  private next(): string {
    const was = this.token;
    TOKEN.lastIndex = this.at;
    const found = TOKEN.exec(this.text);
    if (!found && this.text.slice(this.at).trim()) throw new SyntaxError(this.text);
    this.token = found?.[1] ?? "";
    this.at = found ? TOKEN.lastIndex : this.text.length;
    return was;
  }

  private peek(token: string): boolean {
    return this.token === token;
  }

  private take(token: string): void {
    if (this.next() !== token) throw new SyntaxError(this.text);
  }

  whole(): Formula {
    const found = this.sum();
    if (this.token) throw new SyntaxError(this.text);
    return found;
  }

  private sum(): Formula {
    const terms = [this.product()];
    while (this.token === "+" || this.token === "-") terms.push(this.next() === "-" ? negated(this.product()) : this.product());
    return terms.length > 1 ? { kind: "sum", terms } : terms[0];
  }

  private product(): Formula {
    if (this.token === "-") return this.next(), negated(this.product());
    let found = this.power();
    for (;;)
      if (this.token === "*") {
        this.next();
        const factor = this.power();
        found = { kind: "product", factors: [...(found.kind === "product" ? found.factors : [found]), factor] };
      } else if (this.token === "//") (this.next(), (found = { kind: "floor", top: found, divisor: this.power() }));
      else if (this.token === "%") (this.next(), (found = { kind: "rest", top: found, divisor: this.power() }));
      else return found;
  }

  private power(): Formula {
    const base = this.atom();
    return this.token === "**" ? (this.next(), { kind: "power", base, power: Number(this.next()) }) : base;
  }

  private atom(): Formula {
    const token = this.next();
    if (/^\d/.test(token)) return { kind: "number", value: BigInt(token) };
    if (token === "(") {
      const found = this.sum();
      this.take(")");
      return found;
    }
    if (!/^\w/.test(token)) throw new SyntaxError(this.text);
    if (this.token !== "(") return { kind: "name", name: token };
    this.next();
    const parts = [this.sum()];
    while (this.peek(",")) (this.next(), parts.push(this.sum()));
    this.take(")");
    if (token !== "max" && token !== "min") throw new SyntaxError(this.text);
    return { kind: token, parts };
  }
}

const negated = (of: Formula): Formula =>
  of.kind === "number" ? { kind: "number", value: -of.value } : { kind: "product", factors: [{ kind: "number", value: -1n }, ...(of.kind === "product" ? of.factors : [of])] };

/** SyntaxError for what is no formula. */
export const parsed = (text: string): Formula => new Reader(text).whole();

const down = (top: bigint, divisor: bigint): bigint => top / divisor - (top % divisor !== 0n && top < 0n !== divisor < 0n ? 1n : 0n);

/** The number that a formula is with its names bound; it is exact. */
export function valueOf(of: Formula, names: Record<string, bigint>): bigint {
  switch (of.kind) {
    case "number":
      return of.value;
    case "name":
      if (!(of.name in names)) throw new RangeError(of.name);
      return names[of.name];
    case "sum":
      return of.terms.reduce((total, one) => total + valueOf(one, names), 0n);
    case "product":
      return of.factors.reduce((total, one) => total * valueOf(one, names), 1n);
    case "power":
      return valueOf(of.base, names) ** BigInt(of.power);
    case "floor":
    case "rest": {
      const [top, divisor] = [valueOf(of.top, names), valueOf(of.divisor, names)];
      const floor = down(top, divisor);
      return of.kind === "floor" ? floor : top - floor * divisor;
    }
    default: {
      const parts = of.parts.map((one) => valueOf(one, names));
      return parts.reduce((best, one) => (of.kind === "max" ? one > best : one < best) ? one : best);
    }
  }
}

const sign = (of: Formula): [boolean, Formula] => {
  if (of.kind === "number") return [of.value < 0n, { kind: "number", value: of.value < 0n ? -of.value : of.value }];
  if (of.kind !== "product" || of.factors[0].kind !== "number" || of.factors[0].value >= 0n) return [false, of];
  const [first, ...rest] = of.factors;
  const left = -(first as { value: bigint }).value;
  return [true, left === 1n && rest.length === 1 ? rest[0] : { kind: "product", factors: left === 1n ? rest : [{ kind: "number", value: left }, ...rest] }];
};

const closed = (of: Formula): string => (of.kind === "sum" ? `(${drawn(of)})` : drawn(of));

function floor(top: Formula, divisor: Formula): string {
  const added = top.kind === "sum" ? top.terms.find((one) => one.kind === "number") : undefined;
  if (top.kind === "sum" && divisor.kind === "number" && added?.kind === "number" && added.value === divisor.value - 1n) {
    const rest = top.terms.filter((one) => one !== added);
    return `⌈${closed(rest.length > 1 ? { kind: "sum", terms: rest } : rest[0])}/${drawn(divisor)}⌉`;
  }
  return `⌊${closed(top)}/${drawn(divisor)}⌋`;
}

/** In the signs of mathematics: ⌊H/2⌋, ⌈W/4⌉, 3·H². */
export function drawn(of: Formula): string {
  switch (of.kind) {
    case "number":
      return of.value < 0n ? `−${number(-of.value)}` : number(of.value);
    case "name":
      return of.name;
    case "sum":
      return of.terms.map(sign).reduce((text, [minus, one], index) => `${text}${index ? (minus ? " − " : " + ") : minus ? "−" : ""}${drawn(one)}`, "");
    case "product": {
      const [minus, one] = sign(of);
      return `${minus ? "−" : ""}${one.kind === "product" ? one.factors.map(closed).join("·") : drawn(one)}`;
    }
    case "power":
      return `${closed(of.base)}${[...String(of.power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("")}`;
    case "floor":
      return floor(of.top, of.divisor);
    case "rest":
      return `${closed(of.top)} mod ${closed(of.divisor)}`;
    default:
      return `${of.kind}(${of.parts.map(drawn).join(", ")})`;
  }
}

const known = new Map<string, string>();

/** An expression of a report in signs; as it is where it is none that can be read. */
export function signs(expression: string): string {
  let found = known.get(expression);
  if (found === undefined) {
    try {
      found = drawn(parsed(expression));
    } catch {
      found = expression;
    }
    if (known.size > 4000) known.clear();
    known.set(expression, found);
  }
  return found;
}

/** As many of a sum's terms as there is room for, or the beginning of the first. */
export function cut(text: string, room: number): string {
  if (text.length <= room) return text;
  let [depth, end] = [0, 0];
  for (let at = 0; at < room - 3; at += 1) {
    depth += Number("(⌊⌈".includes(text[at])) - Number(")⌋⌉".includes(text[at]));
    if (!depth && [" + ", " − "].includes(text.slice(at, at + 3))) end = at;
  }
  return end ? `${text.slice(0, end)} + …` : `${text.slice(0, room - 1)}…`;
}

export const CELL = 28; // characters of a formula in a cell

/** A shape with signs in place of the sizes that have an expression. */
const sizesOf = (shape: Shape, formula?: ShapeFormula | null): Shape =>
  formula?.length === shape?.length ? shape.map((one, axis) => (one === null && formula[axis] !== null ? cut(signs(formula[axis]), CELL) : one)) : shape;

/** Rows whose shapes say sizes by name. */
export const named = (rows: Row[]): Row[] =>
  rows.map((row) =>
    row.output_formula || row.input_formulas
      ? { ...row, output_shape: sizesOf(row.output_shape, row.output_formula), input_shapes: row.input_shapes.map((one, index) => sizesOf(one, row.input_formulas?.[index])) }
      : row,
  );

export const namedInputs = (inputs: Tensor[]): Tensor[] => inputs.map((one) => ({ ...one, shape: sizesOf(one.shape, one.shape_formula) }));

/** The formula of a count in signs, where it has one and is no number. */
export function formulaOf(of: { formulas?: Formulas } | undefined, key: string, value: unknown): string | null {
  const expression = value === null || value === undefined ? of?.formulas?.[key] : undefined;
  return expression === undefined ? null : signs(expression);
}

/** The names that an expression depends on. */
export const namesIn = (expression: string): string[] => [...new Set(expression.match(/[A-Za-z_]\w*/g))].filter((one) => one !== "max" && one !== "min");
