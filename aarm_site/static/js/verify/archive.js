// Zip files: the plain subset of docs/receipt-format.md, "Export", in memory and within bounds.
import { VerificationError, demand } from "./errors.js";

const [LOCAL, ENTRY, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [LOCAL_LENGTH, ENTRY_LENGTH, END_LENGTH] = [30, 46, 22];
const LONG = 0xffffffff;
const MANY = 0xffff;
const [STORED, DEFLATED] = [0, 8];
// A name in UTF-8, and lengths that follow what was written.
const HARMLESS_FLAGS = 0x0808;
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const MOST_RATIO = 100;
const SMALL = 64 * 1024 * 1024;
// All of it has to fit into the page's memory.
const MOST_HERE = 512 * 1024 * 1024;

const latin = new TextDecoder("latin1");
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const damaged = (name) => new VerificationError("tampered", `${name} can't be unpacked: it is not what was packed.`);

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

/** Where the list of entries begins, and how many there are. */
function readEnd(view) {
  const at = view.byteLength - END_LENGTH;
  const isEnd = at >= 0 && view.getUint32(at, true) === END;
  demand(isEnd, "malformed", "The archive was cut off, or something stands behind it.");
  const [disk, first, here, count] = [4, 6, 8, 10].map((place) => view.getUint16(at + place, true));
  const [size, offset] = [12, 16].map((place) => view.getUint32(at + place, true));
  const isLong = count === MANY || size === LONG || offset === LONG;
  demand(!isLong, "usage", "The archive is too large for this page: use aarm-verify.");
  const isOne = disk === 0 && first === 0 && here === count && view.getUint16(at + 20, true) === 0;
  demand(isOne, "malformed", "The archive is one part of several, or has a comment.");
  demand(offset + size === at, "malformed", "Something stands before or in the archive that is no part of it.");
  return { offset, count, end: at };
}

function readEntry(view, { at, end }) {
  const isEntry = at + ENTRY_LENGTH <= end && view.getUint32(at, true) === ENTRY;
  demand(isEntry, "malformed", "The archive's list of entries can't be read.");
  const [flags, method] = [8, 10].map((place) => view.getUint16(at + place, true));
  const [crc, packed, size] = [16, 20, 24].map((place) => view.getUint32(at + place, true));
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
  const next = at + ENTRY_LENGTH + nameLength + extraLength + commentLength;
  demand(next <= end, "malformed", "The archive's list of entries can't be read.");
  const name = latin.decode(new Uint8Array(view.buffer, view.byteOffset + at + ENTRY_LENGTH, nameLength));
  const isKnown = (flags & ~HARMLESS_FLAGS) === 0 && (method === STORED || method === DEFLATED);
  demand(isKnown && NAME.test(name), "malformed", "The archive has an entry that no export has.");
  return { entry: { name, method, crc, packed, size, header: view.getUint32(at + 42, true) }, next };
}

function readEntries(view) {
  const { offset, count, end } = readEnd(view);
  const entries = new Map();
  let at = offset;
  for (let number = 0; number < count; number += 1) {
    const { entry, next } = readEntry(view, { at, end });
    demand(!entries.has(entry.name), "malformed", "The archive has two entries of one name.");
    entries.set(entry.name, { ...entry, before: offset });
    at = next;
  }
  demand(at === end, "malformed", "The archive's list of entries can't be read.");
  return entries;
}

function packedIn(bytes, { name, header, packed, before }) {
  const view = viewOf(bytes);
  const isHeader = header + LOCAL_LENGTH <= before && view.getUint32(header, true) === LOCAL;
  if (!isHeader) throw damaged(name);
  const nameLength = view.getUint16(header + 26, true);
  const from = header + LOCAL_LENGTH + nameLength + view.getUint16(header + 28, true);
  const written = latin.decode(bytes.subarray(header + LOCAL_LENGTH, header + LOCAL_LENGTH + nameLength));
  if (written !== name || from + packed > before) throw damaged(name);
  return bytes.subarray(from, from + packed);
}

/** Fills `whole` from a stream; false where the stream has less or more. */
async function fill(whole, stream) {
  const reader = stream.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return at === whole.length;
    if (at + value.length > whole.length) return false;
    whole.set(value, at);
    at += value.length;
  }
}

async function inflated(packed, { name, size }) {
  demand("DecompressionStream" in globalThis, "usage", "This browser can't unpack archives: use aarm-verify.");
  const whole = new Uint8Array(size);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  try {
    if (!(await fill(whole, stream))) throw damaged(name);
  } catch (error) {
    if (error instanceof TypeError) throw damaged(name);
    throw error;
  }
  return whole;
}

async function unpacked(bytes, entry) {
  const packed = packedIn(bytes, entry);
  const found = entry.method === STORED ? packed : await inflated(packed, entry);
  if (found.length !== entry.size || crcOf(found) !== entry.crc) throw damaged(entry.name);
  return found;
}

/** An archive of which nothing has been unpacked: its names, and a way to the content of one. */
export function openArchive(bytes) {
  const entries = readEntries(viewOf(bytes));
  const total = [...entries.values()].reduce((sum, { size }) => sum + size, 0);
  const isPlausible = total <= Math.max(SMALL, MOST_RATIO * bytes.length);
  demand(isPlausible, "malformed", "The archive is far larger unpacked than an export is.");
  demand(total <= MOST_HERE, "usage", "The archive is too large for this page: use aarm-verify.");
  const content = (name) => unpacked(bytes, entries.get(name));
  return { names: new Set(entries.keys()), content };
}
