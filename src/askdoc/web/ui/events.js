// Makes events of Gradio from clicks in the HTML that we give it; it looks for their names in this text.
const NAMES = ["pick", "everywhere", "save", "fresh", "only", "remove"];
element.addEventListener("click", (event) => {
  const { event: name, confirm: warning, ...values } = event.target.closest("[data-event]")?.dataset ?? {};
  if (NAMES.includes(name) && (!warning || confirm(warning))) trigger(name, values);
});
// Our own script says which conversation was chosen; what is in it comes from the browser.
element.addEventListener("askdoc-open", (event) => trigger("open", { turns: event.detail }));
