/** The first script: what the page begins with is asked about while the rest of it is still under way. */
import * as api from "./api";
import { full } from "./grouping";
import * as kept from "./keep";
import type { Report } from "./types";

export interface Begun {
  source: api.Source;
  /** Nothing where there is no document, or where the address holds one. */
  answer: Promise<Report> | null;
  /** The answer, once it is there. */
  report: Report | null;
}

export const begun = ((): Begun => {
  const text = location.hash.startsWith("#d=") ? "" : kept.recent()[0]?.text ?? kept.beginning();
  const found: Begun = { source: { kind: "text", text }, answer: null, report: null };
  if (!text.trim()) return found;
  performance.mark("layercalc:asked");
  found.answer = api.analyze(found.source, api.NO_OPTIONS);
  found.answer.then(
    (report) => (found.report = report),
    () => undefined, // who awaits it is told
  );
  full();
  return found;
})();
