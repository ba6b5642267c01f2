/** Lines that are wrapped go on under their own beginning. By classes: the page's policy refuses styles of an element. */
import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";

const DEEPEST = 40; // spaces
const MORE = 2;

const marks = Array.from({ length: DEEPEST + 1 }, (_, spaces) => Decoration.line({ class: `hang-${spaces}` }));

function hung(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges)
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      builder.add(line.from, line.from, marks[Math.min(line.text.search(/\S|$/), DEEPEST)]);
      at = line.to + 1;
    }
  return builder.finish();
}

class Hanging {
  decorations: DecorationSet;

  constructor(view: EditorView) {
    this.decorations = hung(view);
  }

  update(update: ViewUpdate) {
    if (update.docChanged || update.viewportChanged) this.decorations = hung(update.view);
  }
}

const look = EditorView.theme(
  Object.fromEntries(
    marks.map((_, spaces) => [`.cm-line.hang-${spaces}`, { textIndent: `-${spaces + MORE}ch`, paddingLeft: `calc(6px + ${spaces + MORE}ch)` }]),
  ),
);

export const hanging = [ViewPlugin.fromClass(Hanging, { decorations: (one) => one.decorations }), look];
