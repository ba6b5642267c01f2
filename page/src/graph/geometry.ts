/** Sizes of boxes, and what goes to the worker that lays them out and comes back. */
export const WIDTH = 186;
export const HEIGHT = 42;
export const GAP = 34;

export interface Question {
  id: number;
  boxes: string[];
  arrows: [string, string][];
}

export interface LaidOut {
  id: number;
  /** The centre of each box. */
  places: Record<string, [number, number]>;
  /** The points of each arrow, in the order of the question. */
  paths: [number, number][][];
  width: number;
  height: number;
  milliseconds?: number;
}

/** Where the boxes of a chain go, one below the other, the first at the top; the centre of each. */
export const column = (chain: string[], x: number, top: number): [string, [number, number]][] => chain.map((box, index) => [box, [x, top + HEIGHT / 2 + index * (HEIGHT + GAP)]]);

/** How high so many boxes are in a column. */
export const tall = (boxes: number): number => boxes * (HEIGHT + GAP) - GAP;

/** From the lower edge of a box to the upper of another. */
export const between = ([ax, ay]: [number, number], [bx, by]: [number, number]): [[number, number], [number, number]] => [[ax, ay + HEIGHT / 2], [bx, by - HEIGHT / 2]];

const at = (n: number): number => Math.round(n * 10) / 10;

/** A smooth line through points, from top to bottom. */
export function curve(points: [number, number][]): string {
  const [first, ...rest] = points;
  let path = `M${at(first[0])} ${at(first[1])}`;
  let [x, y] = first;
  for (const [nextX, nextY] of rest) {
    path += Math.abs(nextX - x) < 0.5 ? `L${at(nextX)} ${at(nextY)}` : `C${at(x)} ${at((y + nextY) / 2)} ${at(nextX)} ${at((y + nextY) / 2)} ${at(nextX)} ${at(nextY)}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}

/** Whether an arrow turns to the right: a text stands clear of it beside its end then, else beside its beginning. */
export const turnsRight = (points: [number, number][]): boolean => points.some(([x]) => x > points[0][0] + 1);

/** Beside the end of an arrow. */
export const above = (points: [number, number][]): [number, number] => [points[points.length - 1][0] + 7, points[points.length - 1][1] - 10];

/** Beside the beginning of an arrow, where the shape stands that goes along it. */
export const below = ([[x, y]]: [number, number][]): [number, number] => [x + 7, y + GAP / 2 + 4];
