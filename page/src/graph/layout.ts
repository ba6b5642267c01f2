/** The worker that lays networks out: the newest question is answered, older ones are forgotten. */
import { between, column, type LaidOut, type Question, tall, WIDTH } from "./geometry";
import address from "./layout.worker?worker&url";

const policy = (globalThis as any).trustedTypes?.createPolicy("layercalc", {
  createScriptURL: (url: string) => {
    if (new URL(url, location.href).origin !== location.origin) throw new TypeError("Not of this origin");
    return url;
  },
});

const start = (): Worker => new Worker(policy ? policy.createScriptURL(address) : address, { type: "module" });

let worker: Worker | null = null;
let latest = 0;
let busy = false;
let answered: ((found: LaidOut) => void) | null = null;

/** Of boxes that are one chain: for them no worker is needed. */
function chained(boxes: string[], arrows: [string, string][]): LaidOut | null {
  const began = performance.now();
  if (arrows.length !== boxes.length - 1 || !arrows.every(([a, b], index) => a === boxes[index] && b === boxes[index + 1])) return null;
  const places = Object.fromEntries(column(boxes, WIDTH / 2, 0));
  const paths = arrows.map(([a, b]): [number, number][] => between(places[a], places[b]));
  return { id: 0, places, paths, width: WIDTH, height: tall(boxes.length), milliseconds: performance.now() - began };
}

export function layOut(boxes: string[], arrows: [string, string][], done: (found: LaidOut) => void): void {
  if (busy) {
    worker?.terminate();
    worker = null;
    busy = false;
  }
  const chain = chained(boxes, arrows);
  if (chain) return done(chain);
  worker ??= start();
  latest += 1;
  busy = true;
  answered = done;
  worker.onmessage = ({ data }: MessageEvent<LaidOut>) => {
    if (data.id !== latest) return;
    busy = false;
    answered?.(data);
  };
  worker.postMessage({ id: latest, boxes, arrows } satisfies Question);
}
