// Live parts of a page: `<main data-live-url="/ws/…" data-live-fragment="/…">`.
// The socket only says "fetch again"; what is shown is always the server's own rendering of the fragment, so a lost
// message loses nothing. A changeable element is a part: it has an id and a data-rev, and is replaced when its rev differs.
const HEARTBEAT = 15_000, ANSWER = 5_000, POLL = 5_000, STALE = 20_000, SPEAK = 10_000, GUARD = 700, MARK = 4_000;
const BACKOFF = [1, 2, 4, 8, 15, 30];
const PART = "[id][data-rev]";
const now = () => Date.now();
const find = (selector) => document.querySelector(selector);
const idsIn = (list) => [...list.querySelectorAll(PART)].map((part) => part.id);

/** What the reader has typed or opened survives the replacement of the part around it. */
function carry(old, part) {
  for (const field of old.querySelectorAll("textarea[id], details[id], input[type=radio], input[type=text][id]")) {
    const name = field.id ? `#${field.id}` : `[name="${field.name}"][value="${field.value}"]`;
    const twin = part.querySelector(name);
    for (const key of twin ? ["open", "checked", "value"] : []) if (key in field) twin[key] = field[key];
  }
}

/** A selector that finds the focused element of `old` again in its successor. */
function focusIn(old) {
  const element = document.activeElement;
  if (!old.contains(element)) return null;
  return element.id ? `#${element.id}` : "a, summary, [tabindex]";
}

function replace(old, part) {
  const focus = focusIn(old);
  carry(old, part);
  old.replaceWith(part);
  if (focus) (part.matches(focus) ? part : part.querySelector(focus))?.focus({ preventScroll: true });
}

class Live {
  constructor(root) {
    Object.assign(this, { root, freshAt: now(), triedAt: 0, spokenAt: 0, attempts: 0, news: 0, criticals: 0, isCurrent: true, wakesAt: Infinity });
    this.list = root.querySelector("[data-live-list]");
    this.offer = root.querySelector("[data-live-insert]");
    this.offer?.addEventListener("click", () => this.insert(true));
    this.known = new Set(this.list ? idsIn(this.list) : []);
    this.clock = setInterval(() => this.tick(), 1000);
    this.connect();
  }

  get isOpen() { return this.socket?.readyState === WebSocket.OPEN; }

