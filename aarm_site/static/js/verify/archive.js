// Zip files: the one form of docs/receipt-format.md, "Export", in memory and within bounds.
import { VerificationError, demand } from "./errors.js";

const [LOCAL, ENTRY, END, LOCATOR] = [0x04034b50, 0x02014b50, 0x06054b50, 0x07064b50];
const [LOCAL_LENGTH, ENTRY_LENGTH, END_LENGTH, WIDE_END_LENGTH] = [30, 46, 22, 98];
const [LONG, MANY] = [0xffffffff, 0xffff];
// Beyond this writers use the wide forms (ZIP64), which only aarm-verify reads.
const LIMIT = 2 ** 31 - 1;
const [NARROW, DEFLATED] = [20, 8];
const LONGEST_NAME = 255;
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const MOST_RATIO = 100;
const SMALL = 64 * 1024 * 1024;
// What is read whole is almost only digests and signatures, which don't shrink to a twentieth.
const [MOST_WHOLE, MOST_WHOLE_RATIO, SMALL_WHOLE] = [256 * 1024 * 1024, 20, 1024 * 1024];
// All of it has to fit into the page's memory.
const MOST_HERE = 512 * 1024 * 1024;
const TOO_LARGE = "The archive is too large for this page: use aarm-verify.";

const latin = new TextDecoder("latin1");
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const damaged = (name) => new VerificationError("tampered", `${name} can't be unpacked: it is not what was packed.`);
const shorts = (view, { at, places }) => places.map((place) => view.getUint16(at + place, true));
const longs = (view, { at, places }) => places.map((place) => view.getUint32(at + place, true));

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crcOf(bytes) {
  let rest = LONG;
  for (const byte of bytes) rest = CRC[(rest ^ byte) & 0xff] ^ (rest >>> 8);
  return (rest ^ LONG) >>> 0;
}

export const isArchive = (bytes) => bytes.length >= 4 && viewOf(bytes).getUint32(0, true) === LOCAL;

/** Whether there is an end for more entries than this page reads. */
function isWideEnd(view, { count, offset, size }) {
  const isLong = count === MANY && offset + size + WIDE_END_LENGTH === view.byteLength;
  return isLong && view.getUint32(view.byteLength - 42, true) === LOCATOR;
}

/** Where the list of entries begins, and how many there are. */
function readEnd(view) {
  const at = view.byteLength - END_LENGTH;
  const isEnd = at >= 0 && view.getUint32(at, true) === END;
  demand(isEnd, "malformed", "The archive was cut off, or something stands behind it.");
  const [disk, first, here, count, comment] = shorts(view, { at, places: [4, 6, 8, 10, 20] });
  const [size, offset] = longs(view, { at, places: [12, 16] });
  const isOne = disk === 0 && first === 0 && here === count && comment === 0;
  demand(isOne, "malformed", "The archive is one part of several, or has a comment.");
  demand(!isWideEnd(view, { count, offset, size }), "usage", TOO_LARGE);
  demand(offset + size === at, "malformed", "Something stands before or in the archive that is no part of it.");
  demand(Math.max(offset, size) <= LIMIT, "usage", TOO_LARGE);
  const isPlausible = size <= count * (ENTRY_LENGTH + LONGEST_NAME + 28);
  demand(isPlausible, "malformed", "The archive's list of entries is longer than an export's.");
  return { offset, count, end: at };
}

function demandPlain(view, { at, name }) {
  const [flags, method] = shorts(view, { at, places: [8, 10] });
  const [comment, disk, internal, external] = shorts(view, { at, places: [32, 34, 36, 38] });
  const isPlain = flags === 0 && method === DEFLATED;
  const isBare = [comment, disk, internal, external].every((value) => value === 0);
  const isNamed = name.length <= LONGEST_NAME && NAME.test(name);
  demand(isPlain && isBare && isNamed, "malformed", "The archive has an entry that no export has.");
}

function demandNarrow(view, { version, lengths, extra }) {
  const isWide = Math.max(...lengths) > LIMIT || version !== NARROW;
  demand(!isWide || MOST_RATIO * view.byteLength <= LIMIT, "usage", TOO_LARGE);
  demand(!isWide && extra === 0, "malformed", "An entry of the archive has an extra field that no export has.");
}

function readEntry(view, { at, end }) {
  const isEntry = at + ENTRY_LENGTH <= end && view.getUint32(at, true) === ENTRY;
  demand(isEntry, "malformed", "The archive's list of entries can't be read.");
  const [version, nameLength, extra] = shorts(view, { at, places: [6, 28, 30] });
  const next = at + ENTRY_LENGTH + nameLength + extra;
  demand(next <= end, "malformed", "The archive's list of entries can't be read.");
  const name = latin.decode(new Uint8Array(view.buffer, view.byteOffset + at + ENTRY_LENGTH, nameLength));
  demandPlain(view, { at, name });
  const [crc, packed, size, place] = longs(view, { at, places: [16, 20, 24, 42] });
  demandNarrow(view, { version, lengths: [packed, size, place], extra });
  return { entry: { name, crc, packed, size, place, listed: at }, next };
}

