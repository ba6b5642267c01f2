/** Counts, bytes and shapes as people read them, in the browser's own grouping. */
import { full, two } from "./grouping";
import type { Count, Shape } from "./types";

const UNKNOWN = "unknown";

export const number = (n: Count): string => (n === null || n === undefined ? UNKNOWN : full().format(n));

export const signed = (n: Count): string => {
  if (n === null || n === undefined) return UNKNOWN;
  return n > 0 ? `+${full().format(n)}` : n < 0 ? `−${full().format(n).replace(/^[-−]/, "")}` : "0";
};

const scaled = (n: Count, base: number, unit: string): string => {
  if (n === null || n === undefined) return UNKNOWN;
  let value = Number(n);
  let power = 0;
  while (Math.abs(value) >= base && power < 8) {
    value /= base;
    power += 1;
  }
  const prefix = power ? "KMGTPEZY"[power - 1] + (base === 1024 ? "i" : "") : "";
  return `${two().format(value)}\u202f${base === 1000 && prefix === "K" ? "k" : prefix}${unit}`.trim();
};

/** 25.6 M: where there is no room for every digit. */
export const brief = (n: Count): string => scaled(n, 1000, "");

/** Bytes in the units asked for: KiB of 1,024 or kB of 1,000. */
export const bytes = (n: Count, binary = true): string => scaled(n, binary ? 1024 : 1000, "B");

export const isBytes = (metric: string): boolean => metric.includes("bytes");

export const measure = (metric: string, n: Count, binary = true): string =>
  isBytes(metric) ? bytes(n, binary) : brief(n);

/** 26 × 26 × 32: without the batch, as on an edge. */
export const sizes = (shape: Shape | null | undefined): string =>
  !shape ? "" : shape.length < 2 ? "scalar" : shape.slice(1).map((one) => one ?? "?").join(" × ");

/** (None, 26, 26, 32): as Keras writes it. */
export const tuple = (shape: Shape | null | undefined): string =>
  !shape ? "–" : `(${shape.map((one) => one ?? "None").join(", ")}${shape.length === 1 ? "," : ""})`;

export const seconds = (n: number | null | undefined): string => {
  if (n === null || n === undefined) return UNKNOWN;
  for (const [least, unit] of [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]] as const)
    if (n >= least) return `${two().format(n / least)}\u202f${unit}`;
  return n === 0 ? "0" : `${two().format(n / 1e-9)}\u202fns`;
};

export const real = (n: number | null | undefined): string =>
  n === null || n === undefined ? "–" : Math.abs(n) >= 1e5 || (n !== 0 && Math.abs(n) < 1e-3) ? n.toExponential(2) : two().format(n);
