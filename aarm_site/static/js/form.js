// Two clicks are one decision: the whole group of controls is off after the first submit.
// Without this script the forms work the same; the server answers a repeated decision with the first outcome.
const groupOf = (form) => form.closest("[data-decision-group]") ?? form;

function setBusy(group, isBusy) {
  group.toggleAttribute("data-busy", isBusy);
  // A hidden button is off for good: it keeps Enter from submitting.
  for (const button of group.querySelectorAll("button:not([hidden])")) button.disabled = isBusy;
  const note = group.querySelector("[data-busy-note]");
  if (note) note.textContent = isBusy ? "Recording your decision…" : "";
}

addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  const group = groupOf(event.target);
  if (group.hasAttribute("data-busy") || event.target.hasAttribute("data-inert")) return event.preventDefault();
  group.setAttribute("data-busy", "");
  // The browser reads the fields after this event, so they are switched off one turn later.
  setTimeout(() => setBusy(group, !event.defaultPrevented));
});

// Only pressing a button decides. Browsers also submit when Enter is hit on a radio button or in a line of text.
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("form[data-decision] input")) event.preventDefault();
});

// The back button may bring the page back as it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const group of document.querySelectorAll("[data-busy]")) setBusy(group, false);
});
