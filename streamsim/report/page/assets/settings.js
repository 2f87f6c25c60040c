// The head of the page, its figures, and every setting that shaped the run.

const IN_MICROSECONDS = new Set(['retention', 'start_up_lag', 'update_lag', 'hand_over', 'scales_within', 'roll_over', 'base', 'cap', 'throttle_cap', 'window_idle', 'duration', 'latency', 'timeout', 'delay']);

function showHead(page) {
  const run = page.runs[page.view.run], { doc } = run, { comparison } = page.content, judged = comparison ?? doc;
  const tone = judged.well === null ? '' : judged.well ? 'good' : 'bad';
  const failed = doc.expectations.filter((one) => !one.ok);
  document.getElementById('head').replaceChildren(
    el('div', {},
      el('p', { class: 'brand' }, 'streamsim', page.content.source ? el('span', {}, ' · ', el('code', {}, outside(page.content.source))) : '', ` · seed ${doc.seed} · ${duration(run.end)} of ${doc.clock === 'real' ? 'real' : 'stream'} time`, page.runs.length > 1 ? el('span', {}, ' · ', outside(doc.name)) : ''),
      el('h1', {}, outside(page.content.scenario)),
      el('p', { class: 'sentence' }, outside(comparison?.sentence || doc.sentence))),
    el('div', { class: 'verdict' },
      el('span', { class: `pill ${tone}` }, `${judged.well === null ? '·' : judged.well ? '✓' : '✗'} ${judged.verdict}`),
      ...failed.slice(0, 3).map((one) => el('p', { class: 'bad' }, el('code', {}, outside(one.text)), ' got ', outside(one.value))),
      ...Object.entries(doc.said).slice(0, 4).map(([name, said]) => el('p', {}, outside(`${page.runs[0].doc.mappings.length > 1 ? `${name}: ` : ''}${said.join(' · ')}`)))));
  document.getElementById('figures').replaceChildren(...doc.figures.map((one) => el('div', { class: one.tone }, el('b', {}, one.text), el('span', {}, one.label))));
}

function valueSaid(name, value) {
  if (value === null) return 'none';
  if (typeof value === 'number' && IN_MICROSECONDS.has(name)) return duration(value);
  if (Array.isArray(value)) return value.length ? value.map((one) => valueSaid('', one)).join(', ') : 'none';
  if (typeof value === 'object') return Object.entries(value).map(([key, one]) => `${key} ${valueSaid(key, one)}`).join(', ') || 'none';
  return String(value);
}

function showSettings(page) {
  const run = page.runs[page.view.run], groups = run.doc.shaped.map(({ kind, name, settings }) => el('div', {},
    el('h3', {}, kind, name && name !== 'default' ? el('span', {}, ' ', outside(name)) : ''),
    pairs(Object.entries(settings).map(([key, value]) => [outside(key), outside(valueSaid(key, value), 600)]))));
  const { happenings, states } = run.doc;
  if (happenings.length) groups.push(el('div', {}, el('h3', {}, 'what happened to it'), pairs(happenings.slice(0, 60).map((one) => [`${instant(one.t)}${one.until === null ? '' : ` – ${instant(one.until)}`}`, outside(`${one.kind}: ${one.what}`)]))));
  if (states.some((one) => one.t)) groups.push(el('div', {}, el('h3', {}, 'states of the mapping'), pairs(states.slice(0, 60).map((one) => [instant(one.t), outside(`${one.mapping} ${one.state}: ${one.result}`)]))));
  groups.push(el('div', {}, el('h3', {}, 'run'), pairs([['seed', String(run.doc.seed)], ['t = 0', run.doc.epoch], ['invocations', number(run.doc.invocations)], ...(run.doc.invocations > run.n ? [['drawn as', number(run.n)]] : []), ['times are', run.doc.tick > 1 ? `rounded to ${duration(run.doc.tick)}` : 'exact']])));
  document.getElementById('settings').replaceChildren(el('details', { class: 'card', open: true }, el('summary', {}, 'Every setting that shaped the run'), el('div', { class: 'groups' }, groups)));
}
