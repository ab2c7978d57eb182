// The log's tree: RFC 6962 section 2.1, proofs as RFC 9162 verifies them. Sizes and indices are BigInt.
import { areEqual, concat, sha256 } from "./bytes.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const hashLeaf = (digest) => sha256(concat(LEAF, digest));

export const hashNode = (left, right) => sha256(concat(NODE, left, right));

const isOdd = (number) => (number & 1n) === 1n;

/** How far both can be halved until `index` is odd or nothing is left of it. */
function climb(index, last) {
  let [low, high] = [index, last];
  while (!isOdd(low) && low !== 0n) [low, high] = [low >> 1n, high >> 1n];
  return [low, high];
}

/** The root that an inclusion proof leads to; null for a proof of the wrong length. */
async function rootByInclusion(leaf, { index, size, hashes }) {
  if (index >= size) return null;
  let [low, high, root] = [index, size - 1n, leaf];
  for (const hash of hashes) {
    if (high === 0n) return null;
    if (isOdd(low) || low === high) {
      root = await hashNode(hash, root);
      [low, high] = climb(low, high);
    } else root = await hashNode(root, hash);
    [low, high] = [low >> 1n, high >> 1n];
  }
  return high === 0n ? root : null;
}

/** Whether a leaf hash is the leaf of this index in the tree of this size and root. */
export async function isIncluded(leaf, { index, size, hashes, root }) {
  const found = await rootByInclusion(leaf, { index, size, hashes });
  return found !== null && areEqual(found, root);
}

/** Both roots that a consistency proof leads to, for sizes that differ; null for a proof of the wrong length. */
async function rootsByConsistency([first, ...rest], { from, to }) {
  let [low, high] = [from - 1n, to - 1n];
  while (isOdd(low)) [low, high] = [low >> 1n, high >> 1n];
  let [older, newer] = [first, first];
  for (const hash of rest) {
    if (high === 0n) return null;
    if (isOdd(low) || low === high) {
      [older, newer] = [await hashNode(hash, older), await hashNode(hash, newer)];
      [low, high] = climb(low, high);
    } else newer = await hashNode(newer, hash);
    [low, high] = [low >> 1n, high >> 1n];
  }
  return high === 0n ? [older, newer] : null;
}

/** Whether the tree of `from` leaves and root `older` is the beginning of that of `to` leaves and root `newer`. */
export async function isConsistent(hashes, { from, to, older, newer }) {
  if (from === to) return hashes.length === 0 && areEqual(older, newer);
  const isWholeSubtree = (from & (from - 1n)) === 0n;
  if (hashes.length === 0 || from > to) return false;
  const found = await rootsByConsistency(isWholeSubtree ? [older, ...hashes] : hashes, { from, to });
  return found !== null && areEqual(found[0], older) && areEqual(found[1], newer);
}

/** A tree that only keeps the complete subtrees of its leaves so far, largest first: one for each 1 bit of its size. */
export class Frontier {
  constructor({ size, subtrees }) {
    this.size = size;
    this.subtrees = [...subtrees];
  }

  async append(leaf) {
    let hash = leaf;
    for (let rest = this.size; isOdd(rest); rest >>= 1n) hash = await hashNode(this.subtrees.pop(), hash);
    this.subtrees.push(hash);
    this.size += 1n;
  }

  /** The root; there is at least one leaf. */
  async root() {
    let root = this.subtrees.at(-1);
    for (const left of this.subtrees.slice(0, -1).reverse()) root = await hashNode(left, root);
    return root;
  }
}
