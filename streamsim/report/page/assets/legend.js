// What the colours and hatches of the lanes mean: those only that some run has.

function showLegend(page) {
  const has = (test) => page.runs.some(test), had = (outcome) => has((run) => run.outcome.includes(outcome));
  const list = el('div', { class: 'legend', 'aria-label': 'Legend', role: 'group' });
  const add = (word_, paint) => {
    const swatch = el('canvas', { 'aria-hidden': 'true' });
    swatch.paint = paint;
    list.append(el('span', {}, swatch, word_));
  };
  const fill = (name) => (p) => { p.fillStyle = look.colours[name]; p.beginPath(); p.roundRect(0.5, 0.5, 15, 10, 2); p.fill(); };
  const edged = (name, edge) => (p) => { fill(name)(p); p.strokeStyle = look.colours[edge]; p.stroke(); };
  const hatched = (name) => (p) => { p.fillStyle = look.hatches[name]; p.fillRect(0, 0, 16, 11); };
  add('success', edged('good-fill', 'good-edge'));
  if (had(ERROR)) add('function error', fill('bad'));
  if (had(TIMEOUT)) add('time-out', fill('slow'));
  if (had(PARTIAL)) add('partial: failed part', fill('warn-fill'));
  if (had(FAULT)) add('service fault', fill('fault'));
  if (had(TOO_LARGE)) add('too large', edged('card', 'bad'));
  if (had(OPEN)) add('not over', edged('card', 'wait'));
  if (has((run) => run.rows.some((row) => row.trouble) && run.c.wait.some((wait, i) => wait && run.outcome[i] !== THROTTLED))) add('back-off', hatched('backoff'));
  if (had(THROTTLED)) add('throttled, waits', hatched('throttled'));
  if (has((run) => run.gone.length)) add('given up, gone', (p) => diamond(p, 8, 5.5, 5, look.colours.bad));
  if (has((run) => run.c.init.some(Boolean))) add('cold start', (p) => { p.fillStyle = look.colours.blue; p.globalAlpha = 0.55; p.fillRect(0, 7, 16, 3); p.globalAlpha = 1; });
  if (has((run) => run.flags.some((flags) => flags & WINDOW_END))) add('end of a window', edged('card', 'window'));
  if (has((run) => run.shards.some((shard) => shard.parents.length))) add('parent to child', (p) => { p.strokeStyle = look.colours.blue; p.lineWidth = 1.4; p.beginPath(); p.moveTo(3, 0); p.lineTo(3, 6); p.lineTo(14, 6); p.stroke(); });
  list.append(el('span', { class: 'height' }, 'height: position in the batch'));
  return list;
}

function paintLegend(list) {
  for (const swatch of list.querySelectorAll('canvas')) {
    const p = pen(swatch, 16, 11);
    swatch.style.height = '11px';
    p.lineWidth = 1;
    swatch.paint(p);
  }
}
