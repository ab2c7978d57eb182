// The envelope: DSSE version 1 with one signature. What is signed are the payload's bytes as they came.
import { concat, digestOf, fromBase64, utf8 } from "./bytes.js";
import { demand } from "./errors.js";
import { demandMembers } from "./json.js";

export const PAYLOAD_TYPE = "application/vnd.aarm.receipt+json";
const LONGEST_KEY_ID = 80;
const SIGNATURE_BYTES = 64;

/** DSSE's pre-authentication encoding of a receipt's payload. */
export function messageOf(payload) {
  return concat(utf8(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload);
}

function demandKeyId(value) {
  const length = typeof value === "string" ? [...value].length : 0;
  demand(length > 0 && length <= LONGEST_KEY_ID, "malformed", "The signature does not name its key.");
}

function signatureOf(value) {
  const isOne = Array.isArray(value) && value.length === 1;
  demand(isOne, "malformed", "The envelope does not have exactly one signature.");
  demandMembers(value[0], { names: ["keyid", "sig"], what: "The signature" });
  demandKeyId(value[0].get("keyid"));
  const signature = fromBase64(value[0].get("sig"));
  demand(signature.length === SIGNATURE_BYTES, "malformed", "The signature does not have 64 bytes.");
  return { keyId: value[0].get("keyid"), signature };
}

/** Its parts: keyId, signature, payload, message and digest. */
export async function readEnvelope(value) {
  demandMembers(value, { names: ["payloadType", "payload", "signatures"], what: "The envelope" });
  demand(value.get("payloadType") === PAYLOAD_TYPE, "unsupported", "The payload is of a type that is no receipt's.");
  const payload = fromBase64(value.get("payload"));
  const message = messageOf(payload);
  return { payload, message, digest: await digestOf(message), ...signatureOf(value.get("signatures")) };
}
