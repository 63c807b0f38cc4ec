// The chosen step: what it computes, its numbers, its way back, its code.

function choose(row) {
  state.chosen = row;
  show();
}

function go(moment, follow = true) {
  state.now = Math.max(0, Math.min(moment, state.moments.length - 1));
  const at = state.moments[state.now];
  state.chosen = at ? at.row : state.rows[0];
  show();
  if (!follow || !at) return;
  keepInSight(at.row.element);
  const main = document.querySelector("main"), map = $("map").getBoundingClientRect();
  if (window.innerWidth > 900 && map.bottom > window.innerHeight - 80) window.scrollTo({ top: main.offsetTop });
}

function keepInSight(line) {
  const rows = $("rows"), top = line.offsetTop, height = rows.clientHeight;
  if (top < rows.scrollTop + ROW || top + 2 * ROW > rows.scrollTop + height) rows.scrollTop = top - height / 2;
}

function show() {
  const at = state.moments[state.now], backward = at?.way === "backward";
  document.body.classList.toggle("backward", backward);
  $("slider").value = state.now;
  $("moment").replaceChildren(...momentText(at));
  for (const row of state.rows) {
    const line = row.element, there = made(row);
    line.classList.toggle("future", row.type !== "open" && !there);
    line.classList.toggle("chosen", row === state.chosen);
    line.setAttribute("aria-selected", row === state.chosen);
    if (!row.node) continue;
    row.node.classList.toggle("on", row.type !== "leaf" && there);
    row.node.classList.toggle("pulled", Boolean(pulled(row)));
    row.node.classList.toggle("now", at?.row === row);
    const value = data.values[row.out], g = value.g !== null && value.a.length > 0 && arrivalsNow(row.out) === value.a.length;
    row.thumbs.replaceChildren(...[thumb(value.f, false), g ? thumb(value.g, true) : null].filter(Boolean).slice(g ? -2 : 0));
  }
  for (const { from, to, path } of state.edges) {
    path.classList.toggle("on", made(from) && made(to));
    path.classList.toggle("pulled", Boolean(pulled(to)) && to.operations.some((o) => data.ops[o].pulls.some((p) => (from.operations || []).some((q) => data.ops[q].out === p.to) || from.value === p.to)));
  }
  showGraph();
  drawDetail();
}

function momentText(at) {
  if (!at) return [data.ops.length ? "Before the first step: what is known" : ""];
  const order = at.way === "forward" ? state.now : state.now - state.turn;
  const total = at.way === "forward" ? state.turn : state.moments.length - 1 - state.turn;
  const name = at.row.type === "op" ? data.ops[at.row.operations[0]].n : titleOf(at.row.group).join(" ");
  return [element("b", {}, at.way), ` ${order} of ${total} · ${name}`];
}

function drawDetail() {
  const row = state.chosen, holder = $("detail");
  if (!row) return holder.replaceChildren(element("p", { class: "about" }, "There is no example to step through."));
  const parts = row.type === "op" ? operationParts(data.ops[row.operations[0]], row)
    : row.type === "leaf" ? valueParts(data.values[row.value], row.value) : groupParts(row.group, row);
  holder.replaceChildren(...parts.filter(Boolean));
}

function part(title, there, note, ...children) {
  const holder = element("div", { class: there ? "part there" : "part not-yet" });
  holder.append(element("h3", {}, title), ...children.filter(Boolean));
  if (!there && note) holder.prepend(element("div", { class: "not-yet-note" }, note));
  return holder;
}

function pathOf(group) {
  const names = [];
  for (let at = group; at && at.parent; at = at.parent) names.unshift(at.label);
  return names.join(" › ");
}

function operationParts(operation, row) {
  const out = data.values[operation.out], there = made(row), back = pulled(row);
  const letters = operation.in.map((v, k) => element("li", {}, element("b", { html: data.math[operation.l[k]] }), ` is ${data.values[v].n}`, data.values[v].k === null ? ` (${sizeOf(v)})` : ""));
  return [
    element("div", { class: "path" }, pathOf(homes.get(operation.i))),
    element("h2", { class: "what" }, operation.n),
    element("div", { class: "primitive" }, operation.p),
    operation.about ? element("p", { class: "about", html: operation.about }) : null,
    part("Formula", true, "", operation.m === null ? element("p", { class: "about" }, "It has no formula for one element; its code is below.") : math(operation.m), element("ul", { class: "where" }, ...letters)),
    operation.w.length ? part("With the numbers", there, "", element("div", { class: "worked" }, ...operation.w.map(math))) : null,
    part("Values", there, there ? "" : `This step comes later: number ${row.forwardAt}.`,
      element("div", { class: "figures" }, ...uniqueInputs(operation).map((v) => figure(data.values[v].f, data.values[v].n, data.values[v].r === "result" ? "" : data.values[v].r)), figure(out.f, "y", ""))),
    operation.turn ? backwardPart(operation, out, back) : null,
    codePart(operation),
  ];
}

