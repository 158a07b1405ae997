// The page of a model. The address names the place, so that it can be shared and the browser goes back and forward:
// #<position>[.<initial state>]:<step>/<step>/…  with steps by name; those behind the position are the run's later ones.
"use strict";

let about = null;
let here = { root: 0, position: 0, path: [] };
let shown = null;

// -- places and addresses --

function address(place) {
  const root = place.root ? `.${place.root}` : "";
  return `#${place.position}${root}:${place.path.map(encodeURIComponent).join("/")}`;
}

function placeOf(hash) {
  const match = /^#(\d+)(?:\.(\d+))?:(.*)$/.exec(hash);
  if (!match) return null;
  try {
    const path = match[3] ? match[3].split("/").map(decodeURIComponent) : [];
    return { root: Number(match[2] || 0), position: Math.min(Number(match[1]), path.length), path };
  } catch {
    return null;
  }
}

const go = (place) => visit(address(place), show);
const at = (position) => go({ ...here, position: Math.max(0, Math.min(position, here.path.length)) });
const before = () => here.path.slice(0, here.position);

function take(name) {
  if (here.path[here.position] === name) at(here.position + 1);
  else go({ root: here.root, position: here.position + 1, path: [...before(), name] });
}

async function show() {
  here = placeOf(location.hash) || { root: 0, position: 0, path: about.start.path, ...about.start };
  const question = () => ask("place", { root: here.root, path: before() });
  await latest("place", question, (place) => {
    if (place.stopped) {
      here = { ...here, position: place.taken.length, path: place.taken };
      history.replaceState(null, "", address(here));
    }
    shown = place;
    draw();
    say(place.stopped, Boolean(place.stopped));
  });
}

// -- drawing --

function draw() {
  element("position").textContent = `step ${here.position} of ${here.path.length}`;
  enableMoves(here.position > 0, here.position < here.path.length);
  drawRun();
  drawSteps();
  drawState();
  drawProperties();
  drawMarks();
}

function effect(changes) {
  if (!changes.length) return "nothing changes";
  const few = changes.slice(0, 3).map((change) => `${change.field} → ${short(change.after)}`).join(" · ");
  return changes.length > 3 ? `${few} · ${changes.length - 3} more` : few;
}

const short = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

function drawSteps() {
  const wanted = element("filter").value.toLowerCase();
  const matching = shown.enabled.filter((step) => step.name.toLowerCase().includes(wanted));
  const items = matching.map((step) => {
    const button = make("button", "", step.name === here.path[here.position] ? "next" : "");
    button.title = about.transitions[step.transition] || "";
    button.append(make("span", step.name, "name"), make("span", effect(step.changes), "effect"));
    button.addEventListener("click", () => take(step.name));
    return listed(button);
  });
  if (!items.length) {
    items.push(make("li", shown.enabled.length ? "No step matches." : "No step is possible: the run ends here."));
  }
  element("steps").replaceChildren(...items);
  element("steps-title").textContent = `Steps from here (${shown.enabled.length})`;
}

