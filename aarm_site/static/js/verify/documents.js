// The forms in which receipts, and checkpoints that were kept, come as a file.
import { fromUtf8 } from "./bytes.js";
import { readEnvelope } from "./envelope.js";
import { demand, malformed } from "./errors.js";
import { parseFile } from "./json.js";

const LINE_FEED = 10;
const LONGEST_LINE = 16 * 1024 * 1024;
const SPACES = new Set([9, 11, 12, 13, 32]);
const [OPENING, CLOSING] = [0x7b, 0x7d];

/** That a line, of a file of any number of them, has at most 16 MiB with its end: no reader has to take more at once. */
export const demandShort = (line) => demand(line.length < LONGEST_LINE, "malformed", "A line is longer than 16 MiB.");

/** The lines of a file without their ends; what follows the last end is a line too. */
export function linesOf(bytes) {
  const lines = [];
  let from = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return [...lines, bytes.subarray(from)];
}

const isInk = (byte) => !SPACES.has(byte);

/** One object a line: the first line that is not blank ends with a brace, and the next begins with one. */
function isOneALine([first, second]) {
  return second !== undefined && first.findLast(isInk) === CLOSING && second.find(isInk) === OPENING;
}

function listOf(document) {
  if (!(document instanceof Map && document.has("receipts"))) return Array.isArray(document) ? document : [document];
  if (!Array.isArray(document.get("receipts"))) throw malformed("The file's receipts are not a list.");
  return document.get("receipts");
}

function valuesOf(bytes) {
  const lines = linesOf(bytes).filter((line) => line.some(isInk));
  demand(lines.length > 0, "malformed", "The file is empty.");
  return isOneALine(lines) ? lines.map((line) => parseFile(line)) : listOf(parseFile(bytes));
}

const unwrapped = (value) => (value instanceof Map && value.has("envelope") ? value.get("envelope") : value);

/** The envelopes of a file, in its order; empty where it lists none. */
export async function readEnvelopes(bytes) {
  const envelopes = [];
  for (const value of valuesOf(bytes)) envelopes.push(await readEnvelope(unwrapped(value)));
  return envelopes;
}

function noteIn(line) {
  const value = parseFile(line);
  const note = value instanceof Map ? value.get("note") : undefined;
  demand(typeof note === "string", "malformed", "A line of kept checkpoints is no object with a note.");
  return note;
}

/** The checkpoints of a kept file: a note, or one a line as the member `note` of an object, as exports have them. */
export function readNotes(bytes) {
  if (bytes[0] !== OPENING) return [fromUtf8(bytes)];
  const lines = linesOf(bytes);
  return (lines.at(-1).length === 0 ? lines.slice(0, -1) : lines).map(noteIn);
}
