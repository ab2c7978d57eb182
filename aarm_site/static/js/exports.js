// While a bundle is being written the list keeps itself up to date. Without this script its link does the same.
import { localise } from "./times.js";

const AGAIN_MS = 2000;
// As the server sent it: on the page its times may be the reader's.
let last = "";

async function renew() {
  const list = document.querySelector("#exports[data-waiting]");
  if (!list) return;
  const answer = document.hidden ? null : await fetch(location.href).catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const next = page?.getElementById("exports");
  if (next && next.innerHTML !== last) {
    last = next.innerHTML;
    list.replaceWith(next);
    localise(document);
  }
  setTimeout(renew, AGAIN_MS);
}

setTimeout(renew, AGAIN_MS);
