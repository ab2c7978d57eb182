// Proofs as JSON.
import { fromDigest, isDigest } from "./bytes.js";
import { demand, malformed } from "./errors.js";
import { demandMembers, isInteger } from "./json.js";

/** Hashes as bytes, of a list of `sha256:…`. */
export function readHashes(value) {
  const areHashes = Array.isArray(value) && value.every(isDigest);
  if (!areHashes) throw malformed("A proof's hashes are not a list of digests.");
  return value.map(fromDigest);
}

export function readInclusion(value) {
  demandMembers(value, { names: ["leaf_index", "tree_size", "hashes"], what: "An inclusion proof" });
  const [index, size] = [value.get("leaf_index"), value.get("tree_size")];
  const areSizes = isInteger(index, { least: 0 }) && isInteger(size, { least: 1 });
  demand(areSizes, "malformed", "An inclusion proof has a wrong index or size.");
  return { index, size, hashes: readHashes(value.get("hashes")) };
}

export function readConsistency(value) {
  demandMembers(value, { names: ["from", "to", "hashes"], what: "A consistency proof" });
  const [from, to] = [value.get("from"), value.get("to")];
  const areSizes = isInteger(from, { least: 1 }) && isInteger(to, { least: 1 });
  demand(areSizes, "malformed", "A consistency proof has wrong sizes.");
  return { from, to, hashes: readHashes(value.get("hashes")) };
}
