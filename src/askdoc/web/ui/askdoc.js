// Opens the document of a citation beside the chat. Delegated, since Gradio renews what it shows.
(() => {
  let opener = null;
  let request = 0;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const panel = () => document.getElementById("document");

  let view = "pages"; // how PDFs are shown

  async function open(button) {
    opener = button;
    all("button.cite").forEach((other) => other.setAttribute("aria-expanded", other === button));
    const beside = family(button);
    document.getElementById("previous").disabled = beside.indexOf(button) <= 0;
    document.getElementById("next").disabled = beside.indexOf(button) === beside.length - 1;
    await show(button, beside);
  }

  // Fetches the document of a citation, and brings the marked words into view.
  async function show(button, beside) {
    const mine = ++request;
    const { source, start = 0, end = 0, sha = "" } = button.dataset;
    const others = beside.filter((other) => other.dataset.source === source && other !== button)
      .map((other) => `${other.dataset.start}-${other.dataset.end}`).join(",");
    const page = document.getElementById("page");
    let response;
    try {
      response = await fetch(`api/document?${new URLSearchParams({ source, start, end, sha, others, view })}`);
    } catch {
      response = null;
    }
    const body = response ? await response.text() : "";
    if (mine !== request) return; // a later click was answered first
    if (response?.ok) page.innerHTML = body; // escaped by the server
    else page.textContent = response ? JSON.parse(body).error : "The server cannot be reached.";
    panel().hidden = false;
    document.body.classList.add("document-open");
    const mark = page.querySelector("mark");
    if (mark) {
      mark.tabIndex = -1;
      const below = mark.getBoundingClientRect().top - page.getBoundingClientRect().top;
      const head = page.querySelector("header")?.offsetHeight ?? 0; // it stays in view
      page.scrollTop += below - Math.max(page.clientHeight / 3, head + 16);
      mark.focus({ preventScroll: true });
    } else {
      page.scrollTop = 0;
      page.focus({ preventScroll: true });
    }
  }

  // The citations of one answer, each span once, in the order of their numbers.
  function family(button) {
    const seen = new Set();
    return [...(button.closest("article")?.querySelectorAll("button.cite") ?? [button])].filter((other) => {
      const key = other === button ? button.dataset.key : other.dataset.key;
      if (other !== button && (seen.has(key) || key === button.dataset.key)) return false;
      seen.add(key);
      return true;
    });
  }

  function step(by) {
    const shown = opener?.isConnected ? opener : document.querySelector(`[data-key="${opener?.dataset.key}"]`);
    if (!shown) return;
    const beside = family(shown);
    const other = beside[beside.indexOf(shown) + by];
    if (other) open(other);
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
    else if (event.target.closest("#previous")) step(-1);
    else if (event.target.closest("#next")) step(1);
    const other = event.target.closest("button.view");
    if (other && opener) {
      view = other.dataset.view;
      open(opener);
    }
    const place = event.target.closest("button.place");
    if (place) (place.closest("#page") ? show(place, []) : open(place));
    const card = event.target.closest("button.source");
    const marker = card && all("button.cite").find((cite) => cite.dataset.key === card.dataset.of);
    if (marker) open(marker);
    const row = event.target.closest("button.open");
    if (row) {
      tab("Chat");
      open(row);
    }
  });
  document.addEventListener("click", (event) => {
    const name = event.target.closest("[data-tab]")?.dataset.tab;
    if (name) tab(name);
  });
  function tab(name) {
    all('[role="tab"]').find((other) => [name, askdoc.told(name)].includes(other.textContent.trim()))?.click();
  }
  function toChat() {
    tab("Chat");
    setTimeout(() => document.querySelector("#box textarea")?.focus(), 50); // when the tab is shown
  }
  // After an answer one can type on, unless the focus is elsewhere; a phone's keyboard would hide the answer.
  function typeOn() {
    setTimeout(() => {
      const free = document.activeElement === document.body && matchMedia("(pointer: fine)").matches;
      if (free) document.querySelector("#box textarea")?.focus({ preventScroll: true });
    }, 50); // when the box is open
  }

  // Shows what a citation quotes while it is pointed at or has the focus.
  const card = Object.assign(document.createElement("div"), { id: "card" });
  card.setAttribute("role", "tooltip");
  card.translate = false;
  card.hidden = true;
  function point(event) {
    const button = event.target.closest?.("button.cite:not(.card)");
    card.hidden = !button;
    if (!button) return;
    const place = document.createElement("strong");
    place.textContent = button.dataset.place;
    card.replaceChildren(place, button.dataset.quote);
    document.body.append(card);
    const { left, bottom, top } = button.getBoundingClientRect();
    card.style.left = `${Math.max(8, Math.min(left, innerWidth - card.offsetWidth - 8))}px`;
    const below = bottom + card.offsetHeight + 12 < innerHeight;
    card.style.top = `${below ? bottom + 6 : top - card.offsetHeight - 6}px`;
  }
  document.addEventListener("mouseover", point);
  // Only a citation's own focus shows and hides it: the focus may move elsewhere under a resting pointer.
  const cites = (event) => event.target.closest?.("button.cite");
  document.addEventListener("focusin", (event) => cites(event) && point(event));
  document.addEventListener("focusout", (event) => cites(event) && (card.hidden = true));
  document.addEventListener("scroll", () => (card.hidden = true), true);

  // The divider between chat and document: dragged, or moved with the arrow keys.
  function share(percent) {
    const kept = Math.round(Math.max(30, Math.min(70, percent)));
    document.body.style.setProperty("--share", kept);
    document.getElementById("divider").setAttribute("aria-valuenow", kept);
  }
  document.addEventListener("pointerdown", (event) => {
    const divider = event.target.closest("#divider");
    if (!divider) return;
    const { left, width } = document.getElementById("split").getBoundingClientRect();
    const move = (moved) => share(((moved.clientX - left) / width) * 100);
    divider.setPointerCapture(event.pointerId);
    divider.addEventListener("pointermove", move);
    divider.addEventListener("pointerup", () => divider.removeEventListener("pointermove", move), { once: true });
  });
  document.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
    if (by && event.target.id === "divider") share(Number(event.target.getAttribute("aria-valuenow")) + by);
  });

  document.addEventListener("click", (event) => {
    const query = event.target.closest("button.edit")?.dataset.query;
    const box = document.querySelector("#box textarea");
    if (query === undefined || !box) return;
    box.value = query;
    box.dispatchEvent(new Event("input", { bubbles: true })); // so that Gradio knows
    box.focus();
  });

  // The server wrote the answer as Markdown, footnotes below.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.markdown);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser does not allow it";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  function save(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text]));
    link.download = name.replace("askdoc", askdoc.title());
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") card.hidden = true;
    if (event.key === "Escape" && opener) close();
    const here = document.activeElement?.closest?.("button.cite");
    if (here && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      const buttons = all("button.cite");
      buttons[buttons.indexOf(here) + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
    }
  });
  // Files that are dropped on the chat go the way of an upload.
  document.addEventListener("dragover", (event) => {
    if (event.target.closest("#chat") && event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const input = document.querySelector("#dropped input[type=file]");
    if (!input || !event.target.closest("#chat") || !event.dataTransfer.files.length) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  // Keeps the beginning of an answer in view while it grows: its verdict stands there.
  new MutationObserver((changes) => {
    const live = document.getElementById("live");
    const log = document.getElementById("log");
    if (live && changes.some((change) => live.contains(change.target))) {
      log.scrollTop += live.getBoundingClientRect().top - log.getBoundingClientRect().top;
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
  window.askdoc = { ...window.askdoc, save, toChat, typeOn };
})();
