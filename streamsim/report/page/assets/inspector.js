// What there is to know of a batch: a sentence, its invocations, its records, the last response, the rule, expectations.

const MOST_CELLS = 600, MOST_TRIES = 60;
const DOTS = ['', 'warn', 'bad', 'slow', 'wait', 'bad', 'fault', 'wait'];

function recordsOf(run, i) {
  const count = run.c.count[i], first = run.first(i);
  if (!count) return 'no records';
  if (first < 0) return counted(count, 'record');
  if (count === 1) return `record ${number(first)}`;
  return `records ${number(first)}–${number(first + count + run.c.gap[i] - 1)}${run.c.gap[i] ? ` (${number(count)})` : ''}`;
}

// An invocation in a line.
function brief(run, i) {
  if (run.c.times[i]) return `${counted(run.c.times[i] + 1, 'invocation')} with ${counted(run.c.count[i], 'record')}, drawn as one`;
  const what = run.flags[i] & WINDOW_END ? 'end of a window' : recordsOf(run, i);
  const took = run.outcome[i] === THROTTLED || run.outcome[i] === TOO_LARGE ? '' : ` after ${duration(run.stop[i] - run.start[i])}`;
  return `${what}, try ${number(run.c.attempt[i])}: ${OUTCOME_WORDS[run.outcome[i]]}${took}`;
}

function ruleOf(run, i, gone) {
  if (run.c.times[i]) return 'merged';
  const outcome = run.outcome[i], last = gone.find((one) => one.t >= run.stop[i] - 1);
  if (outcome !== SUCCESS && last && last.kind <= EXPIRED && run.family(i).to - 1 === i) return last.why;
  if (outcome === THROTTLED) return 'throttled';
  if (outcome === TOO_LARGE) return 'too_large';
  if (outcome === FAULT) return 'fault';
  if (outcome === OPEN) return 'open';
  if (run.flags[i] & SPLIT) return 'split';
  if (outcome === PARTIAL) return 'partial';
  if (run.flags[i] & SAME_ID) return run.outcome[i - 1] === THROTTLED ? 'throttled' : 'retry';
  if (run.flags[i] & WINDOW_END) return 'window';
  if (outcome === TIMEOUT) return 'timeout';
  if (outcome === ERROR) return 'error';
  if (run.flags[i] & SAME_FAMILY) return run.outcome[i - 1] === PARTIAL ? 'remainder' : 'half';
  return 'first';
}

function toldOf(run, family, seen, gone) {
  const tries = family.to - family.from, start = run.start[family.from], over = run.ready[family.to - 1];
  const again = seen.filter((times) => times > 1).length, failed = [];
  for (let i = family.from; i < family.to; i++) if (run.outcome[i] !== SUCCESS && run.outcome[i] !== OPEN) failed.push(i);
  const parts = [];
  const batch = family.whole ? `This batch of ${counted(family.whole, 'record')}` : 'This end of a window';
  if (run.c.times[family.from]) return [`${counted(run.c.times[family.from] + 1, 'invocation')} one after another, ${counted(run.c.count[family.from], 'record')} in all, drawn as one bar.`, 'good'];
  if (!failed.length) {
    parts.push(`${batch} ${run.outcome[family.from] === OPEN ? 'is in flight when the trace ends' : `went through at once, in ${duration(run.stop[family.from] - start)}`}.`);
    return [parts.join(' '), 'good'];
  }
  parts.push(`${batch} took ${counted(tries, 'request')} over ${duration(over - start)}; ${number(failed.length)} ${failed.every((i) => run.outcome[i] === THROTTLED) ? `${failed.length === 1 ? 'was' : 'were'} throttled` : 'did not succeed'}.`);
  const most = seen.reduce((high, times) => Math.max(high, times), 0);
  if (again === 1) parts.push(`One record was delivered ${number(most)} times.`);
  else if (again) parts.push(`${counted(again, 'record')} were delivered ${seen.every((times) => times < 2 || times === most) ? `${number(most)} times each` : `more than once, up to ${number(most)} times`}.`);
  if (gone.length) parts.push(lostOf(gone));
  return [parts.join(' '), gone.length || failed.some((i) => run.outcome[i] !== THROTTLED) ? 'bad' : 'warn'];
}

function lostOf(gone) {
  const count = gone.reduce((sum, one) => sum + one.count, 0);
  const how = new Set(gone.map((one) => one.kind === EXPIRED ? 'gone with the stream’s retention' : `given up (${one.why})`));
  return `${count === 1 ? `Record ${number(gone[0].first)} was` : `${counted(count, 'record')} were`} ${[...how].join(' or ')}.`;
}

