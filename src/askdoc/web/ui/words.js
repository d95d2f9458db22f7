// The page in the reader's language. Its English is the key of a table, one file a language; what is
// marked translate="no" is others' text: questions, answers, quotes, names. {0} stands for any words.
(() => {
  const LANGUAGES = document.currentScript.dataset.languages.split(" ");
  const ATTRIBUTES = ["aria-label", "title", "placeholder", "data-confirm"];
  const THEIRS = '[translate="no"], script, style, #only ul, #only .token, #upload table, #where ul, code';
  const wanted = [localStorage.getItem("askdoc-language"), ...navigator.languages.map((one) => one.slice(0, 2))];
  const language = wanted.find((one) => LANGUAGES.includes(one)) ?? "en";
  const missing = new Set(); // what the table lacks: a test looks here
  let exact = {};
  let patterns = [];

  function told(text) {
    const words = text.trim().replace(/\s+/g, " ");
    if (!/\p{L}{2}/u.test(words)) return text;
    const put = (translated) => text.replace(text.trim(), () => translated);
    if (Object.hasOwn(exact, words)) return put(exact[words]);
    for (const { shape, translated } of patterns) {
      const found = shape.exec(words);
      if (found) return put(translated.replace(/\{(\d)\}/g, (_, number) => found[Number(number) + 1]));
    }
    missing.add(words);
    return text;
  }

  const done = new WeakMap(); // what was put where, so that it is not translated again
  function change(node, name) {
    const text = name ? node.getAttribute(name) : node.data;
    const before = done.get(node) ?? {};
    if (text === null || before[name ?? ""] === text) return;
    const translated = told(text);
    done.set(node, { ...before, [name ?? ""]: translated });
    if (translated === text) return;
    if (name) node.setAttribute(name, translated);
    else node.data = translated;
  }

  const ours = (node) => !(node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(THEIRS);
  function element(node) {
    for (const name of ATTRIBUTES) if (node.hasAttribute(name)) change(node, name);
  }
  function all(root) {
    if (root.nodeType === Node.TEXT_NODE) return ours(root) && change(root);
    if (root.nodeType !== Node.ELEMENT_NODE || !ours(root)) return;
    element(root);
    const accept = (node) => (node.nodeType === Node.ELEMENT_NODE && node.matches(THEIRS) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, accept);
    while (walker.nextNode()) walker.currentNode.nodeType === Node.TEXT_NODE ? change(walker.currentNode) : element(walker.currentNode);
  }

  // Longer shapes go first: they say more of what they fit.
  function learn(table) {
    exact = table;
    const shapes = Object.entries(table).filter(([english]) => english.includes("{0}"));
    patterns = shapes.sort(([one], [other]) => other.length - one.length).map(([english, translated]) => ({
      shape: new RegExp(`^${english.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\d\}/g, "(.+?)")}$`, "s"),
      translated,
    }));
  }

  async function begin() {
    document.documentElement.lang = language;
    const response = await fetch(new URL(`words/${language}.json`, here)).catch(() => null);
    if (!response?.ok) return;
    learn(await response.json());
    document.body.style.setProperty("--all-documents", JSON.stringify(told("All documents")));
    all(document.body);
    new MutationObserver((changes) => {
      for (const { type, target, attributeName, addedNodes } of changes) {
        if (type === "childList") addedNodes.forEach(all);
        else if (ours(target)) change(target, attributeName ?? undefined);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES });
  }
  const here = document.currentScript.src;
  if (language !== "en") document.readyState === "loading" ? addEventListener("DOMContentLoaded", begin) : begin();
  window.askdoc = { ...window.askdoc, language, missing, told };
})();
