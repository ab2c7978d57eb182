// The payload: what a receipt states.
import { areEqual, isDigest } from "./bytes.js";
import { canonicalBytes } from "./canonical.js";
import { PAYLOAD_TYPE } from "./envelope.js";
import { demand } from "./errors.js";
import { demandMembers, isInteger, parseJson } from "./json.js";
import { microsecondsOf } from "./times.js";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,199}$/;

/** Members whose other values belong to a newer format. */
const KNOWN = {
  payload_type: [PAYLOAD_TYPE],
  alg: ["Ed25519", "ES256"],
  type: [
    "decision",
    "deferral_terminal",
    "vote",
    "approval_terminal",
    "claim",
    "claim_refused",
    "outcome",
    "session_opened",
    "session_ended",
    "policy_published",
    "administration",
    "key_created",
    "key_retired",
    "key_revoked",
    "erasure",
    "recovery",
    "export",
    "disclosure",
    "export",
    "disclosure",
  ],
};

const isName = (value) => typeof value === "string" && NAME.test(value);

function isBody(value) {
  if (!(value instanceof Map)) return false;
  const commitments = value.has("commitments") ? value.get("commitments") : new Map();
  return commitments instanceof Map && [...commitments.values()].every(isDigest);
}

/** What each of the other members has to be. */
const RULES = {
  key_id: isName,
  id: isName,
  deployment: isName,
  stream: isName,
  position: (value) => isInteger(value, { least: 1 }),
  previous: (value) => value === null || isDigest(value),
  issued_at: (value) => microsecondsOf(value) !== null,
  body: isBody,
};
const MEMBERS = ["v", ...Object.keys(KNOWN), ...Object.keys(RULES)];

function demandVersion(values) {
  demand(values instanceof Map, "malformed", "The payload is not a JSON object.");
  demand(typeof values.get("v") === "number", "malformed", "The payload's version is not a number.");
  demand(values.get("v") === 1, "unsupported", "The receipt is of another version.");
}

function demandKnown(values) {
  for (const [name, known] of Object.entries(KNOWN)) {
    demand(known.includes(values.get(name)), "unsupported", `This verifier does not know the receipt's ${name}.`);
  }
}

function demandRules(values) {
  for (const [name, isRight] of Object.entries(RULES)) {
    demand(isRight(values.get(name)), "malformed", `The payload's member ${name} is not what it has to be.`);
  }
  const isFirst = values.get("position") === 1;
  demand(isFirst === (values.get("previous") === null), "malformed", "Only a first receipt has no predecessor.");
}

/** A receipt's members by their names as in the document, from the bytes that were signed. */
export function readStatement(payload) {
  const values = parseJson(payload);
  demandVersion(values);
  demandMembers(values, { names: MEMBERS, what: "The payload", unknown: "unsupported" });
  demandKnown(values);
  demandRules(values);
  demand(areEqual(canonicalBytes(values), payload), "malformed", "The payload is not in RFC 8785 form.");
  return Object.fromEntries(values);
}
