// The table of documents: found, sorted, grouped and chosen in the browser, drawn anew by the server.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const kept = { find: "", group: "", more: false, column: -1, down: false };
  const table = () => document.querySelector("#report table");
  const rows = () => all("tbody tr:not(.group)", table());
  const chosen = () => all("input.choose:checked", table());

  function cell(row, column) {
    const { value } = row.cells[column].dataset;
    return value ?? row.cells[column].textContent.trim();
  }

  function draw() {
    if (!table()) return;
    document.getElementById("find").value = kept.find;
    document.getElementById("group").value = kept.group;
    document.getElementById("more").checked = kept.more;
    table().classList.toggle("all", kept.more);
    const body = table().tBodies[0];
    const words = kept.find.toLowerCase().split(/\s+/);
    const sorted = rows();
    const order = new Intl.Collator(undefined, { numeric: true });
    const by = (row) => (kept.group ? row.dataset[kept.group] : "");
    sorted.sort((one, other) => {
      const first = order.compare(by(one), by(other));
      if (first || kept.column < 0) return first;
      const way = order.compare(cell(one, kept.column), cell(other, kept.column));
      return kept.down ? -way : way;
    });
    all("tr.group", body).forEach((row) => row.remove());
    let last = null;
    for (const row of sorted) {
      row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
      if (kept.group && !row.hidden && by(row) !== last) {
        last = by(row);
        const head = document.createElement("tr");
        head.className = "group";
        const name = Object.assign(document.createElement("th"), { colSpan: row.cells.length, scope: "rowgroup", textContent: last });
        name.translate = kept.group === "status" || last === "(top folder)";
        head.append(name);
        body.append(head);
      }
      body.append(row);
    }
    all("th[aria-sort]", table()).forEach((head) => {
      const mine = head.cellIndex === kept.column;
      head.setAttribute("aria-sort", mine ? (kept.down ? "descending" : "ascending") : "none");
    });
    choose();
  }

  // What can be done with all that are chosen; only what is read can be asked.
  function choose() {
    const boxes = chosen();
    const bar = document.getElementById("several");
    bar.hidden = !boxes.length;
    bar.querySelector("b").textContent = `${boxes.length} chosen`;
    const read = boxes.filter((box) => box.dataset.read).map((box) => box.value);
    const only = bar.querySelector(".only");
    only.dataset.sources = JSON.stringify(read);
    only.disabled = !read.length;
    const drop = bar.querySelector(".delete");
    if (!drop) return;
    drop.dataset.sources = JSON.stringify(boxes.map((box) => box.value));
    drop.dataset.confirm =
      boxes.length === 1
        ? `Delete ${boxes[0].value} from the folder? It cannot be brought back.`
        : `Delete ${boxes.length} files from the folder? They cannot be brought back.`;
  }

  document.addEventListener("input", (event) => {
    if (event.target.id === "find") kept.find = event.target.value;
    else if (event.target.id === "group") kept.group = event.target.value;
    else if (event.target.id === "more") kept.more = event.target.checked;
    else if (event.target.matches("input.choose")) return choose();
    else if (event.target.id === "every") {
      all("input.choose", table()).forEach((box) => (box.checked = event.target.checked && !box.closest("tr").hidden));
      return choose();
    } else return;
    draw();
  });
  // What was chosen is asked about: the next choice begins anew.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#several .only")) return;
    setTimeout(() => {
      all("input.choose, #every").forEach((box) => (box.checked = false));
      choose();
    });
  });
  document.addEventListener("click", (event) => {
    const head = event.target.closest("#report button.sort")?.closest("th");
    if (!head) return;
    kept.down = kept.column === head.cellIndex && !kept.down;
    kept.column = head.cellIndex;
    draw();
  });
  new MutationObserver((changes) => {
    const made = (change) => [...change.addedNodes].some((node) => node.querySelector?.("#find"));
    if (changes.some(made)) draw();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
