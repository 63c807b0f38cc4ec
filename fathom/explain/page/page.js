"use strict";
// The page of an explanation. What is explained stands in #data; nothing is computed here but the layout.
//
//   visible rows   the unfolded part of the tree, in order: groups, operations, and the values known before
//   moments        forward through the visible steps, then backward through those that have gradients
//
// An element exists at a moment if the step that makes it is not later; what does not exist yet is grey.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const ROW = 38, LANE = 15, MARGIN = 20;
const state = { open: new Set(), chosen: null, now: 0, rows: [], moments: [], turn: 0 };

// ---- small helpers --------------------------------------------------------------------------------

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "html") made.innerHTML = value;       // only of strings that the page's maker escaped
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function drawn(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const short = (x, digits = 4) => {
  if (x === null || x === undefined) return "·";
  if (typeof x !== "number") return String(x);
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-4) return x.toExponential(2).replaceAll("-", "−").replace("e+", "e");
  return String(+x.toPrecision(digits)).replace("-", "−");
};
const math = (k) => element("div", { class: "math", html: data.math[k] });

// ---- the tree, and which rows are visible ---------------------------------------------------------

const groups = [];
function number(group, depth, parent) {
  group.id = groups.length;
  group.depth = depth;
  group.parent = parent;
  groups.push(group);
  for (const child of group.c) if (child.c) number(child, depth + 1, group);
}
number(data.tree, 0, null);
const homes = new Map();                       // operation -> its group
for (const group of groups) for (const child of group.c) if (!child.c) homes.set(child.o, group);

function operationsOf(group) {
  return group.c.flatMap((child) => (child.c ? operationsOf(child) : [child.o]));
}

function unfoldAtFirst() {                       // as much as a person takes in at once
  state.open.add(0);
  const few = data.ops.length <= 14;
  for (let depth = 1; ; depth++) {
    const level = groups.filter((g) => g.depth === depth && state.open.has(g.parent.id) && (few || g.k === "module"));
    const rows = groups.filter((g) => state.open.has(g.id)).reduce((n, g) => n + g.c.length, 0);
    const more = level.reduce((n, g) => n + g.c.length, 0);
    if (!level.length || (!few && rows + more > 30)) return;
    for (const group of level) state.open.add(group.id);
  }
}

function layRows() {
  const rows = [], shown = new Map(), leaves = new Set();    // value -> the row that makes it
  const addLeaf = (v, depth) => {
    leaves.add(v);
    shown.set(v, rows.length);
    rows.push({ type: "leaf", value: v, depth });
  };
  const isLeaf = (v) => data.values[v].r !== "result" && data.values[v].k === null && !leaves.has(v);
  const leavesOf = (operation, depth) => data.ops[operation].in.forEach((v) => isLeaf(v) && addLeaf(v, depth));
  for (const o of operationsOf(data.tree))
    for (const v of data.ops[o].in) if (data.values[v].r === "input" && isLeaf(v)) addLeaf(v, 0);
  const walk = (group) => {
    for (const child of group.c) {
      const depth = group.depth;
      if (child.c && state.open.has(child.id)) {
        rows.push({ type: "open", group: child, depth });
        walk(child);
      } else if (child.c) {
        const operations = operationsOf(child);
        for (const o of operations) shown.set(data.ops[o].out, rows.length);
        rows.push({ type: "group", group: child, operations, depth });
      } else {
        leavesOf(child.o, depth);
        shown.set(data.ops[child.o].out, rows.length);
        rows.push({ type: "op", operations: [child.o], depth });
      }
    }
  };
  walk(data.tree);
  if (!data.ops.length) data.values.forEach((_, v) => addLeaf(v, 0));       // made from nothing that is a tensor
  state.rows = rows;
  rows.forEach((row, k) => {
    row.k = k;
    const wanted = new Set();
    for (const o of row.operations || [])
      for (const v of data.ops[o].in) {
        const from = shown.get(v);
        if (from !== undefined && from < k) wanted.add(from);
      }
    row.from = [...wanted].sort((a, b) => a - b);
  });
  layMoments();
}

