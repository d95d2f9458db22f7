// Opens the document of a citation beside the chat. Delegated, since Gradio renews what it shows.
(() => {
  let opener = null;
  let request = 0;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const panel = () => document.getElementById("document");

  async function open(button) {
    const mine = ++request;
    const { source, start, end, sha } = button.dataset;
    opener = button;
    all("button.cite").forEach((other) => other.setAttribute("aria-expanded", other === button));
    const page = document.getElementById("page");
    let response;
    try {
      response = await fetch(`/api/document?${new URLSearchParams({ source, start, end, sha })}`);
    } catch {
      response = null;
    }
    const body = response ? await response.text() : "";
    if (mine !== request) return; // a later click was answered first
    if (response && response.ok) page.innerHTML = body; // escaped by the server
    else if (!response) page.textContent = "The server cannot be reached.";
    else if (response.status === 409) page.textContent = "This document has changed since it was cited: ask again.";
    else page.textContent = `The document is not in the index any more (${response.status}).`;
    panel().hidden = false;
    document.body.classList.add("document-open");
    const mark = page.querySelector("mark");
    if (mark) {
      mark.tabIndex = -1;
      const below = mark.getBoundingClientRect().top - page.getBoundingClientRect().top;
      page.scrollTop += below - page.clientHeight / 3;
      mark.focus({ preventScroll: true });
    }
  }

  function close() {
    panel().hidden = true;
    document.body.classList.remove("document-open");
    if (!opener) return;
    const twin = opener.isConnected ? opener : document.querySelector(`[data-key="${opener.dataset.key}"]`);
    opener = null;
    twin?.setAttribute("aria-expanded", "false");
    twin?.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.cite");
    if (button) open(button);
    else if (event.target.closest("#close")) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opener) close();
    const here = document.activeElement?.closest?.("button.cite");
    if (here && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      const buttons = all("button.cite");
      buttons[buttons.indexOf(here) + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
    }
  });
  // Keeps the newest words in view while an answer grows.
  new MutationObserver((changes) => {
    const live = document.getElementById("live");
    const log = document.getElementById("log");
    if (live && changes.some((change) => live.contains(change.target))) {
      log.scrollTop = log.scrollHeight;
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
