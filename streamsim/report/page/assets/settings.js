// The head of the page, its figures, and every setting that shaped the run.

const IN_MICROSECONDS = new Set(['at', 'every', 'from', 'until', 'retention', 'start_up_lag', 'update_lag', 'hand_over', 'scales_within', 'roll_over', 'base', 'cap', 'throttle_cap', 'window_idle', 'duration', 'latency', 'timeout', 'delay']);

function showHead(page) {
  const run = page.runs[page.view.run], { doc } = run, { comparison } = page.content, judged = comparison ?? doc;
  const tone = judged.well === null ? '' : judged.well ? 'good' : 'bad';
  const failed = doc.expectations.filter((one) => !one.ok);
  document.getElementById('head').replaceChildren(
    el('div', {},
      el('p', { class: 'brand' }, 'streamsim', page.content.source ? el('span', {}, ' · ', el('code', {}, outside(page.content.source))) : '', ` · seed ${doc.seed} · ${duration(run.end)} of ${doc.clock === 'real' ? 'real' : 'stream'} time`),
      el('h1', {}, outside(page.content.scenario)),
      el('p', { class: 'sentence' }, outside(comparison?.sentence || doc.sentence))),
    el('div', { class: 'verdict' },
      el('p', { class: 'top' }, el('span', { class: `pill ${tone}` }, `${judged.well === null ? '·' : judged.well ? '✓' : '✗'} ${judged.verdict}`), el('button', { class: 'theme', onclick: () => page.turnTheme(), 'aria-label': 'Light or dark' }, '◐')),
      ...failed.slice(0, 3).map((one) => el('p', { class: 'bad' }, el('code', {}, outside(one.text)), ' got ', outside(one.value))),
      ...Object.entries(doc.said).slice(0, 4).map(([name, said]) => el('p', {}, outside(`${page.runs[0].doc.mappings.length > 1 ? `${name}: ` : ''}${said.join(' · ')}`)))));
  document.getElementById('figures').replaceChildren(
    ...(page.runs.length > 1 ? [el('p', { class: 'of' }, el('b', {}, `Run ${run.index + 1}`), outside(doc.name))] : []),
    ...doc.figures.map((one) => el('div', { class: one.tone, title: one.hint }, el('b', {}, one.text), el('span', {}, one.label))));
}

function valueSaid(name, value) {
  if (value === null) return 'none';
  if (typeof value === 'object' && 'per_second' in value) return `${value.per_second}/s ${value.ramp ? 'is reached at' : 'from'} ${duration(value.at)}`;
  if (typeof value === 'number' && IN_MICROSECONDS.has(name)) return duration(value);
  if (Array.isArray(value)) return value.length ? value.map((one) => valueSaid('', one)).join(', ') : 'none';
  if (typeof value === 'object') return Object.entries(value).map(([key, one]) => `${key} ${valueSaid(key, one)}`).join(', ') || 'none';
  return String(value);
}

function showSettings(page) {
  const run = page.runs[page.view.run], groups = run.doc.shaped.map(({ kind, name, settings, changed }) => el('div', {},
    el('h3', {}, kind, name && name !== 'default' ? el('span', {}, ' ', outside(name)) : ''),
    pairs(Object.entries(settings).flatMap(([key, value]) => flat(key, key, value)).map(([path, key, value]) => [breakable(path, page.content.hints[`${kind}.${path}`]), el(changed.includes(path.split('.')[0]) ? 'b' : 'span', {}, outside(valueSaid(key, value), 600))]))));
  const { happenings, states } = run.doc;
  if (happenings.length) groups.push(el('div', {}, el('h3', {}, 'what happened to it'), pairs(happenings.slice(0, 60).map((one) => [`${instant(one.t)}${one.until === null ? '' : ` – ${instant(one.until)}`}`, outside(`${one.kind}: ${one.what}`)]))));
  if (states.some((one) => one.t)) groups.push(el('div', {}, el('h3', {}, 'states of the mapping'), pairs(states.slice(0, 60).map((one) => [instant(one.t), outside(`${one.mapping} ${one.state}: ${one.result}`)]))));
  groups.push(el('div', {}, el('h3', {}, 'run'), pairs([['seed', String(run.doc.seed)], ['t = 0', run.doc.epoch], ['invocations', number(run.doc.invocations)], ...(run.doc.invocations > run.n ? [['drawn as', number(run.n)]] : []), ['times are', run.doc.tick > 1 ? `rounded to ${duration(run.doc.tick)}` : 'exact']])));
  const { file } = page.content, host = document.getElementById('settings'), closed = host.querySelector('details')?.open === false;
  host.replaceChildren(
    el('details', { class: 'card', open: !closed },
      el('summary', {}, 'Every setting that shaped ', page.runs.length > 1 ? el('span', {}, `run ${run.index + 1}: `, outside(run.doc.name)) : 'the run', el('span', { class: 'soft hint' }, 'bold: not AWS’s default')),
      el('div', { class: 'groups' }, groups)),
    file ? el('details', { class: 'card' }, el('summary', {}, 'The scenario as it was written'), el('pre', { class: 'file', tabindex: 0 }, outside(file, 50000))) : '');
}

// A path that may be broken behind its dots, and what it means for whoever rests on it.
const breakable = (path, hint) => el('bdi', hint ? { title: hint } : {}, clean(path).split('.').flatMap((part, k) => (k ? ['.', el('wbr'), part] : [part])));

// A setting that consists of others, as each of them with the path to it.
function flat(path, key, value) {
  const parts = value && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
  return parts.length ? parts.flatMap(([name, one]) => flat(`${path}.${name}`, name, one)) : [[path, key, value]];
}
