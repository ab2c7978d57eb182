// Streams: receipts of which each names the digest of the one before it.
import { VerificationError, demand } from "./errors.js";

const HEAD = /^([0-9]{1,16}):(sha256:[0-9a-f]{64})$/;

/** `12:sha256:…` as a position and a digest. */
export function readHead(text) {
  const match = HEAD.exec(text);
  if (!match) throw new VerificationError("usage", "A head is a position and a digest, such as 12:sha256:0123…");
  return { position: Number(match[1]), digest: match[2] };
}

/** Receipts by deployment and stream, in the order in which streams and receipts appear. */
export function groupByStream(receipts) {
  const streams = new Map();
  for (const receipt of receipts) {
    const name = `${receipt.statement.deployment} ${receipt.statement.stream}`;
    if (!streams.has(name)) streams.set(name, []);
    streams.get(name).push(receipt);
  }
  return [...streams.values()];
}

/** Two receipts of a stream with one position or one predecessor, but different digests. */
export function demandNoFork(stream) {
  const [positions, predecessors] = [new Map(), new Map()];
  for (const { statement, digest } of stream) {
    const { position, previous } = statement;
    const isAlone = (positions.get(position) ?? digest) === digest && (predecessors.get(previous) ?? digest) === digest;
    demand(isAlone, "fork", `Two receipts of ${statement.stream} claim position ${position} or the same predecessor.`);
    positions.set(position, digest);
    predecessors.set(previous, digest);
  }
}

/** Positions 1, 2, 3 …, each naming the digest of the one before. */
export function demandLinks(stream) {
  let before = null;
  stream.forEach(({ statement, digest }, index) => {
    const isNext = statement.position === index + 1 && statement.previous === before;
    demand(isNext, "broken_chain", `In ${statement.stream}, position ${index + 1} is missing or out of its place.`);
    before = digest;
  });
}

/** All receipts of one or more streams, in the order of the log. `head` is what was noted earlier, or null. */
export function verifyChains(receipts, { head }) {
  for (const stream of groupByStream(receipts)) {
    demandNoFork(stream);
    demandLinks(stream);
  }
  if (!head) return;
  const isThere = receipts.some((one) => one.digest === head.digest && one.statement.position === head.position);
  demand(isThere, "broken_chain", `The receipt at position ${head.position} that you know of is not among these.`);
}
