/** CodeMirror in a shadow root, where its styles are constructed sheets and not elements, as the page's policy wants. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { type Diagnostic, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { isJson } from "../json";
import type { Fault, Fix } from "../types";
import { complete } from "./completion";
import { hanging } from "./hanging";
import { fixLabel } from "./places";
import { changeOf, rangeOf } from "./ranges";
import { theme } from "./theme";

const link = StateEffect.define<{ from: number; to: number } | null>();
const MOST_LINES = 400; // of a layer that are marked

/** The lines of the layer that is selected elsewhere. */
const linked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = transaction.docChanged ? marks.map(transaction.changes) : marks;
    for (const effect of transaction.effects)
      if (effect.is(link)) {
        const lines = [];
        if (effect.value) {
          const doc = transaction.state.doc;
          const first = doc.lineAt(Math.min(effect.value.from, doc.length)).number;
          const last = doc.lineAt(Math.min(effect.value.to, doc.length)).number;
          for (let line = first; line <= Math.min(last, first + MOST_LINES); line += 1)
            lines.push(Decoration.line({ class: "linked" }).range(doc.line(line).from));
        }
        next = Decoration.set(lines);
      }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** What is written over a selection goes in as a change of the document: Chromium would carry the style of what it
 * replaces into the page, as an inline style, which the page's policy refuses. */
const overwriting = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    if (empty || event.inputType !== "insertText" || event.isComposing || !event.data || view.state.selection.ranges.length > 1) return false;
    const text = event.data;
    const plain = () => view.state.update({ ...view.state.replaceSelection(text), userEvent: "input.type", scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, plain))) view.dispatch(plain());
    return true;
  },
});

export interface Listener {
  changed(text: string): void;
  moved(position: number): void;
}

export class Editor {
  readonly view: EditorView;
  private readonly language = new Compartment();
  private isJson: boolean;
  private silent = false;

  constructor(host: HTMLElement, text: string, listener: Listener) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    this.isJson = isJson(text);
    this.view = new EditorView({
      root,
      parent: root as unknown as Element,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(), foldGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
          highlightActiveLine(), highlightSelectionMatches(), linked, overwriting, EditorView.lineWrapping, hanging,
          autocompletion({ override: [complete] }),
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap]),
          this.language.of(this.mode()),
          EditorView.contentAttributes.of({ "aria-label": "Model document", spellcheck: "false", tabindex: "0" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !this.silent) {
              this.follow();
              listener.changed(update.state.doc.toString());
            }
            if (update.selectionSet && !update.docChanged && update.view.hasFocus) listener.moved(update.state.selection.main.head);
          }),
          theme,
        ],
      }),
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  private mode() {
    return this.isJson ? json() : python();
  }

  /** JSON and Python are told apart by how the text begins. */
  private follow() {
    const now = isJson(this.view.state.sliceDoc(0, 2000));
    if (now === this.isJson) return;
    this.isJson = now;
    queueMicrotask(() => this.view.dispatch({ effects: this.language.reconfigure(this.mode()) }));
  }

  /** Another text, of which the listener is not told. */
  replace(text: string) {
    if (text === this.text) return;
    this.silent = true;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, selection: { anchor: 0 } });
    this.silent = false;
    this.follow();
    this.view.scrollDOM.scrollTop = 0;
  }

  mark(faults: Fault[], warnings: Fault[]) {
    const diagnostic = (severity: "error" | "warning") => (fault: Fault): Diagnostic => ({
      ...rangeOf(this.view.state, fault),
      severity,
      message: fault.detail,
      actions: fault.fix ? [{ name: fixLabel(fault.fix, this.text), apply: () => this.apply(fault.fix!) }] : [],
    });
    const found = [...faults.filter((one) => !one.parameter).map(diagnostic("error")), ...warnings.map(diagnostic("warning"))];
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }

  put(from: number, to: number, text: string) {
    this.view.dispatch({ changes: { from, to, insert: text }, userEvent: "input" });
  }

  apply(fix: Fix) {
    const change = changeOf(this.view.state, fix);
    if (change) this.view.dispatch({ changes: change, userEvent: "input" });
  }

  /** Mark where a layer is written, and bring it into view. */
  show(span: { from: number; to: number } | null, scroll: boolean) {
    const effects: StateEffect<unknown>[] = [link.of(span)];
    if (span && scroll) effects.push(EditorView.scrollIntoView(Math.min(span.from, this.view.state.doc.length), { y: "center" }));
    this.view.dispatch({ effects });
  }

  goTo(fault: Fault) {
    const range = rangeOf(this.view.state, fault);
    this.view.dispatch({ selection: { anchor: range.from }, effects: EditorView.scrollIntoView(range.from, { y: "center" }) });
    this.view.focus();
  }
}
