// Time: the slider, the keys, playing; and how the page begins.

let playing = null;
function play() {
  if (playing) return stop();
  if (state.now >= state.moments.length - 1) go(0);
  $("play").classList.add("playing");
  $("play").setAttribute("aria-label", "Pause");
  playing = setInterval(() => { if (state.now >= state.moments.length - 1) stop(); else go(state.now + 1); }, 700);
}
function stop() {
  clearInterval(playing);
  playing = null;
  $("play").classList.remove("playing");
  $("play").setAttribute("aria-label", "Play");
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

$("as-graph").addEventListener("click", () => look("graph"));
$("as-list").addEventListener("click", () => look("list"));
readGraph();
unfoldAtFirst();
look(data.graph && !NARROW ? "graph" : "list");
if (/^#\d+$/.test(location.hash)) go(+location.hash.slice(1));      // page.html#12 opens at moment 12
requestAnimationFrame(() => document.body.classList.add("ready"));
