// What the explorer's pages have in common: asking the server, making elements, keys.
"use strict";

const element = (id) => document.getElementById(id);

function make(tag, text = "", classes = "") {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (classes) made.className = classes;
  return made;
}

async function ask(what, body) {
  const answer = await fetch(`/api/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (said.error) throw new Error(said.error);
  return said;
}

function say(words, wrong = false) {
  element("status").textContent = words;
  element("status").classList.toggle("wrong", wrong);
}

// Brings the current item of a list into view, in the list alone: the page stays where it is.
function reveal(list) {
  const item = list.querySelector("[aria-current]");
  if (item) list.scrollTop = item.offsetTop - (list.clientHeight - item.offsetHeight) / 2;
}

function listed(...content) {
  const item = make("li");
  item.append(...content);
  return item;
}

// A row of a table: what is named, and what there is of it.
function labelled(name, title, content, classes = "") {
  const row = make("tr", "", classes);
  const label = make("th", name);
  const cell = make("td");
  label.scope = "row";
  label.title = title;
  cell.append(...content);
  row.append(label, cell);
  return row;
}

// A property with its truth, and what else there is to say when one asks for it.
function judgedItem(name, truth, classes, ...words) {
  const details = make("details");
  details.append(make("summary", name), ...words.map((each) => make("p", each)));
  const item = listed(make("span", truth, "truth"), details);
  item.className = classes;
  return item;
}

// Asks, and draws the answer, unless something else was asked to be drawn there meanwhile.
const newest = new Map();
async function latest(place, question, draw) {
  const asked = (newest.get(place) || 0) + 1;
  newest.set(place, asked);
  const isNewest = () => newest.get(place) === asked;
  try {
    const answer = await question();
    if (isNewest()) draw(answer);
  } catch (error) {
    if (isNewest()) say(error.message, true);
  }
}

function enableMoves(back, forward) {
  element("first").disabled = element("back").disabled = !back;
  element("forward").disabled = element("last").disabled = !forward;
}

// What the buttons and keys of every page do, and a page's own: `moves` by key, `clicks` by the button's name.
function onActions(moves, clicks) {
  const buttons = { first: moves.Home, back: moves.ArrowLeft, forward: moves.ArrowRight, last: moves.End, ...clicks };
  for (const [id, action] of Object.entries(buttons)) element(id).addEventListener("click", action);
  const actions = { ...moves, "/": () => element("filter").focus() };
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && typing) event.target.blur();
    if (typing || event.ctrlKey || event.altKey || event.metaKey || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });
}

// Goes to an address of this page; `show` draws what the address names.
function visit(target, show) {
  if (target === location.hash) show();
  else location.hash = target;
}

// Asks what the page is about; `ready` prepares it, and `show` draws what the address names.
async function begin(ready, show) {
  try {
    const about = await ask("about", {});
    ready(about);
  } catch (error) {
    say(error.message, true);
    return;
  }
  addEventListener("hashchange", show);
  await show();
}

function entitle(title) {
  document.title = `${title}: zabcheck explore`;
  element("title").textContent = title;
}
