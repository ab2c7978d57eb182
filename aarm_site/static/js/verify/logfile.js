// Log files: the leaves of a log, or of its end, one a line.
import { areEqual, fromDigest } from "./bytes.js";
import { demandOneHistory, demandOrigin, originOf, verifyCheckpoint, verifyKept } from "./checkpoint.js";
import { demandShort, linesOf } from "./documents.js";
import { readEnvelope } from "./envelope.js";
import { VerificationError, demand } from "./errors.js";
import { demandFormat, isInteger, parseJson } from "./json.js";
import { Frontier, hashLeaf } from "./merkle.js";
import { readHashes } from "./proofs.js";
import { verifyReceipt } from "./receipt.js";
import { demandCosigned } from "./witnesses.js";

const FORMAT = "aarm-log/1";

const countOnes = (number) => BigInt(number).toString(2).replaceAll("0", "").length;

function readHead(value) {
  demandFormat(value, { format: FORMAT, names: ["format", "checkpoint", "start", "before"], optional: ["keys"] });
  demand(isInteger(value.get("start"), { least: 0 }), "malformed", "The head has a wrong start.");
  const [start, before] = [value.get("start"), readHashes(value.get("before"))];
  demand(before.length === countOnes(start), "malformed", "The head does not have the subtrees before its start.");
  return { note: value.get("checkpoint"), start, before };
}

/** The places that are taken in each stream, as far as the file tells. */
class Streams {
  constructor({ isWhole }) {
    this.isWhole = isWhole;
    this.taken = new Map();
  }

  /** Takes the next place of its stream for a receipt. */
  add({ statement, digest }) {
    const { stream, position, previous } = statement;
    const digests = this.taken.get(stream);
    if (digests) {
      const other = digests.get(position) ?? digest;
      demand(other === digest, "fork", `Two receipts of ${stream} claim position ${position}.`);
      const isNext = !digests.has(position) && digests.get(position - 1) === previous;
      demand(isNext, "broken_chain", `In ${stream}, position ${position} does not follow the one before it.`);
    } else {
      const isStart = !this.isWhole || position === 1;
      demand(isStart, "broken_chain", `${stream} does not begin with position 1.`);
      this.taken.set(stream, new Map());
    }
    this.taken.get(stream).set(position, digest);
  }
}

/** Which checkpoints of the sizes that the file passes fit it. */
class Comparison {
  constructor(checkpoints) {
    this.checkpoints = checkpoints;
    this.fitting = [];
    this.failing = [];
  }

  async compare(frontier) {
    const due = this.checkpoints.filter(({ size }) => BigInt(size) === frontier.size);
    const root = due.length > 0 ? await frontier.root() : null;
    for (const checkpoint of due) (areEqual(checkpoint.root, root) ? this.fitting : this.failing).push(checkpoint);
  }

  demandFit() {
    const [first] = this.failing;
    if (!first) return;
    const isSplit = this.fitting.some(({ size }) => size >= first.size);
    const reason = isSplit ? "split_view" : "log_mismatch";
    throw new VerificationError(reason, `The receipts do not give the root of the checkpoint of size ${first.size}.`);
  }
}

/** The value of a line that has an end; only the last line of a file may be one that has none. */
function parseLine({ bytes, isEnded }) {
  demand(isEnded, "malformed", "The last line of the file has no end: the file was cut off.");
  demandShort(bytes);
  return parseJson(bytes);
}

async function readLeaf(line, { keys, index, origin }) {
  const envelope = await readEnvelope(parseLine(line));
  const receipt = await verifyReceipt(envelope, { keys, leafIndex: index });
  demandOrigin({ origin }, { expected: originOf(receipt.statement.deployment) });
  return receipt;
}

async function verifyLeaves(lines, { head, keys, checkpoints }) {
  const frontier = new Frontier({ size: BigInt(head.start), subtrees: head.before });
  const streams = new Streams({ isWhole: head.start === 0 });
  const comparison = new Comparison(checkpoints);
  const receipts = [];
  if (head.start > 0) await comparison.compare(frontier);
  for (const [offset, line] of lines.entries()) {
    const receipt = await readLeaf(line, { keys, index: head.start + offset, origin: checkpoints[0].origin });
    streams.add(receipt);
    await frontier.append(await hashLeaf(fromDigest(receipt.digest)));
    await comparison.compare(frontier);
    receipts.push(receipt);
  }
  return { receipts, comparison };
}

function endedLinesOf(bytes) {
  const lines = linesOf(bytes);
  const ended = lines.map((line, index) => ({ bytes: line, isEnded: index < lines.length - 1 }));
  return lines.at(-1).length === 0 ? ended.slice(0, -1) : ended;
}

/** A log file as bytes, against the caller's keys and the notes that the caller kept. */
export async function verifyLog(bytes, { keys, kept, witnesses }) {
  const [first, ...lines] = endedLinesOf(bytes);
  const head = readHead(parseLine(first));
  const checkpoint = await verifyCheckpoint(head.note, { keys });
  const cosignatures = await demandCosigned(checkpoint, { witnesses });
  demand(head.start < checkpoint.size, "malformed", "The file starts at or after the end of the log.");
  const checkpoints = [checkpoint, ...(await verifyKept(kept, { keys, origin: checkpoint.origin }))];
  demandOneHistory(checkpoints);
  const { receipts, comparison } = await verifyLeaves(lines, { head, keys, checkpoints });
  const due = checkpoint.size - head.start;
  demand(receipts.length === due, "log_mismatch", `The file has ${receipts.length} receipts instead of ${due}.`);
  comparison.demandFit();
  return { receipts, checkpoint, cosignatures };
}
