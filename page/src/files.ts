/** Files that are opened or dropped: text goes into the editor, everything else to the service as it is. */
import type { Source } from "./api";
import { readable } from "./json";

export async function opened(file: File): Promise<Source> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!bytes.includes(0))
    try {
      return { kind: "text", text: readable(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
    } catch {
      // bytes that are no text
    }
  return { kind: "file", name: file.name, bytes };
}

/** A file from the disk, by the browser's own dialogue. */
export function choose(done: (file: File) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.onchange = () => input.files?.[0] && done(input.files[0]);
  input.click();
}
