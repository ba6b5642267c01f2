/** Small parts: a menu that closes, tabs by the arrow keys, the faults. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { fixLabel } from "./editor/places";
import type { Fault, Fix } from "./types";

export function Menu({ title, children, label, kind = "", opened }: { title: string; label?: string; kind?: string; opened?(): void; children: ComponentChildren }) {
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const menu = element.current!;
      if (!menu.open) return;
      const outside = !menu.contains(event.target as Node);
      if (outside || (event instanceof KeyboardEvent && event.key === "Escape")) {
        menu.open = false;
        if (!outside) menu.querySelector("summary")!.focus();
      }
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => (document.removeEventListener("pointerdown", close), document.removeEventListener("keydown", close));
  }, []);
  const closing = (event: MouseEvent) => {
    if ((event.target as Element).closest("button[data-closes]")) element.current!.open = false;
  };
  return (
    <details class={`menu ${kind}`} ref={element} onClick={closing} onToggle={() => element.current!.open && opened?.()}>
      <summary aria-label={label}>{title}</summary>
      <div class="sheet">{children}</div>
    </details>
  );
}

export function Item({ children, note, disabled, onClick }: { children: ComponentChildren; note?: string; disabled?: boolean; onClick(): void }) {
  return <button type="button" class="item" data-closes disabled={disabled} onClick={onClick}><span>{children}</span>{note && <small>{note}</small>}</button>;
}

export function Tabs({ names, now, choose }: { names: [string, string][]; now: string; choose(name: string): void }) {
  const keys = (event: KeyboardEvent) => {
    const at = names.findIndex(([name]) => name === now);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = names[(to + names.length) % names.length][0];
    choose(next);
    requestAnimationFrame(() => document.getElementById(`tab-${next}`)?.focus());
  };
  return (
    <div class="tabs" role="tablist" aria-label="Views" onKeyDown={keys}>
      {names.map(([name, title]) => (
        <button type="button" role="tab" id={`tab-${name}`} aria-selected={name === now} aria-controls={name === now && name !== "text" ? "view" : undefined} tabIndex={name === now ? 0 : -1} onClick={() => choose(name)}>{title}</button>
      ))}
    </div>
  );
}

const place = (fault: Fault): string =>
  fault.parameter ?? (fault.line !== undefined ? `${fault.cell !== undefined ? `cell ${fault.cell}, ` : ""}line ${fault.line}` : fault.pointer || "");

interface FaultsProps {
  faults: Fault[];
  warnings: Fault[];
  text: string | null; // of the editor; null where there is none to change
  goTo(fault: Fault): void;
  apply(fix: Fix): void;
}

export function Faults({ faults, warnings, text, goTo, apply }: FaultsProps) {
  if (!faults.length && !warnings.length) return null;
  const one = (kind: "fault" | "warning") => (fault: Fault) => (
    <li class={kind}>
      <button type="button" class="where" onClick={() => goTo(fault)}><span class="unseen">{kind === "fault" ? "Fault" : "Warning"} at </span>{place(fault) || "document"}</button>
      <p>{fault.detail}</p>
      {fault.fix && text !== null && <button type="button" class="primary" onClick={() => apply(fault.fix!)}>{fixLabel(fault.fix, text)}</button>}
    </li>
  );
  return (
    <ul class="faults" aria-label="Faults and warnings" tabIndex={0}>
      {faults.map(one("fault"))}
      {warnings.map(one("warning"))}
    </ul>
  );
}
