// Bundles: receipts with what proves that they are in a log, as one JSON object.
import { fromDigest } from "./bytes.js";
import { demandLinks, demandNoFork, groupByStream } from "./chain.js";
import { demandOneHistory, demandOneView, demandOrigin, originOf, verifyCheckpoint, verifyKept } from "./checkpoint.js";
import { readEnvelope } from "./envelope.js";
import { VerificationError, demand } from "./errors.js";
import { demandFormat, demandMembers, parseJson } from "./json.js";
import { hashLeaf, isConsistent, isIncluded } from "./merkle.js";
import { readConsistency, readInclusion } from "./proofs.js";
import { verifyReceipt } from "./receipt.js";
import { demandCosigned } from "./witnesses.js";

const FORMAT = "aarm-bundle/1";

async function readEntry(value) {
  demandMembers(value, { names: ["envelope", "inclusion"], what: "A receipt of the bundle" });
  return { envelope: await readEnvelope(value.get("envelope")), inclusion: readInclusion(value.get("inclusion")) };
}

function readEarlier(value) {
  demandMembers(value, { names: ["checkpoint", "consistency"], what: "An earlier checkpoint" });
  demand(typeof value.get("checkpoint") === "string", "malformed", "An earlier checkpoint is not a text.");
  return { note: value.get("checkpoint"), consistency: readConsistency(value.get("consistency")) };
}

const isObject = (value) => value instanceof Map;
const isText = (value) => typeof value === "string";

function listIn(bundle, { name, of }) {
  const list = bundle.has(name) ? bundle.get(name) : [];
  demand(Array.isArray(list) && list.every(of), "malformed", `The bundle's ${name} are not what they have to be.`);
  return list;
}

/** The parts of a bundle that has the right form. */
async function readBundle(value) {
  const optional = ["streams", "earlier", "keys", "manifest"];
  demandFormat(value, { format: FORMAT, names: ["format", "checkpoint", "receipts"], optional });
  const receipts = listIn(value, { name: "receipts", of: isObject });
  demand(receipts.length > 0, "malformed", "The bundle has no receipts.");
  const streams = listIn(value, { name: "streams", of: isText });
  const earlier = listIn(value, { name: "earlier", of: isObject });
  const entries = [];
  for (const entry of receipts) entries.push(await readEntry(entry));
  return { note: value.get("checkpoint"), entries, streams, earlier: earlier.map(readEarlier) };
}

/** That an inclusion proof leads from a receipt to a checkpoint. */
export async function demandIncluded({ digest }, { inclusion, checkpoint }) {
  const leaf = await hashLeaf(fromDigest(digest));
  const place = { index: BigInt(inclusion.index), size: BigInt(inclusion.size), hashes: inclusion.hashes };
  const isOfTree = inclusion.size === checkpoint.size;
  const isThere = isOfTree && (await isIncluded(leaf, { ...place, root: checkpoint.root }));
  demand(isThere, "not_in_log", "A receipt is not proven to be in the log.");
}

async function verifyEntry({ envelope, inclusion }, { checkpoint, keys }) {
  const receipt = await verifyReceipt(envelope, { keys, leafIndex: inclusion.index });
  demandOrigin(checkpoint, { expected: originOf(receipt.statement.deployment) });
  await demandIncluded(receipt, { inclusion, checkpoint });
  return receipt;
}

function demandOnce(stream) {
  const digests = new Set(stream.map(({ digest }) => digest));
  demand(digests.size === stream.length, "broken_chain", "A receipt is there twice.");
}

function verifyStreams(receipts, { streams }) {
  const groups = groupByStream(receipts);
  for (const group of groups) {
    demandNoFork(group);
    demandOnce(group);
  }
  for (const name of streams) {
    const whole = groups.find(([first]) => first.statement.stream === name);
    demand(whole !== undefined, "broken_chain", `The stream ${name} is not there.`);
    demandLinks(whole);
  }
}

/** A checkpoint whose signature counts; null where its key was revoked since. */
async function countingCheckpoint(note, { keys }) {
  try {
    return await verifyCheckpoint(note, { keys });
  } catch (error) {
    if (error instanceof VerificationError && error.reason === "revoked_key") return null;
    throw error;
  }
}

async function verifyEarlier({ note, consistency }, { checkpoint, keys }) {
  const earlier = await countingCheckpoint(note, { keys });
  if (earlier === null) return null;
  demandOrigin(earlier, { expected: checkpoint.origin });
  demandOneView(earlier, checkpoint);
  const isOfThese = consistency.from === earlier.size && consistency.to === checkpoint.size;
  const roots = { older: earlier.root, newer: checkpoint.root };
  const sizes = { from: BigInt(earlier.size), to: BigInt(checkpoint.size) };
  const leads = isOfThese && (await isConsistent(consistency.hashes, { ...sizes, ...roots }));
  demand(leads, "inconsistent_log", `The log of ${checkpoint.size} does not continue that of ${earlier.size}.`);
  return earlier;
}

/** A bundle as bytes, against the caller's keys and the notes that the caller kept. */
export async function verifyBundle(bytes, { keys, kept, witnesses, mostMarks = Infinity }) {
  const bundle = await readBundle(parseJson(bytes, { mostMarks }));
  const checkpoint = await verifyCheckpoint(bundle.note, { keys });
  const cosignatures = await demandCosigned(checkpoint, { witnesses });
  const receipts = [];
  for (const entry of bundle.entries) receipts.push(await verifyEntry(entry, { checkpoint, keys }));
  verifyStreams(receipts, bundle);
  const checkpoints = [checkpoint];
  for (const entry of bundle.earlier) checkpoints.push(await verifyEarlier(entry, { checkpoint, keys }));
  const counting = checkpoints.filter((found) => found !== null);
  demandOneHistory([...counting, ...(await verifyKept(kept, { keys, origin: checkpoint.origin }))]);
  return { receipts, checkpoint, cosignatures };
}
