// What a report says, for people.
const TITLES = {
  0: "Valid",
  1: "Malformed: this is not what it should be",
  2: "Tampered: this is not what was signed",
  3: "Two stories: somebody was told something else",
  4: "Signed by a key that you do not trust",
  5: "Unsupported: this verifier does not know that format",
  6: "Valid; the values behind it were erased",
  64: "Not verified: this says nothing about the receipt",
};
const ALWAYS = [
  "that the issuer's clock was right",
  "that the action really ran, or ran as its outcome says: an outcome is the agent's report",
  "that a human read the text they decided on",
];
const REWRITTEN = "that nobody who holds the signing key wrote it all anew: compare with a checkpoint kept elsewhere";
const INCOMPLETE = "that nothing was removed: give a checkpoint or a head that you kept";

const UNSIGNED =
  "what the manifest says, and that the texts of policies and the table are the issuer's: nobody signs these, so compare the archive's digest with the one in the receipt of its export";
const WITNESSED = "that the witnesses that you named are independent of the issuer";

// Twice what a log of the default settings may be quiet for.
const OLD_MS = 1200 * 1000;
const ended = (time) =>
  `that nothing came after ${time}, when the checkpoint was signed: ask for a newer one, and if there is none, the log has been frozen`;

export const titleOf = ({ exitCode }) => TITLES[exitCode];

/** What was verified, in one sentence; why not, for a refusal. */
export function sentenceOf({ archive, ...report }) {
  const sentence = sentenceOfReceipts(report);
  return archive && !report.why ? `${sentence} Every file is the one that the manifest names. ${archive}` : sentence;
}

function sentenceOfReceipts({ why, receipts, checkpoint, placed = receipts.length, cosignatures = [] }) {
  if (why) return why;
  const count = receipts.length;
  const what = count === 1 ? "1 receipt is" : `${count} receipts are`;
  const signed = `${what} unaltered since signing with a key that you trust`;
  if (!checkpoint) return `${signed}.`;
  const witnessed = cosignatures.map(({ name }) => name).join(", ");
  const cosigned = witnessed && `, cosigned by ${witnessed}`;
  const log = `the checkpoint of ${checkpoint.time}, over ${checkpoint.size} receipts${cosigned}`;
  const which = placed < count ? `${signed}, and ${placed} of them in the log` : `${signed} and in the log`;
  return count > 0 ? `${which}, by ${log}.` : `Signed by a key that you trust: ${log}.`;
}

/** What a valid report does not prove, as clauses that begin with "that". */
export function limitsOf({ hasKept, witnesses = [], checkpoint = null, archive = null, now }) {
  const rewritten = witnesses.length > 0 ? WITNESSED : REWRITTEN;
  const isOld = checkpoint && now - Number(checkpoint.signedAt / 1000n) > OLD_MS;
  const warned = isOld ? [ended(checkpoint.time)] : [];
  return [...warned, ...(archive ? [UNSIGNED] : []), ...(hasKept ? [] : [INCOMPLETE, rewritten]), ...ALWAYS];
}