  connect() {
    const url = new URL(this.root.dataset.liveUrl, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = this.socket = new WebSocket(url);
    this.pingedAt = 0;
    socket.onopen = () => { this.attempts = 0; this.heardAt = now(); this.refresh(); };
    socket.onmessage = (event) => { if (socket === this.socket) this.hear(event.data); };
    socket.onclose = () => { if (socket === this.socket) this.lose(); };
  }

  lose() {
    const seconds = BACKOFF[Math.min(this.attempts++, BACKOFF.length - 1)];
    this.socket = null;
    this.retryAt = now() + seconds * 1000 * (0.75 + Math.random() / 2);
    this.show();
  }

  hear(data) {
    this.heardAt = now();
    this.pingedAt = 0;
    let type;
    try { type = JSON.parse(data).type; } catch { /* Fetching again is right, whatever it was. */ }
    if (type !== "pong") this.refresh();
    else if (this.isCurrent) this.freshAt = now();
  }

  /** Once a second: the heartbeat, the next attempt, the next poll, and what the reader is told. */
  tick() {
    if (this.isOpen) this.beat();
    else if (!this.socket && now() >= this.retryAt) this.connect();
    // What was put aside comes back by the clock: nobody does anything that could be announced.
    if (now() >= this.wakesAt) { this.wakesAt = Infinity; this.refresh(); }
    if (!(this.isOpen && this.isCurrent) && now() - Math.max(this.freshAt, this.triedAt) >= POLL) this.refresh();
    this.show();
    this.speak();
  }

  beat() {
    if (this.pingedAt && now() - this.pingedAt > ANSWER) { this.socket.close(); this.lose(); }
    else if (!this.pingedAt && now() - this.heardAt >= HEARTBEAT) { this.pingedAt = now(); this.socket.send('{"type": "ping"}'); }
  }

  async refresh() {
    this.isWanted = true;
    if (this.isFetching) return;
    this.isFetching = true;
    while (this.isWanted) {
      this.isWanted = false;
      this.triedAt = now();
      const html = await this.load();
      this.isCurrent = html !== null;
      if (this.isCurrent) { this.freshAt = now(); this.accept(html); }
    }
    this.isFetching = false;
    this.show();
  }

  async load() {
    try {
      const answer = await fetch(this.root.dataset.liveFragment, { headers: { "X-Fragment": "1" }, cache: "no-store", signal: AbortSignal.timeout(10_000) });
      if (answer.redirected || [401, 403].includes(answer.status)) this.stop();
      return answer.ok && !answer.redirected ? await answer.text() : null;
    } catch { return null; /* The reader is told how old the page is. */ }
  }

  accept(html) {
    // While a decision is on its way nothing may change under it; the next page shows the news.
    if (this.root.querySelector("[data-busy]")) return;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    this.count(fresh.querySelector("[data-inbox-count]")?.dataset.inboxCount);
    const seconds = fresh.querySelector("[data-inbox-wakes]")?.dataset.inboxWakes;
    this.wakesAt = seconds ? now() + (Number(seconds) + 1) * 1000 : Infinity;
    for (const part of fresh.querySelectorAll(PART)) {
      const old = document.getElementById(part.id);
      if (!old || old.dataset.rev === part.dataset.rev) continue;
      const successor = part.cloneNode(true);
      replace(old, successor);
      if (!this.list && !part.hasAttribute("data-live-quiet")) this.warn(successor);
    }
    if (this.list) this.acceptList(fresh.querySelector("[data-live-list]"));
    document.dispatchEvent(new Event("live:changed"));
  }

  /** A card changed while it was open: mark it, and let no click land on what has just moved. */
  warn(part) {
    part.classList.add("is-changed");
    setTimeout(() => part.classList.remove("is-changed"), MARK);
    if (part.hasAttribute("data-live-warn")) find("[data-live-changed]")?.removeAttribute("hidden");
    const setInert = (isInert) => this.root.querySelectorAll("form[data-decision]").forEach((form) => form.toggleAttribute("data-inert", isInert));
    setInert(true);
    clearTimeout(this.guard);
    this.guard = setTimeout(setInert, GUARD, false);
  }

  /** Nothing moves under the pointer or the focus: what is new is offered, what has gone says so where it stands. */
  acceptList(list) {
    const before = idsIn(this.list), after = idsIn(list);
    const added = after.filter((id) => !before.includes(id));
    this.note(list, after);
    this.pending = String(before) === String(after) ? null : list;
    const place = this.list.parentElement;
    if (!place.matches(":hover") && !place.contains(document.activeElement)) return this.insert(false);
    this.offer.hidden = !this.pending;
    this.offer.textContent = added.length ? `${added.length} new, press .` : "List changed, press .";
    for (const id of before) document.getElementById(id).classList.toggle("is-gone", !after.includes(id));
  }

  insert(isAsked) {
    this.offer.hidden = true;
    if (!this.pending) return;
    const focused = document.activeElement?.closest(PART)?.id;
    this.list.replaceChildren(...this.pending.childNodes);
    this.pending = null;
    if (isAsked) (document.getElementById(focused) ?? this.list).querySelector("[data-row]")?.focus();
    document.dispatchEvent(new Event("live:changed"));
  }

  note(list, ids) {
    const added = ids.filter((id) => !this.known.has(id));
    const criticals = added.filter((id) => list.querySelector(`#${id}`).dataset.risk === "CRITICAL").length;
    added.forEach((id) => this.known.add(id));
    this.news += added.length;
    this.criticals += criticals;
    if (criticals) find("[data-live-alert]").textContent = "New critical request";
  }

  speak() {
    if (!this.news || now() - this.spokenAt < SPEAK) return;
    const words = `${this.news} new request${this.news > 1 ? "s" : ""}`;
    find("[data-live-status]").textContent = this.criticals ? `${words}, ${this.criticals} critical` : words;
    Object.assign(this, { news: 0, criticals: 0, spokenAt: now() });
  }

  count(text) {
    if (text === undefined) return;
    const number = Number(text), badge = find("[data-inbox-badge]"), icon = find("link[rel=icon]");
    if (badge) { badge.firstChild.data = text; badge.hidden = !number; }
    if (this.list) document.title = `${number ? `(${number}) ` : ""}${document.title.replace(/^\(\d+\) /, "")}`;
    icon.href = number ? icon.dataset.waiting : icon.dataset.idle;
  }

  stop() {
    clearInterval(this.clock);
    this.isStopped = true;
    this.socket?.close();
    this.socket = null;
    this.tell("stopped", "Not live", "You are signed out, or may no longer see this. Reload the page.");
  }

  show() {
    if (this.isStopped) return;
    const age = now() - this.freshAt;
    const time = new Date(this.freshAt).toISOString().slice(11, 19);
    if (this.isOpen && this.isCurrent) this.tell("live", "Live", "");
    else if (this.isCurrent && age < 2 * POLL) this.tell("polling", "Polling", "");
    else this.tell("reconnecting", `Reconnecting, ${Math.round(age / 1000)} s old`, age > STALE ? `Showing ${time}. Reconnecting.` : "");
  }

  tell(state, words, bar) {
    const chip = find("[data-connection]"), strip = this.root.querySelector("[data-live-bar]");
    chip.hidden = false;
    chip.dataset.state = state;
    if (chip.textContent !== words) chip.textContent = words;
    strip.hidden = !bar;
    if (strip.textContent !== bar) strip.textContent = bar;
  }
}

for (const root of document.querySelectorAll("[data-live-url]")) new Live(root);
