// The page of a recording. The address names the event: #<number>.
"use strict";

let about = null;
let here = 0;
let shown = [];
const marked = new Set();

const numberOf = (hash) => {
  const match = /^#(\d+)$/.exec(hash);
  return match ? Math.min(Number(match[1]), Math.max(about.count - 1, 0)) : null;
};

const go = (number) => visit(`#${number}`, show);

async function show() {
  if (!about.count) {
    say("There are no events.");
    return;
  }
  here = numberOf(location.hash) ?? about.findings[0]?.events.at(-1) ?? 0;
  element("judged-part").hidden = true;
  element("position").textContent = `event ${here + 1} of ${about.count}`;
  const given = { at: here, track: element("track").value, text: element("filter").value };
  const question = () => Promise.all([ask("events", given), ask("event", { at: here })]);
  await latest("event", question, ([around, event]) => {
    shown = around.events;
    drawEvents();
    drawEvent(event.fields);
    drawFindings();
    say("");
  });
}

// The nearest shown event before or after this one.
const next = () => shown.find((event) => event.index > here)?.index;
const previous = () => shown.findLast((event) => event.index < here)?.index;
const move = (number) => number !== undefined && go(number);

function drawEvents() {
  enableMoves(previous() !== undefined, next() !== undefined);
  const items = shown.map((event) => {
    const button = make("button", "", marked.has(event.index) ? "marked" : "");
    button.append(make("span", event.track, "track"), make("code", event.text));
    if (event.index === here) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => go(event.index));
    return listed(button);
  });
  if (!items.length) items.push(make("li", "No event matches."));
  element("events").replaceChildren(...items);
  reveal(element("events"));
}

function drawEvent(fields) {
  const body = make("tbody");
  body.append(...Object.entries(fields).map(([name, value]) => labelled(name, name, [value])));
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
  await latest("event", () => ask("judge", { at }), (judged) => {
    const order = ["violated", "holds", "inconclusive", "not decidable"];
    const sorted = judged.properties.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
    element("properties").replaceChildren(...sorted.map((property) => {
      const classes = { violated: "violated", holds: "true" }[property.verdict] || "open";
      const places = property.checked ? ` (${property.checked})` : "";
      return judgedItem(property.name, `${property.verdict}${places}`, classes, about.properties[property.name]);
    }));
    element("judged-title").textContent = `Decided up to event ${at + 1}`;
    element("judged-part").hidden = false;
    say("");
  });
}

const moves = {
  ArrowLeft: () => move(previous()),
  ArrowRight: () => move(next()),
  Home: () => go(0),
  End: () => go(about.count - 1),
};

begin((said) => {
  about = said;
  entitle(about.title);
  element("about").textContent = [`${about.verdict}: ${about.reason}`, about.limit].filter(Boolean).join("; ");
  for (const finding of about.findings) finding.events.forEach((number) => marked.add(number));
  element("track").append(...about.tracks.map((track) => {
    const option = make("option", track);
    option.value = track;
    return option;
  }));
  if (!about.count) return;
  onActions(moves, { judge });
  element("judge").disabled = !about.judges;
  element("track").addEventListener("change", show);
  element("filter").addEventListener("input", show);
}, show);
