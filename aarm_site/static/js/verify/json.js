// Strict JSON: the profile of RFC 7493 of docs/receipt-format.md. Objects become Maps, so that no name is special.
import { fromUtf8 } from "./bytes.js";
import { demand, malformed } from "./errors.js";

const MOST_LEVELS = 64;
const MOST_MARKS = 10_000;
const LONGEST_FRACTION = 64;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
// eslint-disable-next-line no-control-regex
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const WORDS = new Map([["true", true], ["false", false], ["null", null]]);

class Reader {
  constructor(text, { mostMarks }) {
    this.text = text;
    this.at = 0;
    this.marksLeft = mostMarks;
  }

  /** What the pattern finds here; it may be empty. */
  take(pattern) {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at += match[0].length;
    return match;
  }

  takeIf(character) {
    const isHere = this.text[this.at] === character;
    if (isHere) this.at += 1;
    return isHere;
  }

  countMark() {
    this.marksLeft -= 1;
    demand(this.marksLeft >= 0, "malformed", "The JSON has too many values.");
  }
}

function refuse(reader) {
  throw malformed(`This is not JSON: character ${reader.at + 1} does not belong there.`);
}

function readNumber(reader) {
  const match = reader.take(NUMBER);
  if (!match) refuse(reader);
  const [text, fraction, exponent] = match;
  const isPlain = fraction === undefined && exponent === undefined;
  demand(isPlain || text.length <= LONGEST_FRACTION, "malformed", "A number has too many digits.");
  const value = Number(text);
  demand(Math.abs(value) <= Number.MAX_SAFE_INTEGER, "malformed", "A number is too large to be exact.");
  return value;
}

function readEscape(reader) {
  const letter = reader.text[reader.at];
  reader.at += 1;
  if (letter !== "u") return ESCAPES[letter] ?? refuse(reader);
  const digits = reader.text.slice(reader.at, reader.at + 4);
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) refuse(reader);
  reader.at += 4;
  return String.fromCharCode(Number.parseInt(digits, 16));
}

function readString(reader) {
  let value = "";
  while (!reader.takeIf('"')) {
    value += reader.take(PLAIN)[0];
    if (reader.takeIf("\\")) value += readEscape(reader);
    else if (reader.text[reader.at] !== '"') refuse(reader);
  }
  demand(!value.includes("\0"), "malformed", "A text holds U+0000.");
  demand(value.isWellFormed(), "malformed", "A text holds half of a surrogate pair.");
  return value;
}

/** Items up to the closing character, each read by `readItem`. Brackets and commas count against the bound. */
function readItems(reader, { close, readItem }) {
  reader.take(SPACE);
  reader.countMark();
  if (reader.takeIf(close)) return;
  for (;;) {
    reader.take(SPACE);
    readItem();
    reader.take(SPACE);
    if (!reader.takeIf(",")) break;
    reader.countMark();
  }
  if (!reader.takeIf(close)) refuse(reader);
}

function readList(reader, level) {
  const list = [];
  readItems(reader, { close: "]", readItem: () => list.push(readValue(reader, level)) });
  return list;
}

function readMember(reader, { object, level }) {
  if (!reader.takeIf('"')) refuse(reader);
  const name = readString(reader);
  demand(!object.has(name), "malformed", "A member is named twice.");
  reader.take(SPACE);
  if (!reader.takeIf(":")) refuse(reader);
  object.set(name, readValue(reader, level));
}

function readObject(reader, level) {
  const object = new Map();
  readItems(reader, { close: "}", readItem: () => readMember(reader, { object, level }) });
  return object;
}

function readContainer(reader, { level, read }) {
  demand(level < MOST_LEVELS, "malformed", "The JSON is nested too deeply.");
  return read(reader, level + 1);
}

function readWord(reader) {
  for (const [word, value] of WORDS) {
    if (reader.text.startsWith(word, reader.at)) {
      reader.at += word.length;
      return value;
    }
  }
  return readNumber(reader);
}

function readValue(reader, level) {
  reader.take(SPACE);
  if (reader.takeIf('"')) return readString(reader);
  if (reader.takeIf("{")) return readContainer(reader, { level, read: readObject });
  if (reader.takeIf("[")) return readContainer(reader, { level, read: readList });
  return readWord(reader);
}

/**
 * The value of UTF-8 bytes: Map, Array, string, number, boolean or null. Raises `malformed`.
 * `mostMarks` bounds commas and opening brackets together; whole files have no bound.
 */
export function parseJson(bytes, { mostMarks = MOST_MARKS } = {}) {
  const reader = new Reader(fromUtf8(bytes), { mostMarks });
  const value = readValue(reader, 0);
  reader.take(SPACE);
  if (reader.at !== reader.text.length) refuse(reader);
  return value;
}

/** Of digests and signatures there are fewer values than a thirty-second of the bytes. */
export const marksFor = (bytes) => 1_000 + Math.floor(bytes.length / 32);

/** The value of what is mostly digests and signatures. */
export const parseDense = (bytes) => parseJson(bytes, { mostMarks: marksFor(bytes) });

/** The value of a whole file of receipts, which may be long. */
export const parseFile = (bytes) => parseJson(bytes, { mostMarks: Infinity });

/** A whole number from `least` on, however JSON spells it. */
export const isInteger = (value, { least }) => Number.isSafeInteger(value) && value >= least;

/** A Map with all members named, perhaps the optional ones, and no others: those are refused for the reason given. */
export function demandMembers(value, { names, optional = [], what, unknown = "malformed" }) {
  demand(value instanceof Map, "malformed", `${what} is not a JSON object.`);
  const stranger = [...value.keys()].find((name) => !names.includes(name) && !optional.includes(name));
  demand(stranger === undefined, unknown, `${what} has a member that the format does not know: ${stranger}.`);
  const missing = names.find((name) => !value.has(name));
  demand(missing === undefined, "malformed", `${what} lacks its member ${missing}.`);
}

/** An object that says of which format it is, with a checkpoint, and what else a bundle and a log file's head share. */
export function demandFormat(value, { format, names, optional }) {
  const isNamed = value instanceof Map && typeof value.get("format") === "string";
  demand(isNamed, "malformed", "There is no object that names its format.");
  demand(value.get("format") === format, "unsupported", `The format is another one than ${format}.`);
  demandMembers(value, { names, optional, what: "The file", unknown: "unsupported" });
  demand(typeof value.get("checkpoint") === "string", "malformed", "The checkpoint is not a text.");
  for (const name of ["keys", "manifest"]) {
    const isObject = !value.has(name) || value.get(name) instanceof Map;
    demand(isObject, "malformed", `The member ${name} is not an object.`);
  }
}
