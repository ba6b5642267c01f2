/** The worker that lays networks out: the newest question is answered, older ones are forgotten. */
import type { LaidOut, Question } from "./geometry";
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

export function layOut(boxes: string[], arrows: [string, string][], done: (found: LaidOut) => void): void {
  if (busy) {
    worker?.terminate();
    worker = null;
  }
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