function layMoments() {
  const steps = state.rows.filter((row) => row.operations);
  const back = steps.filter((row) => row.operations.some((o) => data.ops[o].turn));
  for (const row of back) row.turn = Math.max(...row.operations.map((o) => data.ops[o].turn || 0));
  back.sort((a, b) => a.turn - b.turn);
  state.moments = [null, ...steps.map((row) => ({ row, way: "forward" })), ...back.map((row) => ({ row, way: "backward" }))];
  state.turn = steps.length;
  for (const row of steps) { row.forwardAt = Infinity; row.backwardAt = Infinity; }
  state.moments.forEach((moment, k) => { if (moment) moment.row[moment.way + "At"] = k; });
}

function rowOf(operation) {
  return state.rows.find((row) => row.operations && row.operations.includes(operation));
}

// ---- what exists now ------------------------------------------------------------------------------

const made = (row) => !row.operations || row.forwardAt <= state.now;
const pulled = (row) => row.operations && row.backwardAt <= state.now;
function arrivalsNow(v) {                      // how many of a value's gradients have arrived
  const value = data.values[v];
  return value.a.filter((arrival) => {
    if (arrival.o === null) return state.now > state.turn;
    const row = rowOf(arrival.o);
    return row && row.backwardAt <= state.now;
  }).length;
}

// ---- figures --------------------------------------------------------------------------------------

function colors() {
  const style = getComputedStyle(document.documentElement);
  return ["--zero", "--minus", "--plus"].map((name) => style.getPropertyValue(name).trim().split(/\s+/).map(Number));
}
let palette = colors();
function colorOf(x, top) {
  const [zero, minus, plus] = palette;
  const t = Math.min(1, Math.abs(x) / (top || 1)) ** 0.8, end = x < 0 ? minus : plus;
  return zero.map((z, k) => Math.round(z + (end[k] - z) * t));
}
const topOf = (f) => Math.max(Math.abs(f.lo ?? 0), Math.abs(f.hi ?? 0));

