// Cosignatures (C2SP tlog-cosignature, version 1): witnesses say that they saw no other history of a log.
import { areEqual, concat, fromBase64, hex, sha256, utf8 } from "./bytes.js";
import { isSignature, keyOf } from "./ed25519.js";
import { VerificationError, demand } from "./errors.js";

const COSIGNATURE = 4;
const HASH_BYTES = 4;
const TIME_BYTES = 8;
const LENGTH = TIME_BYTES + 64;
const LATEST = 2n ** 63n - 1n;
// A name, the key's hash in hexadecimal digits, and base64, which may itself have plus signs.
const VERIFIER_KEY = /^([^ +]+)\+([^+]*)\+(.*)$/s;

async function readWitness(text) {
  const match = VERIFIER_KEY.exec(text);
  demand(match !== null, "malformed", "it is not written as a name, a hash and a key.");
  const [, name, hash, key] = match;
  const bytes = fromBase64(key);
  demand(bytes[0] === COSIGNATURE, "malformed", "it is not one for cosignatures of type 4.");
  const keyHash = (await sha256(concat(utf8(`${name}\n`), bytes))).subarray(0, HASH_BYTES);
  const witness = { name, keyHash, key: await keyOf(bytes.subarray(1)) };
  demand(hex(keyHash) === hash, "malformed", "it is listed under another hash or name.");
  return witness;
}

/** The witnesses that the caller trusts, of their verifier keys as texts. One that can't be used is wrong `usage`. */
export async function readWitnesses(texts) {
  try {
    const witnesses = [];
    for (const text of texts) witnesses.push(await readWitness(text));
    return witnesses;
  } catch (error) {
    if (error.reason !== "malformed") throw error;
    throw new VerificationError("usage", `The key of a witness: ${error.message}`);
  }
}

async function cosignatureOf({ name, keyHash, key }, { text, signatures }) {
  const line = signatures.find((found) => found.name === name && areEqual(found.keyHash, keyHash));
  demand(line !== undefined, "untrusted_key", `The witness ${name} has not cosigned the checkpoint.`);
  demand(line.signature.length === LENGTH, "bad_signature", "A witness's line is not as long as a cosignature.");
  const time = BigInt(`0x${hex(line.signature.subarray(0, TIME_BYTES))}`);
  demand(time <= LATEST, "malformed", "A witness states a time that can't be.");
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
  const isGood = await isSignature(key, { signature: line.signature.subarray(TIME_BYTES), message });
  demand(isGood, "bad_signature", `The signature of the witness ${name} does not fit the checkpoint.`);
  return { name, time: String(time) };
}

/** That every one of the witnesses has cosigned a checkpoint; who, and when by their own clocks. */
export async function demandCosigned(checkpoint, { witnesses }) {
  const found = [];
  for (const witness of witnesses) found.push(await cosignatureOf(witness, checkpoint));
  return found;
}
