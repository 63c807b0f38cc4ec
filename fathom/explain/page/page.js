"use strict";
// The page of an explanation. What is explained stands in #data; nothing is computed here but the layout.
//
//   visible rows   the unfolded part of the tree, in order: groups, operations, and the values known before
//   moments        forward through the visible steps, then backward through those that have gradients
//
// The files of this folder are one script, in the order that html.py gives.
//
// An element exists at a moment if the step that makes it is not later; what does not exist yet is grey.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const NARROW = window.innerWidth < 600;           // a phone
const ROW = 38, LANE = NARROW ? 10 : 15, MARGIN = NARROW ? 14 : 20, INDENT = NARROW ? 6 : 14;
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
