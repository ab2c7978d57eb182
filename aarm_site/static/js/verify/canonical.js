// RFC 8785, the JSON Canonicalization Scheme, of what json.js reads.
import { utf8 } from "./bytes.js";

// JavaScript compares strings by UTF-16 code units, which is the order that RFC 8785 asks for.
const byName = ([one], [other]) => (one < other ? -1 : 1);

const member = ([name, value]) => `${JSON.stringify(name)}:${canonicalText(value)}`;

export function canonicalText(value) {
  if (value instanceof Map) return `{${[...value].sort(byName).map(member).join(",")}}`;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  return JSON.stringify(value);
}

export const canonicalBytes = (value) => utf8(canonicalText(value));
