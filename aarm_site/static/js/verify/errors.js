// Why something is refused. The words and numbers are those of docs/receipt-format.md, "Verifying".
export const EXIT_CODES = Object.freeze({
  malformed: 1,
  tampered: 2,
  bad_signature: 2,
  commitment_mismatch: 2,
  broken_chain: 2,
  not_in_log: 2,
  inconsistent_log: 2,
  log_mismatch: 2,
  fork: 3,
  split_view: 3,
  untrusted_key: 4,
  revoked_key: 4,
  unsupported: 5,
  // Says nothing about any receipt: the key file can't be used, or the question makes no sense.
  usage: 64,
});
export const VALID = 0;
export const VALID_WITH_ERASURES = 6;

/** The only error that what is verified can cause: `reason` is a key of EXIT_CODES, the message is for people. */
export class VerificationError extends Error {
  constructor(reason, why) {
    super(why);
    this.reason = reason;
  }

  get exitCode() {
    return EXIT_CODES[this.reason];
  }
}

/** Raises the error where the condition does not hold. */
export function demand(condition, reason, why) {
  if (!condition) throw new VerificationError(reason, why);
}

export const malformed = (why) => new VerificationError("malformed", why);
