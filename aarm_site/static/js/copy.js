// Copying a request's address. The button is there only with this script, since nothing else can copy.
const offer = () => document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });

addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  let words = "Link copied";
  try { await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href); } catch { words = "The browser doesn't let pages copy"; }
  button.textContent = words;
  document.querySelector("[data-live-status]").textContent = words;
});

document.addEventListener("live:changed", offer);
offer();
