// The diagram as boxes and arrows, for computations that fit on a page. It is laid out by the page's maker; here each
// box and arrow takes the look of the moment.

const graph = { boxes: [], arrows: [] };         // { at: what the box shows, line: its row, element }

function readGraph() {
  if (!data.graph) return;
  const picture = document.querySelector("#graph svg");
  picture.style.minWidth = `${0.8 * picture.viewBox.baseVal.width}px`;         // smaller letters cannot be read: it scrolls
  graph.boxes = [...document.querySelectorAll("#graph .box")].map((element, k) => {
    const { o, v } = data.graph[k];
    element.setAttribute("tabindex", "0");
    element.setAttribute("role", "button");
    const chosen = () => choose(rowOfBox({ o, v }));
    element.addEventListener("click", chosen);
    element.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { chosen(); event.preventDefault(); } });
    return { o, v, element };
  });
  graph.arrows = [...document.querySelectorAll("#graph .arrow")].map((element) => ({ element, from: graph.boxes[+element.dataset.from], to: graph.boxes[+element.dataset.to] }));
}

const rowOfBox = ({ o, v }) => state.rows.find((row) => (o === null ? row.type === "leaf" && row.value === v : row.type === "op" && row.operations[0] === o));

function look(as) {                              // "graph" or "list"
  const at = state.moments[state.now], inside = at?.row.operations[0];
  document.body.classList.toggle("as-graph", as === "graph");
  for (const name of ["graph", "list"]) $(`as-${name}`).setAttribute("aria-pressed", as === name);
  if (as === "graph") groups.forEach((group) => state.open.add(group.id));       // each box is a step
  rebuild(inside, at?.way);
}

function showGraph() {
  if (!document.body.classList.contains("as-graph")) return;
  const now = state.moments[state.now]?.row;
  for (const box of graph.boxes) {
    const row = rowOfBox(box), value = box.o === null ? box.v : data.ops[box.o].out;
    const arrived = data.values[value].a.length;
    box.there = made(row);
    box.back = arrived > 0 && arrivalsNow(value) === arrived;
    box.element.classList.toggle("future", !box.there);
    box.element.classList.toggle("pulled", box.back);
    box.element.classList.toggle("now", row === now);
    box.element.classList.toggle("chosen", row === state.chosen);
    if (row === now || (!now && row === state.chosen)) bringIntoSight(box.element);
  }
  for (const { element, from, to } of graph.arrows) {
    const gave = to.o !== null && pulled(rowOfBox(to)) && data.ops[to.o].pulls.some((p) => p.to === (from.o === null ? from.v : data.ops[from.o].out));
    element.classList.toggle("on", from.there && to.there);
    element.classList.toggle("pulled", Boolean(gave));
  }
}

function bringIntoSight(box) {                   // inside its own frame: the page itself stays where it is
  const holder = $("graph"), outer = holder.getBoundingClientRect(), inner = box.getBoundingClientRect();
  if (inner.top < outer.top + 8) holder.scrollTop -= outer.top + 40 - inner.top;
  if (inner.bottom > outer.bottom - 8) holder.scrollTop += inner.bottom - outer.bottom + 40;
  if (inner.left < outer.left) holder.scrollLeft -= outer.left + 20 - inner.left;
  if (inner.right > outer.right) holder.scrollLeft += inner.right - outer.right + 20;
}
