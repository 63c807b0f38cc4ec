// The diagram as a list: one row a step, and a lane on the left for each value that is still to be read.

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
  line.append(element("span", { class: "gutter", style: `width:${width + INDENT * Math.min(row.depth, 6)}px` }));
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
  document.body.classList.toggle("forward-only", state.turn === state.moments.length - 1);
  const row = operation === undefined ? null : rowOf(operation);
  state.now = row ? (way === "backward" && row.backwardAt < Infinity ? row.backwardAt : row.forwardAt) : 0;
  state.chosen = row || state.rows[0];
  show();
}
