// Checkpoints: signed notes (C2SP) that state the size and the root of a log.
import { areEqual, fromBase64, sha256, utf8 } from "./bytes.js";
import { VerificationError, demand, malformed } from "./errors.js";
import { demandInUse, demandInUseBelow } from "./keys.js";
import { microsecondsOf } from "./times.js";

const MOST_BYTES = 65_536;
const MOST_SIGNATURES = 64;
const HASH_BYTES = 4;
const TEXT_LINES = 4;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const SIGNATURE_LINE = /^\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)$/;
const ORIGIN = /^[^ +]+$/;
const SIZE = /^[1-9][0-9]{0,15}$/;
const TIME = /^time (.*)$/;

function readSignature(line) {
  const match = SIGNATURE_LINE.exec(line);
  if (!match) throw malformed("The checkpoint has a line that is no signature.");
  const bytes = fromBase64(match[2]);
  demand(bytes.length > HASH_BYTES, "malformed", "A signature of the checkpoint is too short.");
  return { name: match[1], keyHash: bytes.subarray(0, HASH_BYTES), signature: bytes.subarray(HASH_BYTES) };
}

function readRoot(line) {
  const root = fromBase64(line);
  demand(root.length === 32, "malformed", "The checkpoint's root does not have 32 bytes.");
  return root;
}

function readText(text) {
  const lines = text.split("\n").slice(0, -1);
  demand(lines.length >= TEXT_LINES && !lines.includes(""), "malformed", "The checkpoint lacks lines.");
  const [origin, size, root, time] = lines;
  demand(ORIGIN.test(origin), "malformed", "The checkpoint's first line is not an origin.");
  const isSize = SIZE.test(size) && Number(size) <= Number.MAX_SAFE_INTEGER;
  demand(isSize, "malformed", "The checkpoint's second line is not a size.");
  const hash = readRoot(root);
  const signedAt = microsecondsOf(TIME.exec(time)?.[1]);
  demand(signedAt !== null, "malformed", "The checkpoint's fourth line is not a time.");
  demand(lines.length === TEXT_LINES, "unsupported", "The checkpoint has lines that this verifier does not know.");
  return { origin, size: Number(size), root: hash, signedAt, time: time.slice(5) };
}

function readNote(note) {
  demand(utf8(note).length <= MOST_BYTES, "malformed", "The checkpoint is too long.");
  demand(!CONTROL.test(note) && note.endsWith("\n"), "malformed", "The checkpoint is not lines of text.");
  const end = note.lastIndexOf("\n\n");
  demand(end >= 0, "malformed", "The checkpoint has no empty line before its signatures.");
  const lines = note.slice(end + 2).split("\n").slice(0, -1);
  demand(lines.length <= MOST_SIGNATURES, "malformed", "The checkpoint has too many signatures.");
  const signatures = lines.map(readSignature);
  const text = note.slice(0, end + 1);
  return { text, signatures, ...readText(text) };
}

async function keysNamed({ name, keyHash }, { origin, keys }) {
  const found = [];
  for (const key of name === origin ? keys.values() : []) {
    const hash = key.algorithm && (await sha256(key.algorithm.noteKey(key.key, { origin }))).subarray(0, HASH_BYTES);
    if (hash && areEqual(hash, keyHash)) found.push(key);
  }
  return found;
}

async function demandSigner(candidates, { signature, message, signedAt, size }) {
  for (const key of candidates) {
    const raw = key.algorithm.fromNote(signature);
    const isFitting = raw && (await key.algorithm.isSignature(key.key, { signature: raw, message }));
    if (isFitting) {
      demandInUse(key, { issuedAt: signedAt });
      return demandInUseBelow(key, { size });
    }
  }
  throw new VerificationError("bad_signature", "A signature of the checkpoint does not fit its text.");
}

/** A checkpoint whose signatures count, of a note as a string: origin, size, root, signedAt. */
export async function verifyCheckpoint(note, { keys }) {
  const checkpoint = readNote(note);
  const named = [];
  for (const line of checkpoint.signatures) {
    const candidates = await keysNamed(line, { origin: checkpoint.origin, keys });
    if (candidates.length > 0) named.push({ candidates, signature: line.signature });
  }
  demand(named.length > 0, "untrusted_key", "No key that you trust has signed the checkpoint.");
  const signed = { message: utf8(checkpoint.text), signedAt: checkpoint.signedAt, size: checkpoint.size };
  for (const { candidates, signature } of named) await demandSigner(candidates, { signature, ...signed });
  return checkpoint;
}

/** The origin of the log of a deployment. */
export const originOf = (deployment) => `${deployment.replaceAll("+", "%2B")}/receipts`;

export function demandOrigin({ origin }, { expected }) {
  demand(origin === expected, "log_mismatch", `The checkpoint is that of ${origin}, and not of ${expected}.`);
}

/** Two histories of one size. */
export function demandOneView(one, other) {
  const isSame = one.size !== other.size || areEqual(one.root, other.root);
  demand(isSame, "split_view", `Two checkpoints of size ${one.size} have different roots: keep both.`);
}

/** No two of these checkpoints tell two histories of one size. */
export function demandOneHistory(checkpoints) {
  const bySize = new Map();
  for (const checkpoint of checkpoints) {
    demandOneView(checkpoint, bySize.get(checkpoint.size) ?? checkpoint);
    bySize.set(checkpoint.size, checkpoint);
  }
}

/** Notes that the caller kept, of one log. */
export async function verifyKept(notes, { keys, origin }) {
  const kept = [];
  for (const note of notes) kept.push(await verifyCheckpoint(note, { keys }));
  for (const checkpoint of kept) demandOrigin(checkpoint, { expected: origin });
  return kept;
}
