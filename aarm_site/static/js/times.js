// Times in the reader's own zone. What has the focus says UTC, as the server wrote it, and so does paper.
const WHOLE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;
const CLOCK = /^\d\d:\d\d:\d\d/;
const two = (number) => String(number).padStart(2, "0");
const day = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
const clock = (at) => `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;

/** What a reader in another zone than UTC is shown in place of `text`; the same text where it is no moment. */
function localOf(text, at) {
  if (WHOLE.test(text)) return `${day(at)} ${clock(at)}`;
  return CLOCK.test(text) ? clock(at) : text;
}

const say = (element, which) => { element.textContent = element.dataset[which]; };

/** Rewrites the times in `root`; the moment in UTC stays as its title. */
export function localise(root) {
  for (const element of root.querySelectorAll("time[datetime]:not([data-utc])")) {
    const [text, at] = [element.textContent.trim(), new Date(element.dateTime)];
    if (Number.isNaN(at.getTime()) || at.getTimezoneOffset() === 0) continue;
    const utc = text.endsWith("UTC") ? text : `${text} UTC`;
    Object.assign(element.dataset, { utc, local: localOf(text, at) });
    element.title = utc;
    say(element, "local");
  }
}

// The link of a line stands beside the line's time, not around it.
const inside = (target) => (target.closest?.("tr") ?? target).querySelectorAll?.("time[data-utc]") ?? [];
const all = () => document.querySelectorAll("time[data-utc]");

localise(document);
addEventListener("focusin", ({ target }) => inside(target).forEach((element) => say(element, "utc")));
addEventListener("focusout", ({ target }) => inside(target).forEach((element) => say(element, "local")));
addEventListener("beforeprint", () => all().forEach((element) => say(element, "utc")));
addEventListener("afterprint", () => all().forEach((element) => say(element, "local")));
