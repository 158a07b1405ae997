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

function onClicks(actions) {
  for (const [id, action] of Object.entries(actions)) element(id).addEventListener("click", action);
}

// Calls the action of a key, unless somebody is typing.
function onKeys(actions) {
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && typing) event.target.blur();
    if (typing || event.ctrlKey || event.altKey || event.metaKey || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });
}
