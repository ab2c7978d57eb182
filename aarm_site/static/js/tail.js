// The end of a session that goes on. Who looks at its last step sees the next one come; who reads elsewhere is told.
import { localise } from "./times.js";

const EVERY_MS = 5_000;
const place = document.querySelector("[data-tail]");
const link = place?.querySelector("[data-live-insert]");

const last = () => document.getElementById("walk").lastElementChild;

/** Somebody reads: the focus is in what would be replaced, text is selected, or the last step is not on the screen. */
function isReading() {
  const isInside = document.activeElement?.closest("[data-part]") || !getSelection().isCollapsed;
  return Boolean(isInside) || (last()?.getBoundingClientRect().top ?? 0) > innerHeight;
}

async function follow() {
  const answer = await fetch(place.dataset.page).catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const tail = page?.querySelector("[data-tail]");
  // It has ended, or somebody signed out: what the page is now has to be fetched as a whole.
  if (!tail) return location.assign(place.dataset.page);
  for (const part of page.querySelectorAll("[data-part]")) document.getElementById(part.id)?.replaceWith(part);
  localise(document);
  place.dataset.length = tail.dataset.length;
  link.hidden = true;
  last()?.scrollIntoView({ block: "nearest" });
}

async function look() {
  if (document.hidden) return;
  const answer = await fetch(`${place.dataset.tail}?after=${place.dataset.length}`).catch(() => null);
  const count = answer?.ok ? (await answer.json()).count : 0;
  if (!count) return;
  if (!isReading()) return follow();
  link.hidden = false;
  const words = `Paused while you read, ${count} newer`;
  // The same words again would be spoken again.
  if (link.textContent !== words) link.textContent = words;
}

if (place) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    document.activeElement?.blur();
    follow();
  });
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}
