// The search box, and each part of its question, completes what is being written; and a stretch of the histogram can be drawn. All of it is a convenience: the box is a form, every value and every bar a link.
const WAIT_MS = 120;

function completion(field) {
  const input = field.querySelector("input");
  const list = field.querySelector("[role=listbox]");
  let found = [];
  let chosen = -1;
  let asked = 0;
  let timer = 0;

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(place) {
    chosen = (place + found.length) % found.length;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", list.children[chosen].id);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }

  function take(place) {
    input.value = found[place].text;
    input.focus();
    close();
    if (!input.value.endsWith(" ")) ask();
  }

  function part(name, text) {
    const element = document.createElement("span");
    element.className = name;
    element.textContent = text;
    return element;
  }

  function show(suggestions) {
    found = suggestions;
    chosen = -1;
    list.replaceChildren(...found.map((suggestion, place) => {
      const option = document.createElement("li");
      option.id = `${input.id}-option-${place}`;
      option.role = "option";
      option.setAttribute("aria-selected", "false");
      option.append(part("ask__word", suggestion.word), part("ask__about", suggestion.about));
      // Before the field loses the focus, which would close the list.
      option.addEventListener("pointerdown", (event) => { event.preventDefault(); take(place); });
      return option;
    }));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  }

  async function ask() {
    const mine = ++asked;
    const answer = await fetch(`${field.dataset.complete}?text=${encodeURIComponent(input.value)}`).catch(() => null);
    // An answer that was overtaken, or came when nobody types any more, is of no use.
    if (mine !== asked || !answer?.ok || document.activeElement !== input) return;
    show((await answer.json()).suggestions);
  }

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT_MS); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const acts = list.hidden ? {} : {
      ArrowDown: () => choose(chosen + 1),
      ArrowUp: () => choose(chosen < 0 ? found.length - 1 : chosen - 1),
      Enter: chosen < 0 ? null : () => take(chosen),
      Tab: chosen < 0 ? null : () => take(chosen),
    };
    // Some browsers empty a search field on Escape: here it only ever closes, and loses no text.
    const act = event.key === "Escape" ? close : acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function brush(drawing) {
  const bars = [...drawing.querySelectorAll("[data-bar]")];
  const at = (event) => bars.indexOf(document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-bar]"));
  let start = -1;
  const between = (end) => bars.slice(Math.min(start, end), Math.max(start, end) + 1);
  const time = (bar, name) => new RegExp(`${name}:"?([^" ]+)`).exec(new URL(bar.href.baseVal, location).searchParams.get("q"))[1];

  drawing.addEventListener("dragstart", (event) => event.preventDefault());
  drawing.addEventListener("pointerdown", (event) => { start = at(event); });
  drawing.addEventListener("pointermove", (event) => {
    const end = at(event);
    if (start < 0 || end < 0) return;
    const drawn = new Set(between(end));
    for (const bar of bars) bar.classList.toggle("is-brushed", drawn.has(bar));
  });
  addEventListener("pointerup", (event) => {
    const end = at(event);
    if (start >= 0 && end >= 0 && end !== start) {
      const drawn = between(end);
      const address = new URL(drawn[0].href.baseVal, location);
      const until = time(drawn.at(-1), "until");
      address.searchParams.set("q", address.searchParams.get("q").replace(/until:"?[^" ]+"?/, `until:"${until}"`));
      location.assign(address);
    }
    start = -1;
  });
}

document.querySelectorAll("[data-complete]").forEach(completion);
const drawing = document.querySelector("[data-brush]");
if (drawing) brush(drawing);
