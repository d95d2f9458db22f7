// Finds words in the open document, and goes to a page of it.
(() => {
  const page = () => document.getElementById("page");
  const box = () => document.getElementById("search");
  let ranges = [];
  let at = -1;

  // The places of the words in the text, across the borders of its elements.
  function places(root, wanted) {
    const nodes = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    let text = "";
    while (walker.nextNode()) {
      nodes.push({ node: walker.currentNode, start: text.length });
      text += walker.currentNode.data.toLowerCase();
    }
    const point = (offset) => {
      const { node, start } = nodes.findLast((each) => each.start <= offset);
      return [node, Math.min(offset - start, node.data.length)];
    };
    const found = [];
    for (let next = text.indexOf(wanted); next >= 0; next = text.indexOf(wanted, next + wanted.length)) {
      const range = new Range();
      range.setStart(...point(next));
      range.setEnd(...point(next + wanted.length));
      found.push(range);
    }
    return found;
  }

  function tell() {
    const shown = box().value.trim();
    document.getElementById("hits").textContent = shown ? `${at + 1} / ${ranges.length}` : "";
    CSS.highlights?.set("found", new Highlight(...ranges));
    CSS.highlights?.set("at", new Highlight(...ranges.slice(Math.max(at, 0), at + 1)));
    ranges[at]?.startContainer.parentElement.scrollIntoView({ block: "center" });
  }

  async function find() {
    const wanted = box().value.trim().toLowerCase();
    if (wanted && !page().querySelector(".text")) {
      document.querySelector('button.view[data-view="text"]')?.click(); // pictures cannot be searched
      for (let tries = 0; tries < 100 && !page().querySelector(".text"); tries += 1) {
        await new Promise((done) => setTimeout(done, 50));
      }
      box().focus();
    }
    const text = page().querySelector(".text");
    ranges = wanted && text ? places(text, wanted) : [];
    at = ranges.length ? 0 : -1;
    tell();
  }

  let typing = 0;
  document.addEventListener("input", (event) => {
    if (event.target.id !== "search") return;
    clearTimeout(typing);
    typing = setTimeout(find, 150);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "search" && event.key === "Enter" && ranges.length) {
      at = (at + (event.shiftKey ? ranges.length - 1 : 1)) % ranges.length;
      tell();
    }
    if (event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey) && event.target.closest?.("#document")) {
      event.preventDefault();
      box().focus();
    }
  });

  // A document that is opened has other words; of pages one can be chosen.
  function opened() {
    const sheets = page().querySelectorAll("figure.sheet");
    const jump = document.getElementById("jump");
    jump.hidden = sheets.length < 2;
    if (page().querySelector(".text") && box().value) return;
    box().value = "";
    ranges = [];
    at = -1;
    tell();
  }
  document.addEventListener("change", (event) => {
    if (!event.target.closest("#jump")) return;
    const image = page().querySelector(`figure.sheet img[alt="Page ${Number(event.target.value)}"]`);
    image?.closest("figure").scrollIntoView();
  });
  const wait = setInterval(() => {
    if (!page()) return;
    clearInterval(wait);
    new MutationObserver(opened).observe(page(), { childList: true });
  }, 200);
})();
