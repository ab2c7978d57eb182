// Passkeys. A form with data-passkey asks the browser for a signature and sends it in its hidden field of that name.
// What to sign is in data-passkey-options, or is fetched from data-passkey-url: by GET, or with data-passkey-post by POST.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const SAID = {
  NotAllowedError: "The passkey was not used. Try again, or choose another way.",
  InvalidStateError: "This device has a passkey for you already.",
  SecurityError: "Passkeys don't work at this address. Open the server by its own name.",
};

function decoded(options) {
  const asked = { ...options, challenge: bytes(options.challenge) };
  if (options.user) asked.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    if (options[list]) asked[list] = options[list].map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return asked;
}

function encoded(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: credential.getClientExtensionResults() });
}

async function optionsOf(form) {
  if (form.dataset.passkeyOptions) return JSON.parse(form.dataset.passkeyOptions).publicKey;
  const headers = { Accept: "application/json" };
  const asking = { headers };
  if ("passkeyPost" in form.dataset) {
    Object.assign(asking, { method: "POST", body: JSON.stringify({ view_digest: form.elements.view_digest.value, version: Number(form.elements.version.value) }) });
    Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value });
  }
  const answer = await fetch(form.dataset.passkeyUrl, asking);
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.why ?? "The server didn't say what to sign.");
  return (said.request_options ?? said).publicKey;
}

async function fill(form) {
  const options = await optionsOf(form);
  const publicKey = decoded(options);
  if (options.user) publicKey.authenticatorSelection = { ...options.authenticatorSelection, residentKey: "preferred", userVerification: "required" };
  const credential = await (options.user ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
  form.elements[form.dataset.passkey].value = encoded(credential);
}

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-passkey]") || form.elements[form.dataset.passkey].value) return;
  // Before anybody else hears of it: nothing is sent yet.
  event.preventDefault();
  event.stopImmediatePropagation();
  const note = form.querySelector("[data-passkey-note]");
  note.hidden = true;
  try {
    await fill(form);
    form.requestSubmit();
  } catch (error) {
    note.textContent = SAID[error.name] ?? error.message;
    note.hidden = false;
  }
}, { capture: true });

// The back button may bring the page back with a signature that was used.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-passkey]")) form.elements[form.dataset.passkey].value = "";
});

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const part of document.querySelectorAll("form[data-passkey][hidden], [data-passkey-part]")) part.hidden = false;
  for (const part of document.querySelectorAll("[data-passkey-missing]")) part.hidden = true;
}
