// ES256: ECDSA on P-256 with SHA-256, by WebCrypto. Of the two signatures that fit a message only one counts.
import { areEqual, concat, fromBase64url, fromHex, hex, subtle } from "./bytes.js";
import { demand, malformed } from "./errors.js";

export const name = "ES256";

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const ALGORITHM = { name: "ECDSA", hash: "SHA-256" };
// SubjectPublicKeyInfo up to the coordinates of an uncompressed point.
const KEY_HEADER = fromHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");

const bigEndian = (bytes) => BigInt(`0x${hex(bytes)}`);

function coordinate(jwk, name) {
  const bytes = fromBase64url(jwk.get(name));
  demand(bytes.length === 32, "malformed", "A coordinate of a P-256 key does not have 32 bytes.");
  return bytes;
}

/** What is needed to verify with the key of a JWK. */
export async function readKey(jwk) {
  const der = concat(KEY_HEADER, coordinate(jwk, "x"), coordinate(jwk, "y"));
  try {
    return { der, handle: await subtle().importKey("spki", der, CURVE, false, ["verify"]) };
  } catch (error) {
    if (error.name === "DataError") throw malformed("A P-256 key is not a point of the curve.");
    throw error;
  }
}

/** Whether the 64 bytes, r and the lower s, are the signature of the message. */
export async function isSignature({ handle }, { signature, message }) {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map(bigEndian);
  if (r === 0n || r >= ORDER || s === 0n || s > (ORDER - 1n) / 2n) return false;
  return subtle().verify(ALGORITHM, handle, signature, message);
}

/** What the hash is taken of that names the key in checkpoints. */
export const noteKey = ({ der }) => der;

/** An integer in DER: no needless zeros, one where the highest bit would make it negative. */
function derInteger(bytes) {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(first < 0 ? bytes.length - 1 : first);
  const padding = digits[0] >= 128 ? [0] : [];
  return Uint8Array.of(2, digits.length + padding.length, ...padding, ...digits);
}

function toDer(signature) {
  const integers = concat(derInteger(signature.subarray(0, 32)), derInteger(signature.subarray(32)));
  return concat(Uint8Array.of(0x30, integers.length), integers);
}

/** The last 32 bytes of an integer whose length stands at `at`, padded on the left. */
function derDigits(der, at) {
  const digits = der.subarray(at + 1, at + 1 + (der[at] ?? 0)).slice(-32);
  return concat(new Uint8Array(32 - digits.length), digits);
}

/** The 64 bytes of a signature in a checkpoint, which is in DER there; null where it is not exactly what DER gives. */
export function fromNote(der) {
  const signature = concat(derDigits(der, 3), derDigits(der, 5 + (der[3] ?? 0)));
  return areEqual(toDer(signature), der) ? signature : null;
}
