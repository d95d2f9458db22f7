// Keeps the conversations in the browser: the server has none. Also thumbs, and a lost connection.
(() => {
  const STORE = "askdoc-conversations";
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
  const current = () => sessionStorage.getItem("askdoc-current");
  function fresh() {
    sessionStorage.setItem("askdoc-current", crypto.randomUUID?.() ?? String(Math.random()));
    draw();
    return [];
  }

  function restored() {
    if (!current()) fresh();
    draw();
    return [all().find(({ id }) => id === current())?.turns ?? "[]"];
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
      const pin = button(one.pinned ? "★" : "☆", "pin", id, `${one.pinned ? "Unpin" : "Pin"} ${name}`);
      row.append(button(name, "chosen", id), pin, button("✎", "rename", id, `Rename ${name}`), button("✕", "drop", id, `Delete ${name}`));
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
  let undo = 0;
  function tellDeleted(one, at) {
    clearTimeout(undo);
    document.getElementById("undo")?.remove();
    const told = make("p", { id: "undo", textContent: `“${one.name}” is deleted. ` });
    told.setAttribute("role", "status");
    const back = make("button", { type: "button", textContent: "Undo" });
    back.addEventListener("click", () => {
      const others = all();
      others.splice(at, 0, one);
      store(others);
      told.remove();
      draw();
    });
    told.append(back);
    document.body.append(told);
    undo = setTimeout(() => told.remove(), 10_000);
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
      const name = prompt("Name of the conversation", all().find((other) => other.id === id)?.name)?.trim();
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
    const { turns } = all().find((other) => other.id === id) ?? {};
    if (!turns || answering()) return;
    sessionStorage.setItem("askdoc-current", id);
    menu().removeAttribute("open");
    draw();
    menu().dispatchEvent(new CustomEvent("askdoc-open", { detail: turns, bubbles: true }));
    askdoc.toChat();
  });
  // A new chat ends the answer that is being written, and waits for its end: it belongs to this one.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#new")) return;
    if (!answering()) return fresh();
    event.stopPropagation();
    document.getElementById("stop").click();
    const wait = setInterval(() => {
      if (answering()) return;
      clearInterval(wait);
      document.getElementById("new").click();
    }, 100);
  }, true);
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("details.menu[open]");
    if (event.key !== "Escape" || !open) return;
    open.removeAttribute("open");
    open.querySelector("summary").focus();
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
      const response = await fetch("/api/feedback", { method: "POST", headers, body }).catch(() => null);
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
    question ? sessionStorage.setItem("askdoc-asked", question) : sessionStorage.removeItem("askdoc-asked");
  let started = null; // which server this page came from
  let lost = false;

  // Nothing is asked where nothing stands in the box.
  function asks(event, box) {
    if (box.value.trim()) return waiting(box.value);
    event.preventDefault();
    event.stopPropagation();
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
    const response = await fetch("/api/health", { cache: "no-store", signal: AbortSignal.timeout(10_000) }).catch(() => null);
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
  const asked = sessionStorage.getItem("askdoc-asked");
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

  window.askdoc = { ...window.askdoc, all, keep, restored, title };
})();
