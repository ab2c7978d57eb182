// The key file: a JWK set from a source that the caller trusts. Never anything that came with a receipt.
import { base64url, sha256 } from "./bytes.js";
import { canonicalBytes } from "./canonical.js";
import * as ed25519 from "./ed25519.js";
import { VerificationError, demand, malformed } from "./errors.js";
import { isInteger, parseJson } from "./json.js";
import * as p256 from "./p256.js";
import { microsecondsOf } from "./times.js";

const TOLERANCE = 300_000_000n;
// `names` are what a key may call it, `thumbed` the members of which RFC 7638 takes the thumbprint.
const ALGORITHMS = [
  { ...ed25519, kty: "OKP", crv: "Ed25519", names: ["Ed25519", "EdDSA"], thumbed: ["crv", "kty", "x"] },
  { ...p256, kty: "EC", crv: "P-256", names: ["ES256"], thumbed: ["crv", "kty", "x", "y"] },
];

async function keyIdOf(jwk, { thumbed }) {
  const members = new Map(thumbed.map((name) => [name, jwk.get(name)]));
  return `aarm-${base64url(await sha256(canonicalBytes(members))).slice(0, 16)}`;
}

function timeOf(jwk, name) {
  const value = jwk.get(name) ?? null;
  if (value === null) return null;
  const time = microsecondsOf(value);
  if (time === null) throw malformed(`A key's ${name} is not a time.`);
  return time;
}

function demandNames(jwk, algorithm) {
  const isNamed = !jwk.has("alg") || algorithm.names.includes(jwk.get("alg"));
  demand(isNamed, "malformed", "A key is of another algorithm than it says.");
  demand(!jwk.has("use") || jwk.get("use") === "sig", "malformed", "A key is not for signatures.");
}

function sizeOf(jwk, name) {
  const size = jwk.get(name) ?? null;
  demand(size === null || isInteger(size, { least: 0 }), "malformed", `A key's ${name} is not a size of the log.`);
  return size;
}

async function readKey(jwk) {
  demand(jwk instanceof Map && typeof jwk.get("kid") === "string", "malformed", "The key file lists what is no key.");
  demand(!jwk.has("d") && jwk.get("kty") !== "oct", "malformed", "The key file holds a private key.");
  const algorithm = ALGORITHMS.find(({ kty, crv }) => kty === jwk.get("kty") && crv === jwk.get("crv"));
  if (!algorithm) return { id: jwk.get("kid"), algorithm: null };
  demandNames(jwk, algorithm);
  const key = await algorithm.readKey(jwk);
  demand(jwk.get("kid") === (await keyIdOf(jwk, algorithm)), "malformed", "A key's kid is not its thumbprint.");
  const createdAt = timeOf(jwk, "created_at");
  demand(createdAt !== null, "malformed", "A key does not say when it was created.");
  return {
    id: jwk.get("kid"),
    algorithm,
    key,
    createdAt,
    retiredAt: timeOf(jwk, "retired_at"),
    revokedAt: timeOf(jwk, "revoked_at"),
    revokedSize: sizeOf(jwk, "revoked_size") ?? 0,
    retiredSize: sizeOf(jwk, "retired_size"),
  };
}

async function readKeySet(bytes) {
  const document = parseJson(bytes);
  const listed = document instanceof Map ? document.get("keys") : null;
  demand(Array.isArray(listed) && listed.length > 0, "malformed", "The key file has no list of keys.");
  const keys = new Map();
  for (const jwk of listed) {
    const key = await readKey(jwk);
    const isNew = !keys.get(key.id)?.algorithm;
    demand(isNew || !key.algorithm, "malformed", "The key file has one key twice.");
    if (isNew) keys.set(key.id, key);
  }
  return keys;
}

/** The keys of a file by their ids. A file that can't be used says nothing about receipts: `usage`. */
export async function readKeys(bytes) {
  try {
    return await readKeySet(bytes);
  } catch (error) {
    if (error.reason !== "malformed") throw error;
    throw new VerificationError("usage", `The keys: ${error.message}`);
  }
}

/** The key with this id among those that the caller trusts. */
export function findKey(keys, keyId) {
  const key = keys.get(keyId);
  demand(key !== undefined, "untrusted_key", `${keyId} is not among the keys that you trust.`);
  demand(key.algorithm !== null, "unsupported", `${keyId} is a key of a kind that this verifier does not know.`);
  return key;
}

export async function demandSignature(key, { signature, message }) {
  const isGood = await key.algorithm.isSignature(key.key, { signature, message });
  if (!isGood) throw new VerificationError("bad_signature", `The signature is not that of ${key.id} over these bytes.`);
}

/** Whoever holds a retired key can state an earlier time, but gets no earlier place in the log. */
export function demandInUseBelow(key, { size }) {
  const isBefore = key.retiredSize === null || size <= key.retiredSize;
  demand(isBefore, "untrusted_key", `${key.id} was retired before the log had ${size} receipts.`);
}

/** `leafIndex` is where in the log the receipt was proven to lie, null where nothing is proven. */
export function demandInUse(key, { issuedAt, leafIndex = null }) {
  const isBefore = leafIndex !== null && leafIndex < key.revokedSize;
  demand(key.revokedAt === null || isBefore, "revoked_key", `${key.id} was revoked.`);
  if (leafIndex !== null) demandInUseBelow(key, { size: leafIndex + 1 });
  demand(issuedAt >= key.createdAt - TOLERANCE, "untrusted_key", `${key.id} did not exist yet at that time.`);
  const isInTime = key.retiredAt === null || issuedAt <= key.retiredAt + TOLERANCE;
  demand(isInTime, "untrusted_key", `${key.id} was retired before that time.`);
}
