// Two clicks are one decision: the whole group of controls is off after the first submit.
// Without this script the forms work the same; the server answers a repeated decision with the first outcome.
const groupOf = (form) => form.closest("[data-decision-group]") ?? form;
const buttonsOf = (group) => group.querySelectorAll("button");

function setBusy(group, isBusy) {
  group.toggleAttribute("data-busy", isBusy);
  for (const button of buttonsOf(group)) {
    // A button that was off before (it stops Enter from submitting) stays off.
    if (!button.hidden) button.disabled = isBusy;
  }
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

// The back button may bring the page back as it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const group of document.querySelectorAll("[data-busy]")) setBusy(group, false);
});
