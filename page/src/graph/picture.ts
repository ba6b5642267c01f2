/** The whole network as a picture: an SVG that stands alone, or a PNG of it. */
import { brief, sizes } from "../numbers";
import { above, below, curve, HEIGHT, type LaidOut, turnsRight, WIDTH } from "./geometry";
import type { Network } from "./network";
import type { steps } from "./scale";

const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`).replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "");
const MOST = 16_000; // pixels of a side that browsers draw
const FONT = "system-ui, sans-serif";

function svgOf(network: Network, found: LaidOut, scale: ReturnType<typeof steps>): { text: string; width: number; height: number } {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => {
    // a colour as the browser has worked it out for the theme of now
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour || style.color;
  };
  const [ink, soft, line, panel] = ["--ink", "--ink-soft", "--line-strong", "--panel"].map(token);
  const fills = Array.from({ length: 8 }, (_, step) => token(`--s${step}`));
  const inks = Array.from({ length: 8 }, (_, step) => token(`--s${step}-ink`));
  const out: string[] = [];
  const [width, height] = [Math.ceil(found.width + 40), Math.ceil(found.height + 40)];
  out.push(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="-20 -20 ${width} ${height}" font-family="${FONT}" font-size="11">`);
  out.push(`<rect x="-20" y="-20" width="${width}" height="${height}" fill="${panel}"/>`);
  const told = new Map<string, string>();
  network.arrows.forEach((arrow, index) => {
    const points = found.paths[index];
    const shape = sizes(arrow.shape);
    const [x, y] = !told.has(arrow.from) && !turnsRight(points) ? below(points) : above(points);
    out.push(`<path d="${curve(points)}" fill="none" stroke="${line}"/>`);
    if (told.get(arrow.from) !== shape) out.push(`<text x="${x}" y="${y}" fill="${soft}" font-size="10">${escaped(shape)}</text>`);
    told.set(arrow.from, shape);
  });
  for (const box of network.boxes.values()) {
    const [x, y] = found.places[box.id];
    const { step, value } = scale.get(box.id) ?? { step: 0, value: null };
    out.push(
      `<g transform="translate(${x - WIDTH / 2} ${y - HEIGHT / 2})"><rect width="${WIDTH}" height="${HEIGHT}" rx="${box.kind === "input" ? HEIGHT / 2 : 3}" fill="${fills[step]}" stroke="${line}"/>`,
      `<text x="10" y="17" font-weight="600" fill="${step ? inks[step] : ink}">${escaped(box.title.slice(0, 28))}</text><text x="10" y="32" fill="${step ? inks[step] : soft}">${escaped(box.type.slice(0, 24))}</text>`,
      Number(value) > 0 ? `<text x="${WIDTH - 9}" y="32" text-anchor="end" fill="${inks[step]}">${escaped(brief(value))}</text></g>` : "</g>",
    );
  }
  out.push("</svg>");
  return { text: out.join(""), width, height };
}

export async function pictureOf(network: Network, found: LaidOut, scale: ReturnType<typeof steps>, form: "svg" | "png"): Promise<Blob> {
  const { text, width, height } = svgOf(network, found, scale);
  const svg = new Blob([text], { type: "image/svg+xml" });
  if (form === "svg") return svg;
  const url = URL.createObjectURL(svg);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const k = Math.min(2, MOST / width, MOST / height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * k);
    canvas.height = Math.round(height * k);
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("Too large for a picture"))), "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Hand a file to the browser's downloads. */
export async function save(content: Blob | Promise<Blob> | string, name: string): Promise<void> {
  const blob = typeof content === "string" ? new Blob([content], { type: "text/plain" }) : await content;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[^\w.-]+/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
