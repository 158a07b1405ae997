// The page of a recording. The address names the event: #<number>.
"use strict";

let about = null;
let here = 0;
let shown = [];
let asking = 0;
const marked = new Set();

const numberOf = (hash) => {
  const match = /^#(\d+)$/.exec(hash);
  return match ? Math.min(Number(match[1]), Math.max(about.count - 1, 0)) : null;
};

function go(number) {
  if (`#${number}` === location.hash) show();
  else location.hash = `#${number}`;
}

async function show() {
  const asked = ++asking;
  here = numberOf(location.hash) ?? about.findings[0]?.events.at(-1) ?? 0;
  element("judged-part").hidden = true;
  element("position").textContent = `event ${here + 1} of ${about.count}`;
  try {
    const given = { at: here, track: element("track").value, text: element("filter").value };
    const [around, event] = await Promise.all([ask("events", given), ask("event", { at: here })]);
    if (asked !== asking) return;
    shown = around.events;
    drawEvents();
    drawEvent(event.fields);
    drawFindings();
    say("");
  } catch (error) {
    if (asked === asking) say(error.message, true);
  }
}

// The nearest shown event before or after this one.
const next = () => shown.find((event) => event.index > here)?.index;
const previous = () => shown.findLast((event) => event.index < here)?.index;
const move = (number) => number !== undefined && go(number);

function drawEvents() {
  element("back").disabled = element("first").disabled = previous() === undefined;
  element("forward").disabled = element("last").disabled = next() === undefined;
  const items = shown.map((event) => {
    const button = make("button", "", marked.has(event.index) ? "marked" : "");
    button.append(make("span", event.track, "track"), make("code", event.text));
    if (event.index === here) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => go(event.index));
    const item = make("li");
    item.append(button);
    return item;
  });
  if (!items.length) items.push(make("li", "No event matches."));
  element("events").replaceChildren(...items);
  reveal(element("events"));
}

function drawEvent(fields) {
  const body = make("tbody");
  for (const [name, value] of Object.entries(fields)) {
    const row = make("tr");
    const label = make("th", name);
    label.scope = "row";
    row.append(label, make("td", value));
    body.append(row);
  }
  element("event").replaceChildren(body);
}

function drawFindings() {
  const items = about.findings.map((finding) => {
    const item = make("li", "", finding.doubt ? "doubt" : "");
    item.append(make("strong", finding.property), finding.doubt ? " is not decided" : " is violated");
    for (const [label, words] of [
      ["observed", finding.observed], ["allowed", finding.allowed], ["because", finding.guard],
      ["unless", finding.doubt], ["looks like", finding.known_bug],
    ]) {
      if (words) item.append(make("p", `${label}: ${words}`));
    }
    const places = make("p", "shown by ");
    for (const number of finding.events) {
      const link = make("a", String(number + 1));
      link.href = `#${number}`;
      if (number === here) link.setAttribute("aria-current", "true");
      places.append(link, " ");
    }
    item.append(places);
    return item;
  });
  if (!items.length) items.push(make("li", "none", "none"));
  element("findings").replaceChildren(...items);
}

async function judge() {
  const at = here;
  say("Judging …");
  try {
    const judged = await ask("judge", { at });
    if (at !== here) return;
    const order = ["violated", "holds", "inconclusive", "not decidable"];
    const sorted = judged.properties.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
    element("properties").replaceChildren(...sorted.map((property) => {
      const item = make("li", "", { violated: "violated", holds: "true" }[property.verdict] || "open");
      const details = make("details");
      details.append(make("summary", property.name), make("p", about.properties[property.name]));
      const places = property.checked ? ` (${property.checked})` : "";
      item.append(make("span", `${property.verdict}${places}`, "truth"), details);
      return item;
    }));
    element("judged-title").textContent = `Decided up to event ${here + 1}`;
    element("judged-part").hidden = false;
    say("");
  } catch (error) {
    say(error.message, true);
  }
}

async function begin() {
  try {
    about = await ask("about", {});
  } catch (error) {
    say(error.message, true);
    return;
  }
  document.title = `${about.title}: zabcheck explore`;
  element("title").textContent = about.title;
  element("about").textContent = [`${about.verdict}: ${about.reason}`, about.limit].filter(Boolean).join("; ");
  for (const finding of about.findings) finding.events.forEach((number) => marked.add(number));
  element("track").append(...about.tracks.map((track) => {
    const option = make("option", track);
    option.value = track;
    return option;
  }));
  if (!about.count) {
    say("There are no events.");
    return;
  }
  const actions = {
    ArrowLeft: () => move(previous()),
    ArrowRight: () => move(next()),
    Home: () => go(0),
    End: () => go(about.count - 1),
    "/": () => element("filter").focus(),
  };
  onClicks({
    first: actions.Home, back: actions.ArrowLeft, forward: actions.ArrowRight, last: actions.End, judge,
  });
  element("judge").disabled = !about.judges;
  element("track").addEventListener("change", show);
  element("filter").addEventListener("input", show);
  onKeys(actions);
  addEventListener("hashchange", show);
  await show();
}

begin();
