// Values that the issuer tells, against the commitments that were signed.
import { concat, digestOf, fromHex, utf8 } from "./bytes.js";
import { canonicalBytes } from "./canonical.js";
import { demand } from "./errors.js";
import { demandMembers, parseFile } from "./json.js";

const DOMAIN = utf8("aarm/commit/v1");
const SALT = /^[0-9a-f]{64}$/;

function lengthOf(bytes) {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return length;
}

function commitmentTo(value, { path, salt }) {
  const name = utf8(path);
  return digestOf(concat(DOMAIN, lengthOf(name), name, salt, canonicalBytes(value)));
}

async function demandOpening(opening, { path, expected }) {
  demandMembers(opening, { names: ["salt", "value"], what: "A disclosed value" });
  const salt = opening.get("salt");
  demand(typeof salt === "string" && SALT.test(salt), "malformed", "A salt is not 64 lower-case hexadecimal digits.");
  const found = await commitmentTo(opening.get("value"), { path, salt: fromHex(salt) });
  demand(found === expected, "commitment_mismatch", `The value of ${path} is not the one that was signed.`);
}

/** The disclosure in a file, bare or as the member `disclosure` of an object. */
function readDisclosure(bytes) {
  const document = parseFile(bytes);
  const openings = document instanceof Map && document.has("disclosure") ? document.get("disclosure") : document;
  demand(openings instanceof Map, "malformed", "The disclosure is not a JSON object.");
  return openings;
}

/** The paths of the values in a disclosure of this receipt that were opened, and of those that were erased. */
export async function verifyDisclosure(bytes, { statement }) {
  const commitments = statement.body.get("commitments") ?? new Map();
  const found = { opened: [], erased: [] };
  for (const [path, opening] of readDisclosure(bytes)) {
    demand(commitments.has(path), "commitment_mismatch", `The receipt does not commit to a value at ${path}.`);
    if (opening !== null) await demandOpening(opening, { path, expected: commitments.get(path) });
    found[opening === null ? "erased" : "opened"].push(path);
  }
  return found;
}
