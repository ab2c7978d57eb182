// Which is which: a file tells by itself whether it holds receipts, an export, a bundle, a log or a checkpoint.
import { isArchive } from "./archive.js";
import { linesOf } from "./documents.js";
import { VerificationError } from "./errors.js";
import { parseFile } from "./json.js";

const NOTE = /^(?![ \t\n\v\f\r]*[[{])[^]*\n\u2014 /;

const forgiving = new TextDecoder("utf-8", { ignoreBOM: true });

/** What `read` gives; undefined where it refuses the bytes. */
function attempt(read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return undefined;
  }
}

const isFormatted = (value) => value instanceof Map && value.has("format");
const isBundle = (value) => typeof value.get("format") === "string" && value.get("format").startsWith("aarm-bundle/");

/** receipts, export, bundle, log or checkpoint. */
export function kindOf(bytes) {
  if (isArchive(bytes)) return "export";
  const head = attempt(() => parseFile(linesOf(bytes)[0]));
  if (isFormatted(head) && !isBundle(head)) return "log";
  if (isFormatted(attempt(() => parseFile(bytes)))) return "bundle";
  // Bytes that are not UTF-8 make a checkpoint malformed, and no less a checkpoint.
  return NOTE.test(forgiving.decode(bytes)) ? "checkpoint" : "receipts";
}
