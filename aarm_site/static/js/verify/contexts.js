// The records of sessions in an export: each is one chain of entries, and ends with the last one that a receipt names.
import { digestOf, isDigest } from "./bytes.js";
import { demandShort, linesOf } from "./documents.js";
import { demand } from "./errors.js";
import { isInteger, parseDense } from "./json.js";

const RECORD = /^contexts\/([A-Za-z0-9._-]+)\.jsonl$/;

function demandNext(entry, { session, place, previous }) {
  const isPlaced = entry instanceof Map && entry.get("session") === session && entry.get("position") === place;
  const isNext = isPlaced && entry.get("previous") === previous;
  demand(isNext, "tampered", `Entry ${place} of ${session} does not follow the one before it.`);
}

async function digestsOf(bytes, { session }) {
  const lines = linesOf(bytes);
  const last = lines.pop();
  const digests = [];
  for (const line of last.length > 0 ? [...lines, last] : lines) {
    demand(line !== last, "malformed", `The last entry of ${session} has no end: the file was cut off.`);
    demandShort(line);
    demandNext(parseDense(line), { session, place: digests.length + 1, previous: digests.at(-1) ?? null });
    digests.push(await digestOf(line));
  }
  return digests;
}

/** The digests of the entries of each session whose record is there. */
async function readRecords({ names, content }) {
  const records = new Map();
  for (const name of [...names].sort()) {
    const session = RECORD.exec(name)?.[1];
    if (session !== undefined) records.set(session, await digestsOf(await content(name), { session }));
  }
  return records;
}

const namedIn = (context) => (context instanceof Map ? Object.fromEntries(context) : {});

/** That the records are what the receipts, all of them verified, say of their sessions. */
export async function demandRecords(archive, receipts) {
  const records = await readRecords(archive);
  const ends = new Map([...records.keys()].map((session) => [session, 0]));
  for (const { statement } of receipts) {
    const { session, position, head } = namedIn(statement.body.get("context"));
    if (!records.has(session) || !isDigest(head)) continue;
    const isThere = isInteger(position, { least: 1 }) && records.get(session)[position - 1] === head;
    demand(isThere, "tampered", `Entry ${position} of ${session} is not the one that a receipt names.`);
    ends.set(session, Math.max(position, ends.get(session)));
  }
  for (const [session, end] of ends) {
    const isEnd = records.get(session).length === end;
    demand(isEnd, "tampered", `The record of ${session} goes on behind the last entry that a receipt names.`);
  }
}