function triesTable(page, run, family, chosen) {
  const body = el('tbody');
  const all = family.to - family.from, from = all > MOST_TRIES ? clamp(chosen - MOST_TRIES / 2, family.from, family.to - MOST_TRIES) : family.from;
  for (let i = from; i < Math.min(family.to, from + MOST_TRIES); i++) {
    const row = el('tr', { 'data-entry': i, class: i === chosen ? 'chosen' : null, onclick: () => page.choose(run, i) },
      el('td', { class: 'n' }, el('span', { class: `dot ${DOTS[run.outcome[i]]}`, title: OUTCOME_WORDS[run.outcome[i]] }), el('span', { class: 'unseen' }, OUTCOME_WORDS[run.outcome[i]]), instant(run.start[i])),
      el('td', {}, el('code', {}, (run.id(i) ?? '—').slice(0, 8))),
      el('td', { class: 'n' }, number(run.c.attempt[i])),
      el('td', { class: 'n' }, recordsOf(run, i).replace(/^records? | \(.*\)$/g, '')),
      el('td', { class: 'n' }, duration(run.stop[i] - run.start[i])));
    body.append(row);
  }
  const table = el('table', {}, el('thead', {}, el('tr', {}, ...[['start', 'n'], ['id', ''], ['try', 'n'], ['records', 'n'], ['took', 'n']].map(([text, kind]) => el('th', { class: kind, scope: 'col' }, text)))), body);
  const box = el('div', { class: 'tries', tabindex: 0, role: 'region', 'aria-label': 'Requests of this batch' }, table);
  return all > MOST_TRIES ? [box, el('p', { class: 'soft' }, `${number(MOST_TRIES)} of ${number(all)} shown, around the chosen one.`)] : [box];
}

function cellsOf(page, run, family, chosen, seen, gone) {
  const cells = el('div', { class: 'cells' }), { c } = run;
  const lost = (position) => position !== null && gone.some((one) => position >= one.first && position < one.first + one.count + (family.gap ? 1e9 : 0));
  const shown = Math.min(family.whole, MOST_CELLS);
  for (let rank = 0; rank < shown; rank++) {
    const position = run.position(family, rank);
    const now = rank >= c.offset[chosen] && rank < c.offset[chosen] + c.count[chosen];
    const kinds = [seen[rank] > 1 ? 'again' : '', lost(position) && !family.gap ? 'gone' : '', now ? 'now' : ''].filter(Boolean).join(' ');
    const name = position === null ? `record ${rank + 1} of the batch` : `record ${number(position)}`;
    cells.append(el('button', { class: kinds, title: `${name}: delivered ${counted(seen[rank], 'time')}`, 'aria-label': `${name}: delivered ${counted(seen[rank], 'time')}`, 'aria-pressed': String(page.view.rank === rank), onclick: () => page.chooseRecord(rank) }, String(seen[rank])));
  }
  return shown < family.whole ? [cells, el('p', { class: 'soft' }, `The first ${number(shown)} of ${number(family.whole)}.`)] : [cells];
}

function recordPart(page, run, family) {
  const { rank } = page.view;
  if (rank === null || rank >= family.whole) return [];
  const position = run.position(family, rank), times = [];
  for (let i = family.from; i < family.to; i++) {
    if (run.outcome[i] === THROTTLED || run.outcome[i] === TOO_LARGE) continue;
    if (rank >= run.c.offset[i] && rank < run.c.offset[i] + run.c.count[i]) times.push(run.start[i]);
  }
  const said = times.length > 12 ? `${times.slice(0, 6).map(instant).join(', ')}, … ${times.slice(-3).map(instant).join(', ')}` : times.map(instant).join(', ');
  return [el('h3', {}, position === null ? `Record ${rank + 1} of the batch` : `Record ${number(position)}`),
    pairs([['position in the shard', position === null ? 'not kept' : number(position)], ['position in the batch', `${number(rank + 1)} of ${number(family.whole)}`], ['delivered', counted(times.length, 'time')], ['delivered at', said || 'never']])];
}

const pairs = (rows) => el('dl', { class: 'pairs' }, rows.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));

