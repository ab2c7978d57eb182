// How many receipts have come since the list was made. The list stays as it is; a link offers them, and `.` follows it.
const EVERY_MS = 10_000;
const place = document.querySelector("[data-newer]");
const link = place?.querySelector("[data-live-insert]");

async function look() {
  if (document.hidden) return;
  const answer = await fetch(place.dataset.newer).catch(() => null);
  if (!answer?.ok) return;
  const { count, is_more: isMore } = await answer.json();
  link.hidden = count === 0;
  const words = `${count}${isMore ? " or more" : ""} newer, press . to show`;
  // The same words again would be spoken again.
  if (link.textContent !== words) link.textContent = words;
}

if (place) {
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}
