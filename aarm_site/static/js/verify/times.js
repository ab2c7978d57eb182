// Times as receipts have them: 2026-11-03T09:15:00.000000Z.
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})Z$/;
const MICROSECONDS = 1000;

/** Microseconds since 1970 as a BigInt; null for anything that is not such a time, 30 February included. */
export function microsecondsOf(value) {
  const match = typeof value === "string" ? TIME.exec(value) : null;
  if (!match) return null;
  const [year, month, day, hour, minute, second, fraction] = match.slice(1).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const isSame = year > 0 && date.toISOString().slice(0, 19) === value.slice(0, 19);
  return isSame ? BigInt(date.getTime()) * BigInt(MICROSECONDS) + BigInt(fraction) : null;
}