/** That the header is what the list repeats, from the version to the lengths of the name and of the extra field. */
function demandHeader(view, { name, place, listed }) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const isSame = (at, { as, length }) => {
    for (let step = 0; step < length; step += 1) if (bytes[at + step] !== bytes[as + step]) return false;
    return true;
  };
  const isHeader = place + LOCAL_LENGTH + name.length <= listed && view.getUint32(place, true) === LOCAL;
  const repeats = isHeader && isSame(place + 4, { as: listed + 6, length: LOCAL_LENGTH - 4 });
  const isNamed = repeats && isSame(place + LOCAL_LENGTH, { as: listed + ENTRY_LENGTH, length: name.length });
  demand(isNamed, "malformed", `${name} has another header than the list of entries says.`);
}

function readEntries(view) {
  const { offset, count, end } = readEnd(view);
  const entries = new Map();
  let at = offset;
  for (let number = 0; number < count; number += 1) {
    const { entry, next } = readEntry(view, { at, end });
    demand(!entries.has(entry.name), "malformed", "The archive has two entries of one name.");
    entries.set(entry.name, entry);
    at = next;
  }
  demand(at === end, "malformed", "The archive does not have as many entries as it says.");
  return { entries, offset };
}

/** That the entries stand one after the other, from the first byte to the list. */
function demandOrder(view, { entries, offset }) {
  let at = 0;
  for (const entry of entries.values()) {
    demand(entry.place === at, "malformed", "The entries of the archive do not stand one after the other.");
    demandHeader(view, entry);
    entry.start = at + LOCAL_LENGTH + entry.name.length;
    at = entry.start + entry.packed;
  }
  demand(at === offset, "malformed", "Something stands before or in the archive that is no part of it.");
}

/** The parts of what is packed; ends with null where it can't be unpacked or ends too early. */
async function* inflated(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = stream.getReader();
  try {
    for (;;) {
      // Which error a browser throws differs; each is about these bytes.
      const { done, value } = await reader.read().catch(() => ({ done: false, value: null }));
      if (done) return;
      yield value;
      if (value === null) return;
    }
  } finally {
    // Nothing more is unpacked for somebody who has seen enough; of what is broken there is no more in any case.
    await reader.cancel().catch(() => undefined);
  }
}

/** Fills `whole`; false where there is less, more, or what can't be unpacked. */
async function fill(whole, packed) {
  let at = 0;
  for await (const part of inflated(packed)) {
    if (part === null || at + part.length > whole.length) return false;
    whole.set(part, at);
    at += part.length;
  }
  return at === whole.length;
}

async function isWhole(packed) {
  for await (const part of inflated(packed)) if (part === null) return false;
  return true;
}

// An empty block, and a byte behind it, which the standard says to refuse. Not every program that runs scripts does.
const isStrict = isWhole(Uint8Array.of(3, 0, 0)).then((isTaken) => !isTaken);

async function unpacked(bytes, { name, start, packed, size, crc }) {
  const content = bytes.subarray(start, start + packed);
  const whole = new Uint8Array(size);
  // Where one byte less would do, that byte is no part of it.
  const isAll = (await fill(whole, content)) && ((await isStrict) || !(await isWhole(content.subarray(0, -1))));
  if (!isAll || crcOf(whole) !== crc) throw damaged(name);
  return whole;
}

/** An archive of which nothing has been unpacked: its names, and ways to the content of one; `whole` is bounded. */
export function openArchive(bytes) {
  demand("DecompressionStream" in globalThis, "usage", "This browser can't unpack archives: use aarm-verify.");
  const view = viewOf(bytes);
  const found = readEntries(view);
  const { entries } = found;
  const total = [...entries.values()].reduce((sum, { size }) => sum + size, 0);
  const isPlausible = total <= Math.max(SMALL, MOST_RATIO * bytes.length);
  demand(isPlausible, "malformed", "The archive is far larger unpacked than an export is.");
  demand(total <= MOST_HERE, "usage", TOO_LARGE);
  demandOrder(view, found);
  const content = (name) => unpacked(bytes, entries.get(name));
  const whole = (name) => {
    const { size, packed } = entries.get(name);
    const most = Math.min(MOST_WHOLE, Math.max(SMALL_WHOLE, MOST_WHOLE_RATIO * packed));
    demand(size <= most, "malformed", `${name} is longer than an export writes it.`);
    return content(name);
  };
  return { names: new Set(entries.keys()), content, whole };
}
