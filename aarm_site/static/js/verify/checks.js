// The checks of one receipt, each with a sentence. The receipt page shows them.
import { demandIncluded } from "./bundle.js";
import { digestOf, utf8 } from "./bytes.js";
import { demandOrigin, originOf, verifyCheckpoint } from "./checkpoint.js";
import { readEnvelope } from "./envelope.js";
import { VerificationError, demand } from "./errors.js";
import { demandInUse, demandSignature, findKey } from "./keys.js";
import { readInclusion } from "./proofs.js";
import { readStatement } from "./statement.js";
import { microsecondsOf } from "./times.js";

const passed = (sentence) => ({ state: "passed", sentence });
const skipped = (sentence) => ({ state: "skipped", sentence });

async function checkBytes(receipt, { evidence, shown }) {
  Object.assign(receipt, await readEnvelope(evidence.get("envelope")));
  demand(receipt.digest === shown.digest, "tampered", "The bytes are not those of the digest that this page shows.");
  return passed("The signed bytes hash to the digest that this page shows.");
}

async function checkSignature(receipt, { keys }) {
  receipt.key = findKey(keys, receipt.keyId);
  await demandSignature(receipt.key, receipt);
  return passed(`The ${receipt.key.algorithm.name} signature of ${receipt.keyId} fits these bytes.`);
}

async function checkShown(receipt, { shown }) {
  receipt.statement = readStatement(receipt.payload);
  const { statement } = receipt;
  const names = ["id", "type", "stream", "position"];
  const differing = names.filter((name) => String(statement[name]) !== shown[name]);
  demand(differing.length === 0, "tampered", `This page shows another ${differing.join(", ")} than was signed.`);
  return passed("Kind, id, stream and position on this page are those in the signed bytes.");
}

async function checkLog(receipt, { evidence, keys }) {
  const proof = evidence.get("proof");
  if (!proof) return skipped("No checkpoint of the log covers it yet. Look again in a few seconds.");
  const checkpoint = await verifyCheckpoint(proof.get("checkpoint"), { keys });
  const inclusion = readInclusion(proof.get("inclusion"));
  demandOrigin(checkpoint, { expected: originOf(receipt.statement.deployment) });
  await demandIncluded(receipt, { inclusion, checkpoint });
  receipt.leafIndex = inclusion.index;
  const signedAt = `${checkpoint.time.slice(0, 19).replace("T", " ")} UTC`;
  const place = `It is number ${inclusion.index + 1} of the ${checkpoint.size} receipts in the log`;
  return passed(`${place} that was signed at ${signedAt}.`);
}

async function checkKey(receipt) {
  const { key, statement, leafIndex = null } = receipt;
  const isNamed = statement.key_id === key.id && statement.alg === key.algorithm.name;
  demand(isNamed, "tampered", "The signed bytes name another key than the one that signed them.");
  demandInUse(key, { issuedAt: microsecondsOf(statement.issued_at), leafIndex });
  return passed("That key is on this server's list and was in use at that time.");
}

async function checkPredecessor({ statement }, { evidence, keys }) {
  if (statement.previous === null) return passed("It is the first of its stream, so nothing comes before it.");
  if (!evidence.get("previous")) return skipped("The receipt before it is not yours to see.");
  const before = await readEnvelope(evidence.get("previous"));
  demand(before.digest === statement.previous, "broken_chain", "The receipt before it is not the one that it names.");
  await demandSignature(findKey(keys, before.keyId), before);
  return passed("It names the digest of the receipt before it, whose signature fits too.");
}

/** A decision names its policy in `decision.policy`, the receipt of a policy in `policy`. */
function policyHashOf(body) {
  const decision = body.get("decision");
  const policy = decision instanceof Map && decision.has("policy") ? decision.get("policy") : body.get("policy");
  return policy instanceof Map ? policy.get("hash") : null;
}

async function checkPolicy({ statement }, { evidence }) {
  const hash = policyHashOf(statement.body);
  if (!hash) return skipped("It names no policy.");
  if (!evidence.get("policy")) return skipped("The policy that it names is not kept any more.");
  const digest = await digestOf(utf8(evidence.get("policy")));
  demand(digest === hash, "tampered", "The policy that is kept is not the one that it names.");
  return passed("What the policy of then means is kept, and has the hash that was signed.");
}

async function checkContext({ statement }, { evidence }) {
  const context = statement.body.get("context");
  const head = context instanceof Map ? context.get("head") : null;
  if (!head) return skipped("It names no entry of a session.");
  if (!evidence.get("context")) return skipped("The session's entry that it names is not kept any more.");
  const digest = await digestOf(utf8(evidence.get("context")));
  demand(digest === head, "tampered", "The session's entry that is kept is not the one that it names.");
  return passed("The session's entry that it names is kept, and has that digest.");
}

// In this order: the later ones rest on what the earlier ones found.
const CHECKS = [
  checkBytes, checkSignature, checkShown, checkLog, checkKey, checkPredecessor, checkPolicy, checkContext,
];

/**
 * The checks that could be made, each `{state, sentence}` with state passed, failed or skipped. The first failure ends
 * them, because nothing after it would mean anything. `evidence` is the server's answer as json.js reads it, `shown`
 * what the page says: id, type, stream, position, digest.
 */
export async function checkReceipt({ evidence, keys, shown }) {
  const [receipt, found] = [{}, []];
  for (const check of CHECKS) {
    try {
      found.push(await check(receipt, { evidence, keys, shown }));
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      const state = error.reason === "unsupported" ? "skipped" : "failed";
      return [...found, { state, sentence: error.message, reason: error.reason }];
    }
  }
  return found;
}