const sizeOf = (v) => { const f = data.figures[data.values[v].f]; return f.s.length ? f.s.join(" × ") : "scalar"; };
const uniqueInputs = (operation) => [...new Set(operation.in)].filter((v) => data.values[v].k === null);

function backwardPart(operation, out, there) {
  const pulls = operation.pulls.map((p) => {
    const to = data.values[p.to];
    const holder = element("div", { class: "pull" }, element("h4", {}, `to ${to.n}`));
    if (p.d !== null) holder.append(element("div", { class: "about" }, "local derivative"), math(p.d));
    if (p.m !== null) holder.append(element("div", { class: "about" }, "gradient arriving × local derivative"), math(p.m));
    if (p.w.length) holder.append(element("div", { class: "worked" }, ...p.w.map(math)));
    const shown = element("div", { class: "figures" });
    if (p.local !== null) shown.append(figure(p.local, p.jacobian ? "Jacobian" : "local derivative"));
    shown.append(figure(p.product, "product"));
    holder.append(shown);
    if (to.a.length > 1) holder.append(element("div", { class: "about" }, `one of ${to.a.length} gradients that add up at ${to.n}`), to.plus === null ? "" : math(to.plus));
    if (p.check) holder.append(element("div", { class: `check ${p.kink ? "kink" : p.error < 1e-3 ? "" : "off"}` }, (p.kink || p.error >= 1e-3 ? "" : "✓ ") + p.check));
    return holder;
  });
  return part("Backward", there, there ? "" : "The backward pass has not come here yet.",
    element("div", { class: "figures" }, out.g === null ? null : figure(out.g, "gradient arriving")), ...pulls);
}

function codePart(operation) {
  const parts = [];
  if (operation.line) parts.push(element("div", { class: "from" }, `${operation.line.file}:${operation.line.line}`), element("pre", { html: operation.line.html }));
  if (operation.def !== null) parts.push(codeOf(operation.def, false));
  return part("Code", true, "", ...parts);
}

function codeOf(k, open) {
  const place = data.places[k];
  const holder = element("details", {}, element("summary", {}, `${place.name || "definition"}, ${place.file}:${place.line}`), element("pre", { html: place.html }));
  holder.open = open;
  return holder;
}

function valueParts(value, v) {
  const arrived = arrivalsNow(v), all = arrived === value.a.length && value.a.length > 0;
  const gradients = value.a.map((arrival) => figure(arrival.f, `from ${arrival.s}`));
  return [
    element("div", { class: "path" }, value.r),
    element("h2", { class: "what" }, value.n),
    part("Value", true, "", element("div", { class: "figures" }, figure(value.f, "value"))),
    value.g === null ? element("p", { class: "about" }, "No gradient is computed here.")
      : part(value.a.length > 1 ? `Gradient: ${value.a.length} arrive and add up` : "Gradient", all, all ? "" : "The backward pass has not come here yet.",
        value.a.length > 1 ? element("div", { class: "figures" }, ...gradients) : null,
        value.plus === null ? null : math(value.plus),
        element("div", { class: "figures" }, figure(value.g, value.a.length > 1 ? "sum" : "gradient"))),
  ];
}

function groupParts(group, row) {
  const operations = operationsOf(group), inside = new Set(operations.map((o) => data.ops[o].out));
  const read = [...new Set(operations.flatMap((o) => data.ops[o].in))].filter((v) => !inside.has(v) && data.values[v].k === null);
  const out = data.values[data.ops[operations[operations.length - 1]].out];
  const line = row.operations ? row : null, there = line ? made(line) : true, back = line ? pulled(line) : true;
  const facts = [`${operations.length} operation${operations.length > 1 ? "s" : ""}`];
  if (group.params) facts.unshift(`${group.params.toLocaleString("en")} parameters`);
  const gradients = read.filter((v) => data.values[v].g !== null);
  return [
    element("div", { class: "path" }, pathOf(group.parent)),
    element("h2", { class: "what" }, titleOf(group).join(" ")),
    element("div", { class: "primitive" }, group.k === "module" ? group.n : "function"),
    element("p", { class: "about" }, facts.join(" · ")),
    part("Values", there, "", element("div", { class: "figures" }, ...read.map((v) => figure(data.values[v].f, data.values[v].n, data.values[v].r === "result" ? "" : data.values[v].r)), figure(out.f, "result"))),
    out.g === null && !gradients.length ? null : part("Gradients", back, back ? "" : "The backward pass has not come here yet.",
      element("div", { class: "figures" }, out.g === null ? null : figure(out.g, "arriving at the result"), ...gradients.map((v) => figure(data.values[v].g, `at ${data.values[v].n}`)))),
    group.line || group.place !== null ? part("Code", true, "",
      group.line ? element("div", { class: "from" }, `${group.line.file}:${group.line.line}`) : null,
      group.line ? element("pre", { html: group.line.html }) : null,
      group.place !== null ? codeOf(group.place, true) : null) : null,
  ];
}
