// Keeps the conversations in the browser: the server has none. Also thumbs, and a lost connection.
(() => {
  // Of several corpora each has its own.
  const corpus = decodeURIComponent(location.pathname.match(/\/corpus\/[^/]+/)?.[0] ?? "");
  const STORE = `askdoc-conversations${corpus}`;
  const CURRENT = `askdoc-current${corpus}`;
  const ASKED = `askdoc-asked${corpus}`;
  const MOST = 100; // conversations
  const NAME = 60; // characters of a name
  const menu = () => document.getElementById("conversations");
  const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

  // All conversations, newest first: {id, name, turns, when, pinned}, the turns as JSON text.
  function all() {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE) ?? "[]");
      return Array.isArray(kept) ? kept.filter((one) => one?.id && typeof one.turns === "string") : [];
    } catch {
      return [];
    }
  }

  // The oldest go when the browser's room is full.
  function store(conversations) {
    for (let kept = conversations.slice(0, MOST); ; kept = kept.slice(0, -1)) {
      try {
        localStorage.setItem(STORE, JSON.stringify(kept));
        return;
      } catch {
        if (!kept.length) return;
      }
    }
  }

  // Which conversation this tab has; another tab has its own.
  const current = () => sessionStorage.getItem(CURRENT);
  function fresh() {
    sessionStorage.setItem(CURRENT, crypto.randomUUID?.() ?? String(Math.random()));
    draw();
    return [];
  }

  function restored() {
    const { id } = linked();
    if (all().some((one) => one.id === id)) sessionStorage.setItem(CURRENT, id);
    else if (id) tell("The conversation of this link is not in this browser.");
    if (!current()) fresh();
    draw();
    dock();
    return [all().find(({ id }) => id === current())?.turns ?? "[]"];
  }

  // A link to an answer names the conversation, which this browser keeps, and the answer's number.
  let opening = false; // another conversation, which the server has not drawn yet
  const linked = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  function arrived() {
    opening = false;
    toLinked();
  }
  function toLinked() {
    const { id, answer } = linked();
    if (id === current()) document.querySelectorAll("article.answer")[answer]?.scrollIntoView();
    if (id) history.replaceState(history.state, "", location.pathname); // a reload stays where one is by then
  }
  addEventListener("hashchange", () => {
    const { id } = linked();
    const one = all().find((other) => other.id === id);
    if (!id) return;
    if (id === current()) toLinked();
    else if (one) open(one);
    else tell("The conversation of this link is not in this browser.");
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.link");
    if (!button) return;
    const hash = new URLSearchParams({ id: current(), answer: button.dataset.turn });
    const address = `${location.origin}${location.pathname}#${hash}`;
    const copied = await navigator.clipboard.writeText(address).then(() => true, () => false);
    tell(copied ? "Copied: the link opens this answer in this browser." : address);
  });

  // A line at the bottom that goes by itself.
  let telling = 0;
  function tell(text, ...more) {
    clearTimeout(telling);
    document.getElementById("told")?.remove();
    const told = make("p", { id: "told", textContent: text });
    told.setAttribute("role", "status");
    told.append(...more);
    document.body.append(told);
    telling = setTimeout(() => told.remove(), 10_000);
    return told;
  }

  function keep(turns) {
    waiting(null);
    let first;
    try {
      first = JSON.parse(turns)[0]?.question;
    } catch {
      return;
    }
    if (!first) return;
    const known = all().find(({ id }) => id === current());
    const name = known?.name ?? unlike(first.trim().replace(/\s+/g, " ").slice(0, NAME));
    const kept = { ...known, id: current(), name, turns, when: Date.now() };
    store([kept, ...all().filter(({ id }) => id !== current())]);
    draw();
  }

  // A name that no other conversation has.
  function unlike(name) {
    const names = new Set(all().map((one) => one.name));
    let number = 1;
    while (names.has(number > 1 ? `${name} (${number})` : name)) number += 1;
    return number > 1 ? `${name} (${number})` : name;
  }

  function change(id, what) {
    store(all().map((one) => (one.id === id ? { ...one, ...what } : one)));
    draw();
  }

  // Under which head a conversation stands.
  function group({ pinned, when }) {
    if (pinned) return "Pinned";
    const days = Math.floor((new Date().setHours(23, 59, 59, 999) - (when ?? 0)) / 86_400_000);
    return days < 1 ? "Today" : days < 2 ? "Yesterday" : days < 7 ? "This week" : "Earlier";
  }

  function draw() {
    const list = menu()?.querySelector("ul");
    if (!list) return;
    const wanted = (menu().querySelector("input")?.value ?? "").toLowerCase();
    const found = all().filter(({ name, turns }) => `${name} ${turns}`.toLowerCase().includes(wanted));
    found.sort((one, other) => Boolean(other.pinned) - Boolean(one.pinned));
    const rows = [];
    let head = "";
    for (const one of found) {
      if (group(one) !== head) rows.push(make("li", { className: "head", textContent: (head = group(one)) }));
      const { id, name } = one;
      const row = make("li");
      const chosen = button(name, "chosen", id);
      chosen.translate = false;
      const pin = button(one.pinned ? "★" : "☆", "pin", id, `${one.pinned ? "Unpin" : "Pin"} ${name}`);
      row.append(chosen, pin, button("✎", "rename", id, `Rename ${name}`), button("✕", "drop", id, `Delete ${name}`));
      if (id === current()) row.firstChild.setAttribute("aria-current", "true");
      rows.push(row);
    }
    const none = wanted ? "None has these words." : "None yet: ask something.";
    list.replaceChildren(...(rows.length ? rows : [make("li", { textContent: none })]));
  }
  document.addEventListener("input", (event) => event.target.matches("#conversations input") && draw());
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#conversations summary")) return;
    menu().querySelector("input").value = ""; // a list that is opened is whole
    draw();
  });

  // The last one that was deleted can be brought back for a while.
  function tellDeleted(one, at) {
    const back = make("button", { type: "button", textContent: "Undo" });
    const told = tell(`“${one.name}” is deleted. `, back);
    back.addEventListener("click", () => {
      const others = all();
      others.splice(at, 0, one);
      store(others);
      told.remove();
      draw();
    });
  }

  function button(text, name, id, label) {
    const made = make("button", { type: "button", className: name, textContent: text, dir: "auto" });
    made.dataset.id = id;
    if (label) made.setAttribute("aria-label", label);
    return made;
  }

  document.addEventListener("click", (event) => {
    const inside = event.target.closest("details.menu");
    document.querySelectorAll("details.menu[open]").forEach((open) => {
      if (open === menu() && docked()) return;
      if (open !== inside || event.target.closest("[data-kind]")) open.removeAttribute("open");
    });
    const chosen = event.target.closest("#conversations button");
    if (!chosen) return;
    const { id } = chosen.dataset;
    if (answering() && id === current()) return; // what comes yet belongs to it
    if (chosen.matches(".pin")) {
      change(id, { pinned: !all().find((other) => other.id === id)?.pinned });
      menu().querySelector(`.pin[data-id="${id}"]`)?.focus();
      return;
    }
    if (chosen.matches(".rename")) {
      const name = prompt(askdoc.told("Name of the conversation"), all().find((other) => other.id === id)?.name)?.trim();
      if (name) change(id, { name: name.slice(0, NAME) });
      return;
    }
    if (chosen.matches(".drop")) {
      const at = all().findIndex((other) => other.id === id);
      tellDeleted(all()[at], at);
      store(all().filter((other) => other.id !== id));
      if (id === current()) document.getElementById("new").click();
      else draw();
      menu().querySelector("summary").focus();
      return;
    }
    const one = all().find((other) => other.id === id);
    if (one && !answering()) open(one);
  });
  function open({ id, turns }) {
    opening = true;
    sessionStorage.setItem(CURRENT, id);
    if (!docked()) menu().removeAttribute("open");
    draw();
    menu().dispatchEvent(new CustomEvent("askdoc-open", { detail: turns, bubbles: true }));
    askdoc.toChat();
  }
  // A new chat ends the answer that is being written, and waits for its end: it belongs to this one.
  document.addEventListener("click", (event) => {
    const begins = event.target.closest("#new, [data-event='only']");
    if (!begins) return;
    if (!answering()) {
      opening = true;
      askdoc.toChat(); // from whichever tab
      return fresh();
    }
    event.stopPropagation();
    document.getElementById("stop").click();
    const wait = setInterval(() => {
      if (answering()) return;
      clearInterval(wait);
      begins.click();
    }, 100);
  }, true);
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("details.menu[open]");
    if (event.key !== "Escape" || !open || (open === menu() && docked())) return;
    open.removeAttribute("open");
    open.querySelector("summary").focus();
  });

  // Beside the chat, where there is room and this browser chose so, the list stays open.
  const wide = matchMedia("(min-width: 1100px)");
  const docked = () => wide.matches && Boolean(localStorage.getItem("askdoc-list"));
  function dock() {
    document.body.classList.toggle("list-beside", docked());
    menu()?.querySelector(".dock")?.setAttribute("aria-pressed", docked());
    if (menu()) menu().open ||= docked();
  }
  wide.addEventListener("change", dock);
  document.addEventListener("click", (event) => {
    if (event.target.closest("#conversations .dock")) {
      if (docked()) localStorage.removeItem("askdoc-list");
      else localStorage.setItem("askdoc-list", "beside");
      menu().open = docked();
    } else if (event.target.closest("#conversations summary") && docked()) {
      localStorage.removeItem("askdoc-list"); // the click folds it
    } else return;
    dock();
  });

  // Thumbs: a click counts at once, and opens a line for a comment; what is sent then takes its place.
  document.addEventListener("click", async (event) => {
    const rate = event.target.closest("button.rate");
    if (!rate) return;
    const acts = rate.closest(".acts");
    acts.querySelectorAll("button.rate").forEach((other) => other.setAttribute("aria-pressed", other === rate));
    acts.nextElementSibling?.matches("form.opinion") && acts.nextElementSibling.remove();
    const form = make("form", { className: "opinion" });
    const label = make("label", {
      textContent: rate.dataset.rating === "up" ? "What was good? (optional)" : "What was wrong? (optional)",
    });
    const comment = make("input", { maxLength: 5000 });
    label.append(comment);
    form.append(label, make("button", { textContent: "Send" }));
    form.addEventListener("submit", async (submitted) => {
      submitted.preventDefault();
      if (await send(form, acts, rate, comment.value)) form.replaceChildren(...form.querySelectorAll("p"));
    });
    acts.after(form);
    comment.focus();
    await send(form, acts, rate, "");
  });

  // Whether an opinion was taken; a line in the form says so. The comment waits until the thumb is kept.
  function send(form, acts, rate, comment) {
    acts.sending = (acts.sending ?? Promise.resolve()).then(() => sent(form, acts, rate, comment));
    return acts.sending;
  }

  async function sent(form, acts, rate, comment) {
    const kept = JSON.parse(document.querySelector("#kept textarea")?.value || "[]");
    const turns = kept.slice(0, Number(rate.dataset.turn) + 1);
    const instead_of = acts.dataset.opinion ?? "";
    const body = JSON.stringify({ instead_of, rating: rate.dataset.rating, comment, turns });
    let outcome = "This answer is not finished.";
    let taken = false;
    if (kept.length > Number(rate.dataset.turn)) {
      const headers = { "content-type": "application/json" };
      const response = await fetch("api/feedback", { method: "POST", headers, body }).catch(() => null);
      const told = (await response?.json().catch(() => null)) ?? {};
      taken = Boolean(response?.ok);
      if (taken) acts.dataset.opinion = told.id;
      outcome = taken ? "Thank you: noted." : told.error || "It could not be sent: try again.";
    }
    const note = make("p", { className: "note", textContent: outcome });
    note.setAttribute("role", "status");
    form.querySelector("p")?.remove();
    form.append(note);
    return taken;
  }

  // A lost connection is told; when it is back, what was asked is put back into the box.
  const EVERY = 4000; // milliseconds
  const answering = () => document.getElementById("box")?.querySelector("textarea")?.disabled;
  const waiting = (question) =>
    question ? sessionStorage.setItem(ASKED, question) : sessionStorage.removeItem(ASKED);
  let started = null; // which server this page came from
  let lost = false;

  // Nothing is asked where nothing stands in the box, nor in a conversation that is being left.
  function asks(event, box) {
    if (box.value.trim() && !opening) return waiting(box.value);
    event.preventDefault();
    event.stopPropagation();
    const wait = opening && setInterval(() => {
      if (opening) return;
      clearInterval(wait);
      document.querySelector("#box button").click();
    }, 50);
  }
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest?.("#box textarea");
    if (box && event.key === "Enter" && !event.shiftKey) asks(event, box);
  }, true);
  document.addEventListener("click", (event) => {
    const box = document.querySelector("#box textarea");
    if (box && event.target.closest("#box button")) asks(event, box);
  }, true);

  function tellLost(gone) {
    if (gone === lost) return;
    lost = gone;
    document.getElementById("lost")?.remove();
    if (!gone) return;
    const banner = make("p", { id: "lost", textContent: "The connection to askdoc is lost. Trying again…" });
    banner.setAttribute("role", "alert");
    document.body.prepend(banner);
  }

  async function look() {
    const response = await fetch("api/health", { cache: "no-store", signal: AbortSignal.timeout(10_000) }).catch(() => null);
    const health = response?.ok ? await response.json().catch(() => null) : null;
    if (!health) return tellLost(true);
    const another = started !== null && health.started !== started;
    started = health.started;
    // An answer that a server had begun does not come any more, so the page begins anew.
    if (another || (lost && answering())) {
      const typed = document.querySelector("#box textarea")?.value.trim();
      if (typed) waiting(typed);
      return location.reload();
    }
    tellLost(false);
    const line = document.getElementById("indexing");
    if (line && line.textContent !== health.indexing) line.textContent = health.indexing;
  }
  setInterval(() => document.hidden || look(), EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  look();

  // Puts a question that got no answer back into the box, once Gradio has made it.
  const asked = sessionStorage.getItem(ASKED);
  if (asked) {
    waiting(null);
    const wait = setInterval(() => {
      const box = document.querySelector("#box textarea");
      if (!box) return;
      clearInterval(wait);
      box.value = asked;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }, 200);
  }

  // What a file of this conversation is called.
  function title() {
    const name = all().find(({ id }) => id === current())?.name ?? "";
    return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "askdoc";
  }

  window.askdoc = { ...window.askdoc, all, arrived, keep, restored, title };
})();