function canvasOf(f, tile) {
  const [, h, w] = f.p.size, bytes = Uint8Array.from(atob(f.p.data), (c) => c.charCodeAt(0));
  const canvas = element("canvas", { width: w, height: h });
  const pixels = new ImageData(w, h), top = Math.max(Math.abs(f.p.lo), Math.abs(f.p.hi));
  for (let k = 0; k < w * h; k++) {
    const byte = bytes[tile * w * h + k];
    const color = byte === 255 ? [128, 128, 128] : colorOf(f.p.lo + ((f.p.hi - f.p.lo) * byte) / 254, top);
    pixels.data.set([...color, byte === 255 ? 40 : 255], 4 * k);
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

function numbersOf(f) {
  if (f.v.length === 1 && !f.s.length) return element("div", { class: "scalar" }, short(f.v[0]));
  const columns = f.s.length ? f.s[f.s.length - 1] : 1, table = element("table"), top = topOf(f);
  for (let k = 0; k < f.v.length; k += columns) {
    const line = element("tr");
    for (const x of f.v.slice(k, k + columns)) {
      const [r, g, b] = typeof x === "number" ? colorOf(x, top * 2.2) : [128, 128, 128];
      line.append(element("td", { style: `background:rgb(${r} ${g} ${b})` }, short(x)));
    }
    table.append(line);
  }
  return element("div", { class: "numbers" }, table);
}

function figure(k, caption, role = "") {
  const f = data.figures[k], made = element("figure");
  const size = f.s.length ? f.s.join(" × ") : "scalar";
  made.append(element("figcaption", {}, element("b", {}, caption), " ", element("span", { class: "role" }, role), ` ${size} · ${f.d}`));
  if (f.v) made.append(numbersOf(f));
  else if (f.p) {
    const tiles = element("div", { class: "tiles" }), [count, h, w] = f.p.size;
    const scale = Math.max(2, Math.min(16, Math.floor((count > 1 ? 84 : 196) / Math.max(h, w))));
    for (let t = 0; t < count; t++) {
      const canvas = canvasOf(f, t);
      canvas.style.width = `${w * scale}px`;
      canvas.style.maxWidth = "100%";
      tiles.append(canvas);
    }
    made.append(tiles);
  }
  if (!f.v && f.lo !== null) made.append(element("div", { class: "range" }, `min ${short(f.lo)}  mean ${short(f.me)}  max ${short(f.hi)}`));
  if (f.odd) made.append(element("div", { class: "range backward-title" }, `${f.odd} not finite`));
  return made;
}

function thumb(k, gradient) {
  const f = data.figures[k];
  if (f.v && f.v.length === 1) return element("span", gradient ? { class: "g" } : {}, short(f.v[0], 3));
  if (f.v) {
    const columns = f.s[f.s.length - 1] || 1, rows = f.v.length / columns, top = topOf(f);
    const canvas = element("canvas", { width: columns, height: rows }), pixels = new ImageData(columns, rows);
    f.v.forEach((x, i) => pixels.data.set([...(typeof x === "number" ? colorOf(x, top) : [128, 128, 128]), 255], 4 * i));
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    canvas.style.height = `${Math.min(24, Math.max(8, (24 * rows) / columns))}px`;
    return canvas;
  }
  return f.p ? canvasOf(f, 0) : null;
}

// ---- the diagram ----------------------------------------------------------------------------------

function drawRows() {
  const holder = $("rows"), lanes = lay(), width = MARGIN + LANE * lanes.count + 6;
  const picture = drawn("svg", { width, height: ROW * state.rows.length, "aria-hidden": "true" });
  for (const edge of lanes.edges) {
    edge.path = drawn("path", { class: "edge", d: edge.d });
    picture.append(edge.path);
  }
  const list = state.rows.map((row) => rowElement(row, width));
  for (const row of state.rows)
    if (row.type !== "open") {
      const x = MARGIN + LANE * row.lane, y = ROW * row.k + ROW / 2;
      row.node = row.type === "leaf"
        ? drawn("rect", { class: "node leaf", x: x - 4, y: y - 4, width: 8, height: 8, transform: data.values[row.value].r === "parameter" ? `rotate(45 ${x} ${y})` : "" })
        : drawn("circle", { class: "node", cx: x, cy: y, r: row.type === "group" ? 7 : 5 });
      picture.append(row.node);
    }
  holder.replaceChildren(picture, ...list);
  state.edges = lanes.edges;
}

function lay() {                                 // a lane for each value that is still to be read
  const rows = state.rows, last = new Map(), free = [], edges = [];
  let count = 1;
  for (const row of rows) for (const from of row.from) last.set(from, row.k);
  const take = () => { free.sort((a, b) => a - b); return free.length ? free.shift() : count++; };
  free.push(0);
  for (const row of rows) {
    if (row.type === "open") continue;
    const ending = row.from.filter((from) => last.get(from) === row.k).map((from) => rows[from].lane);
    free.push(...ending);
    if (ending.length) {
      row.lane = Math.min(...ending);
      free.splice(free.indexOf(row.lane), 1);
    } else row.lane = take();
    for (const from of row.from) edges.push({ from: rows[from], to: row, d: route(rows[from], row) });
    if (!last.has(row.k)) free.push(row.lane);
  }
  return { count, edges };
}

function route(from, to) {                       // down the lane of the source, then over to the reader
  const x0 = MARGIN + LANE * from.lane, x1 = MARGIN + LANE * to.lane;
  const y0 = ROW * from.k + ROW / 2, y1 = ROW * to.k + ROW / 2;
  if (x0 === x1) return `M${x0} ${y0}V${y1}`;
  const bend = Math.max(y0, y1 - ROW);
  return `M${x0} ${y0}V${bend}C${x0} ${bend + ROW * 0.6} ${x1} ${y1 - ROW * 0.6} ${x1} ${y1}`;
}

function rowElement(row, width) {
  const operation = row.type === "op" ? data.ops[row.operations[0]] : null;
  const value = row.type === "leaf" ? data.values[row.value] : null;
  const out = row.operations ? data.ops[row.operations[row.operations.length - 1]].out : row.value;
  const [name, kind] = operation ? [operation.n, other(operation.p.split("(")[0], operation.n)]
    : value ? [value.n, value.r] : titleOf(row.group);
  const line = element("div", {
    class: `row ${row.type}`, role: "treeitem", tabindex: "0", "aria-level": row.depth + 1,
    onclick: () => choose(row), onkeydown: (event) => rowKey(event, row),
  });
  line.append(element("span", { class: "gutter", style: `width:${width + 14 * Math.min(row.depth, 6)}px` }));
  if (row.group) {
    const open = row.type === "open";
    line.setAttribute("aria-expanded", open);
    line.append(element("button", { class: "fold", tabindex: "-1", "aria-label": `${open ? "Fold" : "Unfold"} ${name}`, onclick: (event) => { event.stopPropagation(); toggle(row.group); } }, open ? "▾" : "▸"));
  }
  line.append(element("span", { class: "name" }, name), element("span", { class: "kind" }, kind));
  if (row.type !== "open") {
    const f = data.figures[data.values[out].f];
    line.append(element("span", { class: "shape" }, f.s.length ? f.s.join("×") : ""));
    row.thumbs = element("span", { class: "thumb" });
    line.append(row.thumbs);
    row.out = out;
  }
  row.element = line;
  return line;
}

const other = (kind, name) => (kind.toLowerCase() === name.toLowerCase() ? "" : kind);
function titleOf(group) {                        // "Linear", 7 for the seventh of a Sequential; "fc1", Linear for an attribute
  return /^\d+$/.test(group.label) ? [group.n, group.label] : [group.label, group.k === "module" ? other(group.n, group.label) : ""];
}

function rowKey(event, row) {
  if (event.target !== row.element) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    const next = state.rows[row.k + step];
    if (next) { choose(next); next.element.focus(); }
  } else if (event.key === "Enter" || event.key === " ") {
    if (row.group) toggle(row.group); else choose(row);
  } else return;
  event.preventDefault();
}

function toggle(group) {
  const inside = state.moments[state.now]?.row.operations[0], way = state.moments[state.now]?.way;
  if (state.open.has(group.id)) state.open.delete(group.id); else state.open.add(group.id);
  rebuild(inside, way);
  const row = state.rows.find((r) => r.group === group);
  if (row) choose(row);
}

function rebuild(operation, way) {
  layRows();
  drawRows();
  $("slider").max = state.moments.length - 1;
  $("phases").style.setProperty("--turn", `${(100 * state.turn) / Math.max(1, state.moments.length - 1)}%`);
  const row = operation === undefined ? null : rowOf(operation);
  state.now = row ? (way === "backward" && row.backwardAt < Infinity ? row.backwardAt : row.forwardAt) : 0;
  state.chosen = row || state.rows[0];
  show();
}

// ---- the chosen step ------------------------------------------------------------------------------

function choose(row) {
  state.chosen = row;
  show();
}

function go(moment, follow = true) {
  state.now = Math.max(0, Math.min(moment, state.moments.length - 1));
  const at = state.moments[state.now];
  state.chosen = at ? at.row : state.rows[0];
  show();
  if (follow && at) keepInSight(at.row.element);
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
    operation.about ? element("p", { class: "about" }, operation.about) : null,
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

// ---- time -----------------------------------------------------------------------------------------

let playing = null;
function play() {
  if (playing) return stop();
  if (state.now >= state.moments.length - 1) go(0);
  $("play").textContent = "❚❚";
  playing = setInterval(() => { if (state.now >= state.moments.length - 1) stop(); else go(state.now + 1); }, 700);
}
function stop() {
  clearInterval(playing);
  playing = null;
  $("play").textContent = "▶▶";
}

$("slider").addEventListener("input", (event) => { stop(); go(+event.target.value); });
$("back").addEventListener("click", () => { stop(); go(state.now - 1); });
$("next").addEventListener("click", () => { stop(); go(state.now + 1); });
$("play").addEventListener("click", play);
$("unfold").addEventListener("click", () => { const at = state.moments[state.now]; groups.forEach((g) => state.open.add(g.id)); rebuild(at?.row.operations[0], at?.way); });
$("fold").addEventListener("click", () => { const at = state.moments[state.now]; state.open = new Set([0]); rebuild(at?.row.operations[0], at?.way); });
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.id === "slider") return;
  const to = { ArrowRight: state.now + 1, ArrowLeft: state.now - 1, Home: 0, End: state.moments.length - 1 }[event.key];
  if (to === undefined) return;
  stop();
  go(to);
  event.preventDefault();
});
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { palette = colors(); show(); });

unfoldAtFirst();
rebuild(undefined);
if (/^#\d+$/.test(location.hash)) go(+location.hash.slice(1));      // page.html#12 opens at moment 12
