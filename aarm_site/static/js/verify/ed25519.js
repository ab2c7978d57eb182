// Ed25519 (RFC 8032) by WebCrypto, which differs between browsers at the edges: those are decided here.
import { concat, fromBase64url, hex, subtle, utf8 } from "./bytes.js";
import { demand } from "./errors.js";

export const name = "Ed25519";

const FIELD = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Every y of a point whose order divides 8: anybody could sign for such a key. */
const SMALL_ORDER = new Set([
  0n,
  1n,
  FIELD - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
]);

const littleEndian = (bytes) => BigInt(`0x${hex(bytes.slice().reverse())}`);

function demandGoodPoint(bytes) {
  demand(bytes.length === 32, "malformed", "An Ed25519 key does not have 32 bytes.");
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  demand(y < FIELD, "malformed", "An Ed25519 key is not canonically encoded.");
  demand(!SMALL_ORDER.has(y), "malformed", "An Ed25519 key is of small order: anybody could sign for it.");
}

// What an import gave instead of a key: some browsers see at once that bytes are no point, some do not know Ed25519.
const INSTEAD = { DataError: "no point", NotSupportedError: "not supported" };

async function imported(bytes) {
  try {
    return await subtle().importKey("raw", bytes, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (Object.hasOwn(INSTEAD, error.name)) return INSTEAD[error.name];
    throw error;
  }
}

/** What is needed to verify with the 32 bytes of a key. */
export async function keyOf(bytes) {
  demandGoodPoint(bytes);
  return { bytes, handle: await imported(bytes) };
}

/** The same of the key of a JWK. */
export const readKey = async (jwk) => keyOf(fromBase64url(jwk.get("x")));

/** Whether the 64 bytes are the signature of the message. */
export async function isSignature({ handle }, { signature, message }) {
  const isKnown = handle !== INSTEAD.NotSupportedError;
  demand(isKnown, "unsupported", "This browser cannot verify Ed25519. Use a newer one, or the command.");
  if (handle === INSTEAD.DataError || littleEndian(signature.subarray(32)) >= ORDER) return false;
  return subtle().verify("Ed25519", handle, signature, message);
}

/** What the hash is taken of that names the key in checkpoints of this origin. */
export const noteKey = ({ bytes }, { origin }) => concat(utf8(`${origin}\n\u0001`), bytes);

/** The 64 bytes of a signature in a checkpoint; null where they are none. */
export const fromNote = (bytes) => (bytes.length === 64 ? bytes : null);
