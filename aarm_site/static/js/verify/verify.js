// What a person asks: is this file what it says it is?
import { verifyBundle } from "./bundle.js";
import { fromUtf8 } from "./bytes.js";
import { readHead, verifyChains } from "./chain.js";
import { demandOneHistory, verifyCheckpoint, verifyKept } from "./checkpoint.js";
import { verifyDisclosure } from "./disclosure.js";
import { readEnvelopes, readNotes } from "./documents.js";
import { VALID, VALID_WITH_ERASURES, VerificationError, demand } from "./errors.js";
import { verifyExport } from "./exported.js";
import { readKeys } from "./keys.js";
import { kindOf } from "./kinds.js";
import { verifyLog } from "./logfile.js";
import { verifyReceipt } from "./receipt.js";
import { demandCosigned, readWitnesses } from "./witnesses.js";

async function verifyReceipts(bytes, { keys, disclosure, head, each }) {
  const envelopes = await readEnvelopes(bytes);
  demand(envelopes.length > 0 || head, "malformed", "There is nothing to verify.");
  const receipts = [];
  for (const envelope of envelopes) receipts.push(await verifyReceipt(envelope, { keys }));
  if (head || (!each && receipts.length > 1)) verifyChains(receipts, { head });
  if (disclosure === null) return { receipts };
  demand(receipts.length === 1, "usage", "A disclosure belongs to one receipt: give that one alone.");
  return { receipts, disclosed: await verifyDisclosure(disclosure, receipts[0]) };
}

async function verifyNotes(bytes, { keys, kept, witnesses }) {
  const checkpoint = await verifyCheckpoint(fromUtf8(bytes), { keys });
  const cosignatures = await demandCosigned(checkpoint, { witnesses });
  demandOneHistory([checkpoint, ...(await verifyKept(kept, { keys, origin: checkpoint.origin }))]);
  return { receipts: [], checkpoint, cosignatures };
}

const KINDS = {
  receipts: verifyReceipts,
  export: verifyExport,
  bundle: verifyBundle,
  log: verifyLog,
  checkpoint: verifyNotes,
};

function demandUse(kind, { disclosure, head, each, kept, witnesses }) {
  const isOfReceipts = disclosure !== null || head !== null || each;
  const isOfLogs = kept.length > 0 || witnesses.length > 0;
  const fits = kind === "receipts" ? !isOfLogs : !isOfReceipts;
  demand(fits, "usage", "Kept checkpoints and witnesses belong to a log, heads and disclosures to bare receipts.");
  demand(!(each && head), "usage", "A head is of a whole stream: it means nothing for single receipts.");
}

async function verified({ file, keys, disclosure = null, expectHead = null, each = false, kept = [], witnesses = [] }) {
  const kind = kindOf(file);
  const head = expectHead === null ? null : readHead(expectHead);
  demandUse(kind, { disclosure, head, each, kept, witnesses });
  const logs = { kept: kept.flatMap(readNotes), witnesses: await readWitnesses(witnesses) };
  const options = { disclosure, head, each, ...logs, keys: await readKeys(keys) };
  return { kind, ...(await KINDS[kind](file, options)) };
}

/**
 * The report on a file: `exitCode`, `reason` and `why`, and what was found valid. Never raises for what the bytes say.
 * `file`, `keys`, `disclosure` and each of `kept` are bytes; `expectHead` is a text such as 12:sha256:…, and each of
 * `witnesses` one such as name+hash+key.
 */
export async function verify(request) {
  try {
    const found = await verified(request);
    const exitCode = found.disclosed?.erased.length ? VALID_WITH_ERASURES : VALID;
    return { exitCode, reason: null, why: null, ...found };
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    const reason = error.reason === "usage" ? null : error.reason;
    return { exitCode: error.exitCode, reason, why: error.message, receipts: [] };
  }
}
