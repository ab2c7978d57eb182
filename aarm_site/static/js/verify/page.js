// verify.html: files in, a report out. Nothing leaves the page.
import { verify } from "./verify.js";
import { limitsOf, sentenceOf, titleOf } from "./words.js";

const MOST_ROWS = 100;
const KINDS = { 0: "good", 6: "good", 64: "wait" };
const form = document.querySelector("form");
const find = (id) => document.getElementById(id);

const bytesOf = async (file) => new Uint8Array(await file.arrayBuffer());

function fileOf(name) {
  const file = form.elements[name].files[0];
  return file ? bytesOf(file) : null;
}

async function requestOf() {
  const { head, each, kept, witnesses } = form.elements;
  return {
    keys: await fileOf("keys"),
    file: await fileOf("file"),
    disclosure: await fileOf("disclosure"),
    witnesses: witnesses.value.split("\n").map((line) => line.trim()).filter(Boolean),
    kept: await Promise.all([...kept.files].map(bytesOf)),
    expectHead: head.value.trim() || null,
    each: each.checked,
  };
}

function cell(text) {
  const made = document.createElement("td");
  made.textContent = text;
  return made;
}

function rowOf({ statement }) {
  const row = document.createElement("tr");
  const { position, stream, type, id, issued_at: issuedAt } = statement;
  row.append(...[position, stream, type, id, issuedAt].map((value) => cell(String(value))));
  return row;
}

function itemOf(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function show(report, request) {
  const { exitCode, reason, receipts } = report;
  const isGood = KINDS[exitCode] === "good";
  find("report").className = KINDS[exitCode] ?? "bad";
  find("title").textContent = titleOf(report);
  find("sentence").textContent = sentenceOf(report);
  find("code").textContent = `Result ${exitCode}${reason ? `, ${reason}` : ""}`;
  find("found").hidden = receipts.length === 0;
  find("found").querySelector("tbody").replaceChildren(...receipts.slice(0, MOST_ROWS).map(rowOf));
  find("more").textContent = receipts.length > MOST_ROWS ? `And ${receipts.length - MOST_ROWS} more.` : "";
  find("unproven").hidden = !isGood;
  const hasKept = request.kept.length > 0 || request.expectHead !== null;
  const asked = { hasKept, checkpoint: report.checkpoint, archive: report.archive, now: Date.now(), ...request };
  find("unproven").querySelector("ul").replaceChildren(...limitsOf(asked).map(itemOf));
  find("report").hidden = false;
  find("report").focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  find("report").hidden = true;
  const request = await requestOf();
  show(await verify(request), request);
});

find("no-scripts").hidden = true;
form.hidden = false;

// Another file makes the old report untrue.
form.addEventListener("input", () => {
  find("report").hidden = true;
});
