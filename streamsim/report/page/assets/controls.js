// Buttons above the charts, keys, the address of what is looked at, and the theme.

const THEMES = ['light', 'dark'];

// The steps of the slider over the whole run.
const SCRUBS = 1000;

function showTools(page) {
  const { view } = page;
  const play = el('button', { class: 'play', onclick: () => page.play(!page.playing) }, '▶ Play');
  const scrub = el('input', { class: 'scrub', type: 'range', min: 0, max: SCRUBS, step: 1, value: 0, 'aria-label': 'Time', oninput: () => { page.play(false); page.scrub((scrub.value / SCRUBS) * page.end); } });
  const now = el('output', { class: 'now', 'aria-label': 'Time shown' });
  const pressed = (name, value, text) => el('button', { 'aria-pressed': String(view[name] === value), onclick: (event) => {
    view[name] = view[name] === value ? (name === 'order' ? 'shard' : 'readable') : value;
    event.currentTarget.setAttribute('aria-pressed', String(view[name] === value));
    page.charts.forEach((chart) => { chart.scroll.scrollTop = 0; });
    page.charts.forEach((chart) => chart.resize());
  } }, text);
  const many = page.runs.some((run) => run.shards.length > 1), lots = page.runs.some((run) => run.rows.length > 12);
  const buttons = el('div', { class: 'tools', role: 'toolbar', 'aria-label': 'Time' },
    play, el('button', { onclick: () => page.step(-1), 'aria-label': 'Step back' }, '‹ Step'), el('button', { onclick: () => page.step(1), 'aria-label': 'Step on' }, 'Step ›'), scrub, now,
    el('button', { onclick: () => page.zoom(0.5), 'aria-label': 'Zoom in' }, '+'), el('button', { onclick: () => page.zoom(2), 'aria-label': 'Zoom out' }, '−'), el('button', { onclick: () => page.whole() }, 'Whole run'),
    many ? pressed('order', 'trouble', 'Trouble first') : null, lots ? pressed('density', 'fit', 'Fit all') : null,
    page.runs.length > 1 ? el('button', { 'aria-pressed': String(view.beside), onclick: (event) => { page.putBeside(!view.beside); event.currentTarget.setAttribute('aria-pressed', String(view.beside)); } }, 'Side by side') : null);
  const legend = showLegend(page);
  page.tools = { play, now, scrub, legend };
  return el('div', { class: 'bar card' }, buttons, el('div', { class: 'below' }, legend, keysHelp()));
}

const KEYS = [['space', 'play, pause'], ['. ,', 'step on, back'], ['n p', 'next, last moment'], ['+ −', 'zoom'], ['a d', 'earlier, later'], ['0 Esc', 'whole run'],
  ['← →', 'in the lanes: the lane’s next batch'], ['↑ ↓', 'in the lanes: another lane'], ['t', 'light, dark'], ['drag, ⇧ wheel', 'move'], ['Ctrl wheel', 'zoom']];

const keysHelp = () => el('details', { class: 'keys' }, el('summary', {}, 'Keys'), el('dl', { class: 'pairs' }, KEYS.map(([key, does]) => el('div', {}, el('dt', {}, el('kbd', {}, key)), el('dd', {}, does)))));

function attachKeys(page) {
  const keys = {
    ' ': () => page.play(!page.playing), '+': () => page.zoom(0.5), '=': () => page.zoom(0.5), '-': () => page.zoom(2), 0: () => page.whole(),
    n: () => page.nextMoment(1), p: () => page.nextMoment(-1), '.': () => page.step(1), ',': () => page.step(-1), t: () => page.turnTheme(),
    Escape: () => page.whole(), a: () => page.pan(-0.2), d: () => page.pan(0.2),
  };
  const inLanes = {
    ArrowRight: () => page.neighbour(1), ArrowLeft: () => page.neighbour(-1), ArrowDown: () => page.otherRow(1), ArrowUp: () => page.otherRow(-1),
    Home: () => page.edge(-1), End: () => page.edge(1),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event, field = /^(SELECT|TEXTAREA)$/.test(target.tagName);
    if (field || (event.key === ' ' && /^(BUTTON|SUMMARY|A|INPUT)$/.test(target.tagName))) return;
    const act = keys[event.key] ?? (target.matches?.('.lanes canvas') || target === document.body ? inLanes[event.key] : null);
    if (!act || (target === document.body && /^Arrow(Up|Down)$|^(Home|End)$/.test(event.key))) return;
    event.preventDefault();
    act();
  });
}

function readLink(page) {
  const link = new URLSearchParams(location.hash.slice(1)), { view } = page;
  const whole = (name, low, high) => {
    const value = Number(link.get(name));
    return link.has(name) && Number.isFinite(value) ? clamp(value, low, high) : null;
  };
  const run = whole('run', 1, page.runs.length);
  if (run !== null) view.run = Math.floor(run) - 1;
  const from = whole('from', 0, page.end), to = whole('to', 0, page.end);
  const shown = from !== null && to !== null && to > from;
  if (shown) [view.from, view.to] = [from, to];
  const entry = whole('batch', 0, page.runs[view.run].n - 1);
  if (entry !== null && page.runs[view.run].n) view.entry = Math.floor(entry);
  const moment = whole('moment', 1, page.runs[view.run].doc.moments.length);
  if (moment !== null) view.moment = Math.floor(moment) - 1;
  view.cursor = whole('at', 0, page.end);
  const record = whole('record', 1, 1e6);
  if (entry !== null && record !== null) view.rank = Math.floor(record) - 1;
  if (['trouble', 'shard'].includes(link.get('order'))) view.order = link.get('order');
  if (link.get('fit') === '1') view.density = 'fit';
  if (link.has('beside')) view.beside = page.runs.length > 1 && link.get('beside') === '1';
  if (THEMES.includes(link.get('theme'))) document.documentElement.dataset.theme = link.get('theme');
  return shown || entry !== null;
}

function writeLink(page) {
  const { view } = page, link = new URLSearchParams();
  if (page.runs.length > 1) link.set('run', String(view.run + 1));
  if (view.from > 0 || view.to < page.end) { link.set('from', String(Math.round(view.from))); link.set('to', String(Math.round(view.to))); }
  if (view.entry >= 0) link.set('batch', String(view.entry));
  if (view.rank !== null) link.set('record', String(view.rank + 1));
  if (view.moment >= 0) link.set('moment', String(view.moment + 1));
  if (view.cursor !== null) link.set('at', String(Math.round(view.cursor)));
  if (view.order !== page.usual.order) link.set('order', view.order);
  if (view.density === 'fit') link.set('fit', '1');
  if (view.beside !== page.usual.beside) link.set('beside', view.beside ? '1' : '0');
  if (page.themeChosen) link.set('theme', document.documentElement.dataset.theme);
  page.written = `#${link}`;
  try { history.replaceState(null, '', page.written); } catch { /* a page in a frame without a history of its own */ }
}
