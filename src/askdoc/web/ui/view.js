// How the page looks, as this browser chose, and the keys that work everywhere.
(() => {
  const kept = (name) => localStorage.getItem(`askdoc-${name}`) ?? "";
  const system = matchMedia("(prefers-color-scheme: dark)");

  // Gradio has its own mind about the theme while it starts, so this is done again when it changes it.
  function look() {
    const theme = kept("theme");
    const dark = theme ? theme === "dark" : system.matches;
    if (document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
    document.documentElement.style.setProperty("--zoom", kept("size") ? `${kept("size")}%` : "");
    document.querySelectorAll("[data-theme], [data-size]").forEach((button) => {
      const { theme: itsTheme, size = "" } = button.dataset;
      const mine = itsTheme === undefined ? size === (kept("size") || "100") : itsTheme === theme;
      button.setAttribute("aria-pressed", mine);
    });
  }
  system.addEventListener("change", look);
  document.addEventListener("DOMContentLoaded", () => {
    look();
    new MutationObserver(look).observe(document.body, { attributeFilter: ["class"] });
  });

  document.addEventListener("click", (event) => {
    const { theme, size } = event.target.closest("#view button")?.dataset ?? {};
    if (theme !== undefined) localStorage.setItem("askdoc-theme", theme);
    if (size !== undefined) localStorage.setItem("askdoc-size", size);
    look();
    if (event.target.closest("[data-keys]")) document.getElementById("keys").showModal();
  });

  document.addEventListener("change", (event) => {
    if (event.target.id !== "language") return;
    localStorage.setItem("askdoc-language", event.target.value);
    location.reload(); // what is shown was translated once
  });
  document.addEventListener("change", ({ target }) => target.id === "corpus" && location.assign(`../${target.value}/`));
  addEventListener("pageshow", () => {
    const own = document.querySelector("#corpus option[selected]");
    if (own) own.selected = true; // also where one has gone back to this page
  });

  document.addEventListener("keydown", (event) => {
    const box = document.querySelector("#box textarea");
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const menu = document.getElementById("conversations");
      menu.open = true;
      menu.querySelector("input").focus();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
    if (event.key === "?") document.getElementById("keys").showModal();
    else if (event.key === "/") box?.focus();
    else if (event.key === "[") document.getElementById("previous").click();
    else if (event.key === "]") document.getElementById("next").click();
    else return;
    event.preventDefault();
  });

  // The chat fills what is left below the head, which is higher where there is less room.
  function measure() {
    const top = document.getElementById("split").getBoundingClientRect().top + scrollY;
    if (top > 0) document.body.style.setProperty("--above", `${top}px`);
  }

  // The name of the button inside Gradio's label would be part of the box's.
  const wait = setInterval(() => {
    const box = document.querySelector("#box textarea");
    const head = document.getElementById("head");
    if (!box || !head?.querySelector("#language")) return;
    clearInterval(wait);
    box.setAttribute("aria-label", "Question");
    document.getElementById("language").value = askdoc.language;
    new ResizeObserver(measure).observe(head);
    look();
  }, 100);
})();