// "servers[s1].peers[s2].ack" is "peers[s2].ack" of "servers[s1]"; a field of no family is of the state itself.
function groupOf(field) {
  const match = /^([^.[]*\[[^\]]*\])[.[]/.exec(field);
  return match ? match[1] : "";
}

function drawState() {
  const changed = new Map(shown.changed.map((change) => [change.field, change]));
  const wanted = element("fields").value.toLowerCase();
  const groups = new Map();
  for (const [field, value] of shown.fields) {
    if (element("changed").checked && !changed.has(field)) continue;
    if (!field.toLowerCase().includes(wanted)) continue;
    const group = groupOf(field);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(rowOf(field, group, value, changed.get(field)));
  }
  if (!groups.size) groups.set("", [noRow()]);
  element("state").replaceChildren(...[...groups].map(([group, rows]) => {
    const body = make("tbody");
    if (group) {
      const head = make("th", group);
      head.scope = "rowgroup";
      head.colSpan = 2;
      const row = make("tr");
      row.append(head);
      body.append(row);
    }
    body.append(...rows);
    return body;
  }));
}

function rowOf(field, group, value, change) {
  const name = field.slice(group.length).replace(/^\./, "");
  const content = change ? [make("del", change.before), " ", value] : [value];
  return labelled(name, field, content, change ? "changed" : "");
}

function noRow() {
  const row = make("tr");
  const cell = make("td", element("changed").checked ? "The last step changed no such field." : "No field matches.");
  cell.colSpan = 2;
  row.append(cell);
  return row;
}

function drawProperties() {
  element("violated").replaceChildren(...shown.properties.filter((judged) => judged.violated).map((judged) =>
    listed(make("strong", judged.name), judged.said.slice(judged.name.length))));
  element("properties").replaceChildren(...shown.properties.map((judged) => {
    const { kind, sentence } = about.properties[judged.name];
    const classes = judged.violated ? "violated" : judged.holds ? "true" : "open";
    return judgedItem(judged.name, judged.holds ? "true" : "false", classes, kind, judged.said || sentence);
  }));
}

// -- bookmarks, kept by the browser --

const shelf = () => `zabcheck:${about.title}`;

function marks() {
  try {
    return JSON.parse(localStorage.getItem(shelf())) || [];
  } catch {
    return [];
  }
}

function keep(list) {
  localStorage.setItem(shelf(), JSON.stringify(list));
  drawMarks();
}

function mark() {
  const name = here.position ? `${here.position}: ${here.path[here.position - 1]}` : "initial state";
  keep([...marks().filter((each) => each.hash !== address(here)), { name, hash: address(here) }]);
  say("This place is bookmarked.");
}

function drawMarks() {
  const list = marks();
  element("marks-part").hidden = !list.length;
  element("marks").replaceChildren(...list.filter((each) => placeOf(each.hash)).map((each) => {
    const link = make("a", each.name);
    link.href = each.hash;
    const remove = make("button", "×");
    remove.setAttribute("aria-label", `Remove the bookmark ${each.name}`);
    remove.addEventListener("click", () => keep(marks().filter((other) => other.hash !== each.hash)));
    return listed(link, remove);
  }));
}

// -- from here on --

async function onward(what, body, words) {
  document.body.setAttribute("aria-busy", "true");
  say(words);
  try {
    const found = await ask(what, { root: here.root, path: before(), ...body });
    if (!found.steps) say(found.reason, true);
    else if (!found.steps.length) say(what === "seek" ? "It is so here." : "No step is possible here.");
    else go({ root: here.root, position: here.position + found.steps.length, path: [...before(), ...found.steps] });
  } catch (error) {
    say(error.message, true);
  } finally {
    document.body.removeAttribute("aria-busy");
  }
}

const wander = () => onward(
  "wander",
  { steps: Math.max(1, Number(element("count").value) || 1), seed: Math.floor(Math.random() * 2 ** 31) },
  "Walking …",
);
const seek = () => onward("seek", { property: element("goal").value }, "Looking …");

const moves = {
  ArrowLeft: () => at(here.position - 1),
  ArrowRight: () => at(here.position + 1),
  Home: () => at(0),
  End: () => at(here.path.length),
  r: wander,
  b: mark,
};

function optionsOf(demand, label) {
  const group = make("optgroup");
  group.label = label;
  group.append(...Object.keys(about.properties).filter((name) => about.properties[name].demand === demand).map((name) => {
    const option = make("option", demand ? `${name} is false` : name);
    option.value = name;
    return option;
  }));
  return group;
}

begin((said) => {
  about = said;
  entitle(about.model);
  element("about").textContent = about.sentence;
  element("question").textContent = about.title;
  element("goal").replaceChildren(optionsOf(false, "Where it is true"), optionsOf(true, "Where it is violated"));
  onActions(moves, { wander, seek, mark, root: moves.Home });
  element("filter").addEventListener("input", () => shown && drawSteps());
  for (const id of ["fields", "changed"]) element(id).addEventListener("input", () => shown && drawState());
}, show);
