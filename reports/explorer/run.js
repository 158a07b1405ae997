// The run of a model: the names of its steps, and its diagram beside them.
"use strict";

let drawn = "";

function drawRun() {
  const root = element("root");
  root.lastElementChild.textContent = about.roots > 1 ? `initial state ${here.root}` : "initial state";
  if (here.position === 0) root.setAttribute("aria-current", "step");
  else root.removeAttribute("aria-current");
  element("taken").replaceChildren(...here.path.map((name, i) => {
    const button = make("button", "", i >= here.position ? "step later" : "step");
    button.title = name;
    button.append(make("span", String(i + 1), "number"), " ", make("code", name, "name"));
    if (i + 1 === here.position) button.setAttribute("aria-current", "step");
    button.addEventListener("click", () => at(i + 1));
    return listed(button);
  }));
  keepInView();
  drawDiagram();
}

function keepInView() {
  const current = element("taken").children[here.position - 1];
  element("run").scrollTop = current ? current.offsetTop - element("run").clientHeight / 2 : 0;
}

// The picture is of the whole run; it is asked for when the run has become another one.
async function drawDiagram() {
  const run = JSON.stringify([here.root, here.path]);
  if (run !== drawn) {
    const question = () => ask("diagram", { root: here.root, path: here.path });
    await latest("diagram", question, ({ picture, heads }) => {
      drawn = run;
      element("heads").replaceChildren(imported(heads));
      element("run").querySelector(":scope > svg")?.remove();
      element("run").append(imported(picture));
      element("run").querySelectorAll(":scope > svg .row").forEach((row) => {
        row.addEventListener("click", () => at(Number(row.dataset.row)));
      });
      keepInView();
    });
  }
  element("run").querySelectorAll(":scope > svg .row").forEach((row) => {
    row.classList.toggle("chosen", Number(row.dataset.row) === here.position);
    row.classList.toggle("other", Number(row.dataset.row) > here.position);
  });
  element("run").querySelectorAll(":scope > svg .message").forEach((message) => {
    message.classList.toggle("other", Number(message.dataset.sent) > here.position);
  });
}

const imported = (svg) => document.importNode(
  new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
