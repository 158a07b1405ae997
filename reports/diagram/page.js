"use strict";
// One run: its rows, the state after each, and which of them are shown. Everything is set as text, never as markup.
(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const steps = all(".step"), rows = all(".diagram .row"), messages = all(".diagram .message");
  const detail = one(".detail"), kind = one(".kind-filter"), find = one(".text-filter"), lanes = all(".lane-filter");
  const haystacks = run.rows.map((row, i) =>
    [row.name, row.detail, row.sentence, ...row.changes.flat(), ...of(i + 1).map((a) => a.text)].join(" ").toLowerCase());
  let current = 0, onlyChanged = matchMedia("(max-width: 860px)").matches;

  function of(number) {
    return run.arrows.filter((arrow) => arrow.sent === number || arrow.ended === number);
  }

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function stateAfter(number) {
    const state = new Map(run.initial);
    for (const row of run.rows.slice(0, number)) for (const [field, , after] of row.changes) state.set(field, after);
    return state;
  }

  function table(head, body) {
    const made = element("table"), first = made.createTHead().insertRow(), rest = made.createTBody();
    for (const name of head) { const cell = element("th", name); cell.scope = "col"; first.append(cell); }
    for (const [cells, className] of body) {
      const row = rest.insertRow();
      row.className = className;
      for (const cell of cells) row.insertCell().append(cell);
    }
    return made;
  }

  function messageLine(arrow, number) {
    const ends = `${run.lanes[arrow.sender] ?? "?"} → ${run.lanes[arrow.receiver] ?? "?"}`;
    const ended = arrow.ended === null ? "in transit at the end" : `${arrow.received ? "received" : "lost"} in step ${arrow.ended}`;
    const fate = arrow.ended !== number ? ended : `${arrow.received ? "received" : "lost"}, sent in step ${arrow.sent}`;
    return [[ends, arrow.text, arrow.sent === arrow.ended ? "" : fate], ""];
  }

  function show(number) {
    current = number;
    const row = run.rows[number - 1];
    for (const step of steps) step.removeAttribute("aria-current");
    if (row) steps[number - 1].setAttribute("aria-current", "step");
    rows.forEach((drawn, i) => drawn.classList.toggle("chosen", i === number - 1));
    messages.forEach((drawn, i) => drawn.classList.toggle("chosen",
      !!row && (run.arrows[i].sent === number || run.arrows[i].ended === number)));
    const title = row ? `${number}  ${row.name}` : "Before the first step";
    const parts = [element("h2", title)];
    if (row) {
      if (row.remark) parts.push(element("p", row.remark, "remark"));
      if (row.detail) parts.push(element("p", row.detail));
      if (row.sentence) parts.push(element("p", row.sentence, "soft"));
      if (row.down.length) parts.push(element("p", `does not run: ${row.down.map((lane) => run.lanes[lane]).join(", ")}`, "soft"));
      const moved = of(number);
      if (moved.length) {
        parts.push(element("h3", "Messages"), table(["from → to", "message", "what became of it"], moved.map((a) => messageLine(a, number))));
      }
    }
    if (run.initial.length) parts.push(...stateOf(number, row));
    if (number === run.rows.length) parts.push(element("h3", run.headline), element("p", run.clause));
    detail.replaceChildren(...parts);
    detail.scrollTop = 0;
  }

  function stateOf(number, row) {
    const before = new Map((row ? row.changes : []).map(([field, old]) => [field, old]));
    const durable = new Set((row ? row.changes : []).filter((change) => change[3]).map(([field]) => field));
    const shown = lanes.filter((lane) => lane.ariaPressed === "true").map((lane) => run.lanes[lane.dataset.lane]);
    const body = [];
    for (const [field, value] of stateAfter(number)) {
      const changed = before.has(field), owner = run.owners[field];
      if (!changed && (onlyChanged || (owner !== undefined && !shown.includes(owner)))) continue;
      const cell = element("span");
      if (changed) cell.append(element("del", before.get(field)), " ");
      cell.append(value, durable.has(field) ? " (on disk)" : "");
      const evidence = number === run.rows.length && run.evidence.includes(field);
      body.push([[field, cell], `${changed ? "changed" : ""} ${evidence ? "evidence" : ""}`.trim()]);
    }
    body.sort(([, a], [, b]) => (b.length > 0) - (a.length > 0));
    const heading = element("h3", "State after it: what changed comes first");
    const toggle = element("button", onlyChanged ? "show all fields" : "only what changed");
    toggle.type = "button";
    toggle.addEventListener("click", () => { onlyChanged = !onlyChanged; show(current); one(".detail button").focus(); });
    return [heading, toggle, table(["field", "value"], body)];
  }

  function matches(row, i) {
    const chosen = new Set(lanes.filter((lane) => lane.ariaPressed === "true").map((lane) => Number(lane.dataset.lane)));
    if (row.lanes.length && !row.lanes.some((lane) => chosen.has(lane))) return false;
    const wanted = kind.value;
    if (wanted === "fault" && !row.fault) return false;
    if (wanted === "disk" && !row.changes.some((change) => change[3])) return false;
    if (wanted === "message" && !of(i + 1).length) return false;
    if (wanted.startsWith("=") && row.name !== wanted.slice(1)) return false;
    return haystacks[i].includes(find.value.toLowerCase());
  }

  let visible = [];
  function filter() {
    visible = run.rows.map((row, i) => (matches(row, i) ? i + 1 : 0)).filter(Boolean);
    const kept = new Set(visible);
    steps.forEach((step, i) => step.classList.toggle("other", !kept.has(i + 1)));
    rows.forEach((row, i) => row.classList.toggle("other", !kept.has(i + 1)));
    messages.forEach((drawn, i) => drawn.classList.toggle("other",
      !kept.has(run.arrows[i].sent) && !kept.has(run.arrows[i].ended)));
    const total = run.rows.length;
    one(".count").textContent = visible.length === total ? `${total} ${run.unit}` : `${visible.length} of ${total} ${run.unit}`;
    show(current);
  }

  function go(number, focus) {
    show(number);
    const target = steps[number - 1];
    if (!target) { one(".time").scrollTop = 0; return; }
    const pane = one(".time"), top = target.parentElement.offsetTop;
    if (top < pane.scrollTop + 40) pane.scrollTop = top - 60;
    else if (top + 60 > pane.scrollTop + pane.clientHeight) pane.scrollTop = top - pane.clientHeight + 90;
    if (focus) target.focus({ preventScroll: true });
  }

  const next = () => visible.find((number) => number > current) ?? current;
  const previous = () => visible.findLast((number) => number < current) ?? (run.initial.length ? 0 : current);
  const keys = { j: next, ArrowDown: next, ArrowRight: next, k: previous, ArrowUp: previous, ArrowLeft: previous,
    Home: () => (run.initial.length ? 0 : visible[0] ?? current), End: () => visible.at(-1) ?? current };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      find.value = kind.value = "";
      lanes.forEach((lane) => { lane.ariaPressed = "true"; });
      filter();
      steps[Math.max(current - 1, 0)].focus();
    } else if (event.target.matches("input, select")) {
      if (event.key === "Enter") go(next(), true);
    } else if (event.key === "/") {
      event.preventDefault();
      find.focus();
    } else if (keys[event.key] && !(event.key.startsWith("Arrow") && event.target === detail)) {
      event.preventDefault();
      go(keys[event.key](), true);
    }
  });
  steps.forEach((step, i) => step.addEventListener("click", () => go(i + 1)));
  rows.forEach((row, i) => row.addEventListener("click", () => go(i + 1)));
  lanes.forEach((lane) => lane.addEventListener("click", () => {
    lane.ariaPressed = String(lane.ariaPressed !== "true");
    filter();
  }));
  kind.addEventListener("change", filter);
  find.addEventListener("input", filter);
  filter();
  go(run.begin);
})();
