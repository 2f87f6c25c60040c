// Buttons above the charts, keys, the address of what is looked at, and the theme.

const THEMES = ['light', 'dark'];

function showTools(page) {
  const { view } = page;
  const play = el('button', { class: 'play', onclick: () => page.play(!page.playing) }, '▶ Play');
  const now = el('output', { class: 'now', 'aria-label': 'Time shown' });
  const pressed = (name, value, text) => el('button', { 'aria-pressed': String(view[name] === value), onclick: (event) => {
    view[name] = view[name] === value ? (name === 'order' ? 'shard' : 'readable') : value;
    event.currentTarget.setAttribute('aria-pressed', String(view[name] === value));
    page.charts.forEach((chart) => { chart.scroll.scrollTop = 0; });
    page.redraw();
  } }, text);
  const many = page.runs.some((run) => run.shards.length > 1), lots = page.runs.some((run) => run.rows.length > 12);
  const tools = el('div', { class: 'tools card', role: 'toolbar', 'aria-label': 'Time' },
    play, el('button', { onclick: () => page.step(-1), 'aria-label': 'Step back' }, '‹ Step'), el('button', { onclick: () => page.step(1), 'aria-label': 'Step on' }, 'Step ›'), now,
    el('button', { onclick: () => page.zoom(0.5), 'aria-label': 'Zoom in' }, '+'), el('button', { onclick: () => page.zoom(2), 'aria-label': 'Zoom out' }, '−'), el('button', { onclick: () => page.whole() }, 'Whole run'),
    el('span', { class: 'push' }),
    many ? pressed('order', 'trouble', 'Trouble first') : null, lots ? pressed('density', 'fit', 'Fit all lanes') : null,
    page.runs.length > 1 ? el('button', { 'aria-pressed': String(view.beside), onclick: (event) => { page.putBeside(!view.beside); event.currentTarget.setAttribute('aria-pressed', String(view.beside)); } }, 'Side by side') : null,
    el('button', { class: 'theme', onclick: () => page.turnTheme(), 'aria-label': 'Light or dark' }, '◐'));
  page.tools = { play, now };
  return tools;
}

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
    const { target } = event, field = /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
    if (field || (event.key === ' ' && /^(BUTTON|SUMMARY|A)$/.test(target.tagName))) return;
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
  if (link.get('order') === 'trouble') view.order = 'trouble';
  if (THEMES.includes(link.get('theme'))) document.documentElement.dataset.theme = link.get('theme');
  return shown || entry !== null;
}

function writeLink(page) {
  const { view } = page, link = new URLSearchParams();
  if (page.runs.length > 1) link.set('run', String(view.run + 1));
  if (view.from > 0 || view.to < page.end) { link.set('from', String(Math.round(view.from))); link.set('to', String(Math.round(view.to))); }
  if (view.entry >= 0) link.set('batch', String(view.entry));
  if (view.moment >= 0) link.set('moment', String(view.moment + 1));
  if (view.cursor !== null) link.set('at', String(Math.round(view.cursor)));
  if (view.order === 'trouble') link.set('order', 'trouble');
  if (page.themeChosen) link.set('theme', document.documentElement.dataset.theme);
  page.written = `#${link}`;
  try { history.replaceState(null, '', page.written); } catch { /* a page in a frame without a history of its own */ }
}
