// The reader's theme. A plain script in the head, so that no page is painted in the wrong one first.
{
  const root = document.documentElement;
  const read = () => {
    try { return localStorage.getItem("theme") ?? "system"; } catch { return "system"; }
  };
  const keep = (theme) => {
    try { localStorage.setItem("theme", theme); } catch { /* Storage is switched off: the choice lasts for this page. */ }
  };
  const show = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const input of document.querySelectorAll("[data-theme-choice] input")) input.checked = input.value === theme;
  };

  show(read());
  addEventListener("storage", (event) => { if (event.key === "theme") show(read()); });
  addEventListener("DOMContentLoaded", () => {
    for (const choice of document.querySelectorAll("[data-theme-choice]")) {
      choice.hidden = false;
      choice.addEventListener("change", (event) => { keep(event.target.value); show(event.target.value); });
    }
    show(read());
  });
}
