// The checks panel of the receipt page: the browser verifies for itself what the server says of its receipt.
import { checkReceipt } from "./checks.js";
import { VerificationError, demand } from "./errors.js";
import { parseFile } from "./json.js";
import { readKeys } from "./keys.js";

const SVG = "http://www.w3.org/2000/svg";
const panel = document.querySelector("[data-verify]");

function element(name, { className, text }) {
  const made = document.createElement(name);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

function icon(name) {
  const [svg, use] = [document.createElementNS(SVG, "svg"), document.createElementNS(SVG, "use")];
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${panel.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

function banner({ kind, name, title }) {
  const made = element("div", { className: `banner banner--${kind}` });
  made.append(icon(name), element("p", { className: "banner__title", text: title }));
  return made;
}

function line({ state, sentence }) {
  const made = element("li", { className: `check check--${state}` });
  const words = element("span", { className: "", text: "" });
  const spoken = element("span", { className: "visually-hidden", text: `${state}: ` });
  words.append(spoken, element("bdi", { className: "", text: sentence }));
  made.append(icon(state), words);
  return made;
}

/** What all checks come to. One that nobody could make is no pass, and no failure of the receipt either. */
function summary(checks) {
  const count = (state) => checks.filter((check) => check.state === state).length;
  const [failed, made] = [count("failed"), checks.length - count("skipped")];
  if (failed) return { kind: "bad", name: "failed", title: `${failed} of ${made} checks failed in your browser` };
  const isStopped = checks.some(({ reason }) => reason);
  if (isStopped) return { kind: "wait", name: "skipped", title: "Your browser could not verify this receipt" };
  return { kind: "good", name: "passed", title: `${made} of ${made} checks passed in your browser` };
}

function show(checks) {
  const list = element("ul", { className: "checks__list" });
  list.append(...checks.map(line));
  const place = panel.querySelector("[data-browser-checks]");
  place.replaceChildren(banner(summary(checks)), list);
}

async function bytesOf(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  const why = `This server did not hand out what is to be checked (${response.status}).`;
  demand(response.ok, "unsupported", why);
  return new Uint8Array(await response.arrayBuffer());
}

async function checked() {
  const [evidence, keys] = await Promise.all([bytesOf(panel.dataset.evidence), bytesOf(panel.dataset.keys)]);
  return checkReceipt({ evidence: parseFile(evidence), keys: await readKeys(keys), shown: panel.dataset });
}

async function run() {
  try {
    show(await checked());
  } catch (error) {
    // No network, no WebCrypto, a key file that can't be used: nothing was verified, and that is what is said.
    const isOurs = error instanceof VerificationError || error instanceof TypeError;
    if (!isOurs) throw error;
    show([{ state: "skipped", sentence: error.message, reason: "unsupported" }]);
  }
}

if (panel) run();
