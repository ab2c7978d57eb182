// Bytes and their spellings. A decoder takes exactly what its encoder gives, and nothing else.
import { VerificationError, demand, malformed } from "./errors.js";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const BASE64URL = /^[A-Za-z0-9_-]*$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
// More arguments than this at once would overflow the stack of String.fromCharCode.
const CHUNK = 8192;

const encoder = new TextEncoder();
// A byte order mark is kept here, so that the JSON parser refuses it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text) => encoder.encode(text);

export function fromUtf8(bytes) {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw malformed("The bytes are not UTF-8.");
    throw error;
  }
}

export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function areEqual(one, other) {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

export const hex = (bytes) => Array.from(bytes, (byte) => HEX[byte]).join("");

export function fromHex(text) {
  demand(/^(?:[0-9a-f]{2})*$/.test(text), "malformed", "A value in hexadecimal digits is misspelt.");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function base64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** RFC 4648 section 4, padded. `atob` alone forgives white space, missing padding and unused bits. */
export function fromBase64(text) {
  demand(typeof text === "string" && BASE64.test(text), "malformed", "A value is not base64.");
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
  demand(base64(bytes) === text, "malformed", "A value is not in the canonical spelling of base64.");
  return bytes;
}

export const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** RFC 4648 section 5 without padding, as JWK has it. */
export function fromBase64url(text) {
  demand(typeof text === "string" && BASE64URL.test(text), "malformed", "A value is not base64url.");
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, "="));
}

/** Where there is no WebCrypto, which is any page over plain HTTP, nothing can be verified. */
export function subtle() {
  const found = globalThis.crypto?.subtle;
  if (!found) throw new VerificationError("unsupported", "There is no WebCrypto here: it needs HTTPS or a local file.");
  return found;
}

export const sha256 = async (bytes) => new Uint8Array(await subtle().digest("SHA-256", bytes));

/** `sha256:` and 64 hexadecimal digits. */
export const digestOf = async (bytes) => `sha256:${hex(await sha256(bytes))}`;

/** The 32 bytes of a digest that is one. */
export const fromDigest = (digest) => fromHex(digest.slice("sha256:".length));

export const isDigest = (value) => typeof value === "string" && DIGEST.test(value);
