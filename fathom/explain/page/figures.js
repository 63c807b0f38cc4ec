// Figures: numbers in a table, or a picture of them; small ones for a row.

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
