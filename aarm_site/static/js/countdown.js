// Time left until a deadline, by the server's clock: `<time data-countdown datetime=…>`. It never flashes.
const HOUR = 3600;
const offset = Date.parse(document.body.dataset.serverTime) - Date.now() || 0;
const two = (number) => String(number).padStart(2, "0");

/** Words for `seconds` left: hh:mm:ss under an hour, else hours and minutes. */
function left(seconds) {
  if (seconds <= 0) return "Time is up";
  const hours = Math.floor(seconds / HOUR);
  const minutes = Math.floor(seconds / 60) % 60;
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours ? `${hours} h ${minutes} min` : `00:${two(minutes)}:${two(seconds % 60)}`;
}

function tick() {
  const now = Date.now() + offset;
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const seconds = Math.ceil((Date.parse(time.dateTime) - now) / 1000);
    const words = left(seconds);
    // Writing only what differs keeps assistive technology and layout quiet.
    if (time.textContent !== words) time.textContent = words;
    time.toggleAttribute("data-late", seconds < 300);
  }
}

tick();
setInterval(tick, 1000);
document.addEventListener("live:changed", tick);
