// Single keys: they move, open and show, and never commit a decision. Off while a field has the focus, or altogether.
const dialog = document.getElementById("keys");
const find = (selector) => document.querySelector(selector);
let isOn = true;
try { isOn = localStorage.getItem("keys") !== "off"; } catch { /* Without storage the keys are on for this page. */ }
let previous = "";

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step))]?.focus();
}

function unfold(part) {
  if (!part) return;
  part.open = true;
  part.querySelector("input:not([type=hidden]), select").focus();
}

/** In a list it is the form of the row that has the focus, on a page of its own. */
function openDeny() {
  const part = find("details[data-deny]");
  if (part) unfold(part);
  else document.activeElement?.closest(".row")?.querySelector("[data-row-deny]")?.click();
}

function step(by, selector = "[data-step]") {
  const steps = [...document.querySelectorAll(selector)];
  const here = document.activeElement?.closest("[data-step]") ?? document.querySelector("[data-step]:target");
  // In the order of the page, whether or not the present step is one of them.
  const after = (other) => !here || here.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
  const next = by > 0 ? steps.find((other) => other !== here && after(other)) : steps.findLast((other) => other !== here && !after(other));
  next?.focus();
}

/** Within a drawing the arrows go from point to point, on the rest of the page from step to step. */
function walk(by) {
  const drawing = document.activeElement?.closest("[data-chart]");
  const points = [...(drawing?.querySelectorAll("[data-point]") ?? [])];
  const at = points.indexOf(document.activeElement);
  if (at < 0) step(by);
  else points[Math.max(0, Math.min(points.length - 1, at + by))].focus();
}

const openRow = () => document.activeElement?.matches("a[data-row]") && document.activeElement.click();
const KEYS = {
  "?": () => dialog.showModal(),
  "/": () => find("[data-search]")?.focus(),
  ".": () => find("[data-live-insert]:not([hidden])")?.click(),
  j: () => move(1),
  k: () => move(-1),
  o: openRow,
  a: () => find("[data-approve]")?.focus(),
  d: openDeny,
  m: () => unfold(find("details#change")),
  e: () => unfold(find("details#extend")),
  q: () => unfold(find("details#ask")),
  u: () => find("[data-withdraw]")?.focus(),
  f: () => step(1, "[data-flagged]"),
  l: () => find("[data-look]")?.click(),
  t: () => find("[data-timeline]")?.click(),
  v: () => find("[data-verify]")?.focus(),
};
const STEPS = { ArrowLeft: () => walk(-1), ArrowRight: () => walk(1) };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (!isOn || dialog.open || event.target.closest?.("input, select, textarea")) return;
  const link = previous === "g" ? find(`a[data-key="g ${CSS.escape(event.key)}"]`) : null;
  const keys = find("[data-step]") ? { ...KEYS, ...STEPS } : KEYS;
  const action = link ? () => link.click() : keys[event.key];
  previous = event.key;
  if (!action) return;
  event.preventDefault();
  action();
});

// Without this script the link fetches the page with the form unfolded, and what was typed elsewhere is lost.
addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest?.("[data-deny-open]")) return;
  event.preventDefault();
  openDeny();
});

const open = find("[data-keys-open]");
if (open) {
  open.hidden = false;
  open.addEventListener("click", KEYS["?"]);
}
const toggle = find("[data-keys-switch]");
toggle.checked = isOn;
toggle.addEventListener("change", () => {
  isOn = toggle.checked;
  try { localStorage.setItem("keys", isOn ? "on" : "off"); } catch { /* The choice lasts for this page. */ }
});
