// Exports: an archive with receipts, what proves them, and a manifest that names every other file.
import { openArchive } from "./archive.js";
import { verifyBundle } from "./bundle.js";
import { digestOf, isDigest } from "./bytes.js";
import { demandRecords } from "./contexts.js";
import { demandShort, linesOf } from "./documents.js";
import { readEnvelope } from "./envelope.js";
import { VerificationError, demand } from "./errors.js";
import { isInteger, marksFor, parseDense, parseJson } from "./json.js";
import { verifyLog } from "./logfile.js";
import { verifyReceipt } from "./receipt.js";

const FORMAT = "aarm-export/1";
const [MANIFEST, LOG, SELECTION, PROVEN] = ["manifest.json", "log.jsonl", "receipts.jsonl", "bundle.json"];
// What the hash of a policy in a receipt is taken of.
const POLICY = /^policies\/([0-9a-f]{64})\.json$/;

async function readManifest({ names, whole }) {
  demand(names.has(MANIFEST), "malformed", `The archive has no ${MANIFEST}: it is no export, or was packed anew.`);
  const value = parseDense(await whole(MANIFEST));
  const isNamed = value instanceof Map && typeof value.get("format") === "string";
  demand(isNamed, "malformed", "The manifest is no object that names its format.");
  demand(value.get("format") === FORMAT, "unsupported", `The format is another one than ${FORMAT}.`);
  const files = value.get("files");
  const isListed = files instanceof Map && [...files.values()].every(isDigest);
  demand(isListed, "malformed", "The manifest does not name files by their digests.");
  const count = value.get("receipts");
  demand(isInteger(count, { least: 0 }), "malformed", "The manifest does not say how many receipts there are.");
  demand(names.has(LOG) !== names.has(SELECTION), "malformed", `An export has either ${LOG} or ${SELECTION}.`);
  return { files, count };
}

async function demandFiles({ names, content }, { files }) {
  const unnamed = [...names].filter((name) => name !== MANIFEST && !files.has(name));
  const missing = [...files.keys()].filter((name) => name === MANIFEST || !names.has(name));
  const [strange] = [...unnamed, ...missing];
  demand(strange === undefined, "tampered", `The manifest and the archive do not have the same files: ${strange}.`);
  for (const name of [...files.keys()].sort()) {
    const digest = await digestOf(await content(name));
    demand(digest === files.get(name), "tampered", `${name} is not the file that the manifest names.`);
    const policy = POLICY.exec(name);
    const isNamed = !policy || digest === `sha256:${policy[1]}`;
    demand(isNamed, "tampered", `${name} is not the policy whose hash it is named by.`);
  }
}

/** Takes receipts in turn, each of them once, and refuses one in another one's place. */
function placesOf() {
  const claims = new Map();
  const claim = (what, digest) => {
    const key = JSON.stringify(what);
    if (!claims.has(key)) claims.set(key, digest);
    return claims.get(key);
  };
  return ({ statement: { deployment, stream, position, previous }, digest }) => {
    const isTwice = claims.get(JSON.stringify([deployment, stream, position])) === digest;
    demand(!isTwice, "broken_chain", `A receipt of ${stream} is there twice.`);
    const found = [[position], ["after", previous]].map((what) => claim([deployment, stream, ...what], digest));
    const isAlone = found.every((other) => other === digest);
    demand(isAlone, "fork", `Two receipts of ${stream} claim position ${position} or the same predecessor.`);
  };
}

/** The digest is of what was signed, and alone would let any signature pass. */
const nameOf = ({ digest, keyId, signature }) => JSON.stringify([digest, keyId, ...signature]);

async function verifiedLines(bytes, { keys, proven }) {
  const lines = linesOf(bytes);
  const last = lines.pop();
  const receipts = [];
  const take = placesOf();
  for (const line of last.length > 0 ? [...lines, last] : lines) {
    demand(line !== last, "malformed", "The last line of the file has no end: the file was cut off.");
    demandShort(line);
    const envelope = await readEnvelope(parseJson(line));
    receipts.push(proven.get(nameOf(envelope)) ?? (await verifyReceipt(envelope, { keys })));
    take(receipts.at(-1));
    proven.delete(nameOf(envelope));
  }
  demand(receipts.length > 0, "malformed", "There is no receipt to verify.");
  return receipts;
}

async function verifiedProofs({ whole }, options) {
  const bytes = await whole(PROVEN);
  return verifyBundle(bytes, { ...options, mostMarks: marksFor(bytes) });
}

async function verifySelection(archive, { keys, kept, witnesses }) {
  const { names, content } = archive;
  const isProven = names.has(PROVEN);
  const fits = isProven || (kept.length === 0 && witnesses.length === 0);
  if (!fits) throw new VerificationError("usage", "The export has no checkpoint with which others could be compared.");
  const bundle = isProven ? await verifiedProofs(archive, { keys, kept, witnesses }) : { receipts: [] };
  const proven = new Map(bundle.receipts.map((receipt) => [nameOf(receipt), receipt]));
  const placed = proven.size;
  const receipts = await verifiedLines(await content(SELECTION), { keys, proven });
  demand(proven.size === 0, "log_mismatch", `${proven.size} receipts of ${PROVEN} are not in ${SELECTION}.`);
  return { ...bundle, receipts, placed };
}

/** An export as bytes, against the caller's keys and the notes that the caller kept. */
export async function verifyExport(bytes, options) {
  const archive = openArchive(bytes);
  const manifest = await readManifest(archive);
  await demandFiles(archive, manifest);
  const isLog = archive.names.has(LOG);
  const found = isLog ? await verifyLog(await archive.content(LOG), options) : await verifySelection(archive, options);
  const count = found.receipts.length;
  demand(count === manifest.count, "tampered", `There are ${count} receipts; the manifest says ${manifest.count}.`);
  await demandRecords(archive, found.receipts);
  return { placed: count, ...found, archive: await digestOf(bytes) };
}
