/** What all plots share: colours out of the tokens, axes, typeface. */
import type uPlot from "uplot";

/** A colour of the tokens as the browser has worked it out for the theme of now: a canvas knows no custom property. */
export const token = (name: string): string => {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};

export const axis = (): uPlot.Axis => {
  const [ink, grid] = ["--ink-soft", "--line"].map(token);
  return { stroke: ink, font: `11px ${getComputedStyle(document.body).fontFamily}`, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 } };
};

/** Powers of two, on the axis of bytes. */
export const POWERS = Array.from({ length: 60 }, (_, power) => 2 ** power);

/** A line across the whole height. */
export function upright(u: uPlot, at: number, colour: string, dash: number[] = []): void {
  const x = u.valToPos(at, "x", true);
  const { top, height } = u.bbox;
  u.ctx.save();
  u.ctx.strokeStyle = colour;
  u.ctx.lineWidth = 2 * devicePixelRatio;
  u.ctx.setLineDash(dash.map((one) => one * devicePixelRatio));
  u.ctx.beginPath();
  u.ctx.moveTo(x, top);
  u.ctx.lineTo(x, top + height);
  u.ctx.stroke();
  u.ctx.restore();
}
