// One receipt, in the order of docs/receipt-format.md, "Verifying".
import { demand } from "./errors.js";
import { demandInUse, demandSignature, findKey } from "./keys.js";
import { readStatement } from "./statement.js";
import { microsecondsOf } from "./times.js";

/**
 * What a receipt states, of an envelope that was read: its statement, beside the envelope's own parts and the key.
 * `leafIndex` is its proven place in the log, null where nothing is proven. Raises VerificationError.
 */
export async function verifyReceipt(envelope, { keys, leafIndex = null }) {
  const key = findKey(keys, envelope.keyId);
  await demandSignature(key, envelope);
  const statement = readStatement(envelope.payload);
  const isNamed = statement.key_id === key.id && statement.alg === key.algorithm.name;
  demand(isNamed, "tampered", "The receipt names another key than the one that signed it.");
  demandInUse(key, { issuedAt: microsecondsOf(statement.issued_at), leafIndex });
  return { ...envelope, statement, key };
}