function expectationsPart(run) {
  const { expectations, violations } = run.doc, parts = [];
  if (violations.length) {
    parts.push(el('h3', {}, 'Broken guarantees'), el('ul', { class: 'expected' }, violations.slice(0, 8).map((one) => el('li', {}, el('span', { class: 'bad' }, '✗'), el('span', {}, el('b', {}, outside(one.kind)), ': ', outside(one.sentence)), el('span', { class: 'soft' }, instant(one.t))))));
  }
  if (expectations.length) {
    parts.push(el('h3', {}, 'Expectations'), el('ul', { class: 'expected' }, expectations.map((one) => el('li', {}, el('span', { class: one.ok ? 'good' : 'bad' }, one.ok ? '✓' : '✗', el('span', { class: 'unseen' }, one.ok ? 'holds' : 'fails')), el('code', {}, outside(one.text)), el('span', { class: one.ok ? 'soft' : 'bad' }, outside(one.value))))));
  }
  return parts;
}

function inspect(page) {
  const host = document.getElementById('inspector'), { view } = page, run = page.runs[view.run];
  page.closeUp = null;
  host.className = 'card';
  host.tabIndex = 0;
  if (view.entry < 0) {
    host.replaceChildren(el('h2', {}, 'Nothing chosen'), el('p', { class: 'soft' }, 'Choose a bar to see its batch: every try, how often each record was delivered, the last response and the rule behind it.'), ...expectationsPart(run));
    return;
  }
  const i = view.entry, family = run.family(i), row = family.row, shard = run.shards[row.shard];
  const { seen } = run.deliveries(family, view.cursor !== null && view.scrubbing ? view.cursor : Infinity), gone = run.goneOf(family);
  const [sentence, tone] = toldOf(run, family, seen, gone), rule = page.content.rules[ruleOf(run, i, gone)], id = run.id(i);
  const place = [shard.rows.length > 1 ? `lane ${row.lane} of ` : '', outside(shard.name), run.doc.mappings.length > 1 ? el('span', {}, ' under ', outside(run.doc.mappings[shard.mapping])) : ''];
  const title = run.flags[i] & WINDOW_END ? 'End of a window on ' : run.c.times[i] ? 'Invocations on ' : `Batch of ${number(run.c.count[i])} on `;
  const window_ = run.c.window[i] ? run.doc.windows[run.c.window[i] - 1] : null;
  const error = lastError(run, family, i);
  host.replaceChildren(
    el('h2', {}, title, ...place),
    el('div', { class: 'chips' }, id && el('span', { class: 'chip' }, el('code', {}, outside(id))), el('span', { class: 'chip' }, el('span', { class: `dot ${DOTS[run.outcome[i]]}` }), OUTCOME_WORDS[run.outcome[i]]), el('span', { class: 'chip' }, `try ${number(run.c.attempt[i])}`), run.c.init[i] ? el('span', { class: 'chip' }, `cold start ${duration(run.c.init[i] * run.doc.tick)}`) : null),
    el('p', { class: `told ${tone}` }, sentence),
    ...closeUp(page, run, family, i, gone),
    el('h3', {}, `${instant(run.start[i])}: ${brief(run, i)}`),
    pairs([['IteratorAge', duration(run.age[i])], ...(run.ready[i] > run.stop[i] ? [[run.outcome[i] === THROTTLED ? 'waits for concurrency' : 'backs off', duration(run.ready[i] - run.stop[i])]] : []), ...(window_ ? [['tumbling window', `${instant(Math.max(0, window_[0]))} – ${instant(window_[1])}`]] : [])]),
    ...(family.to - family.from > 1 ? triesTable(page, run, family, i) : []),
    ...(family.whole && !run.c.times[family.from] ? [el('h3', {}, 'Its records: how often each was delivered'), ...cellsOf(page, run, family, i, seen, gone), ...recordPart(page, run, family)] : []),
    ...gone.slice(0, 20).map((one) => el('p', { class: 'lost' }, '◆ ', instant(one.t), ' ', outside(goneText(one)))),
    ...(error ? [el('h3', {}, run.error(i) ? 'Last response' : 'Last response that was an error'), el('pre', { class: 'response', tabindex: 0 }, outside(error))] : []),
    el('p', { class: 'rule' }, el('b', {}, 'Rule. '), rule.text, el('cite', {}, rule.source)),
    ...expectationsPart(run));
  page.closeUp?.();
  const row_ = host.querySelector('.tries .chosen'), box = row_?.closest('.tries');
  if (box && row_.offsetTop + row_.offsetHeight > box.clientHeight) box.scrollTop = row_.offsetTop - box.clientHeight / 2;
}

function lastError(run, family, i) {
  for (let at = i; at >= family.from; at--) if (run.error(at)) return run.error(at);
  return null;
}
