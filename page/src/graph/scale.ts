/** How boxes are coloured: a step of the scale for each share of the largest. */
import type { Count } from "../types";
import type { Box } from "./network";
import { sum } from "./network";

export const STEPS = 7;

export const METRICS: [string, string][] = [
  ["params", "Parameters"],
  ["macs", "MACs"],
  ["flops", "FLOPs"],
  ["param_bytes", "Parameter bytes"],
  ["activation_bytes", "Activation bytes"],
];

/** The step of each box, 0 for none; by the square root of its share, so that small ones can be told apart too. */
export function steps(boxes: Iterable<Box>, metric: string): Map<string, { step: number; value: Count; share: number }> {
  const all = [...boxes].map((box) => [box.id, sum(box.rows, metric)] as const);
  const most = Math.max(1, ...all.map(([, value]) => Number(value ?? 0)));
  const total = all.reduce((found, [, value]) => found + Number(value ?? 0), 0) || 1;
  return new Map(
    all.map(([id, value]) => {
      const n = Number(value ?? 0);
      return [id, { step: n > 0 ? Math.max(1, Math.ceil(Math.sqrt(n / most) * STEPS)) : 0, value, share: n / total }];
    }),
  );
}
