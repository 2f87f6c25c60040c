// ConcurrentExecutions over the same time as the lanes: of the streams alone, or of all who share the account.

function drawConcurrency(p, run, axis, top) {
  const { ceiling, parties } = run.doc, limit = ceiling.full ? ceiling.value : ceiling.account;
  const { top: y0, bottom: y1 } = frame(p, axis, top, CURVE_HEIGHT, 'ConcurrentExecutions', parties.length ? null : `of ${number(ceiling.value)}: ${ceiling.name.replace(' x ', ' × ')}${ceiling.full ? '; thick where it is full' : ''}${crowded(run, axis) ? '; peaks light, average dark' : ''}`);
  const most = parties.length ? Math.max(...together(run.doc).levels) : run.steps().most;
  const scale = roundUp(Math.max(most, limit && limit <= 3 * most ? limit : 0, ceiling.value <= 3 * most ? ceiling.value : 0, 1) * 1.04, [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]);
  const y = (level) => y1 - (level / scale) * (y1 - y0);
  const mark = [limit, ceiling.value].find((level) => level && level <= scale && level > scale / 3) ?? most;
  for (const level of new Set([0, mark])) gutterLabel(p, number(level), y(level) + (level ? 0 : -5), axis);
  if (parties.length) drawParties(p, run.doc, axis, y, y1, top);
  else drawSteps(p, run, axis, y, y1, ceiling.full ? ceiling.value : Infinity);
  if (limit && limit <= scale) ceilingLine(p, axis, y(limit), look.colours.warn, ceiling.full && ceiling.name.startsWith('R') ? `limit ${number(limit)}` : `account ${number(limit)}`);
  if (!ceiling.full && !parties.length && ceiling.value <= scale) ceilingLine(p, axis, y(ceiling.value), look.colours.wait, '');
}

// Where there are more steps than pixels, each pixel has the highest level, and in a darker tone the average.
function drawSteps(p, run, axis, y, y1, full) {
  const { times, levels } = run.steps(), low = afterIn(times, axis.from), high = afterIn(times, axis.to), { left, right } = axis;
  const level = low ? levels[low - 1] : 0;
  if (crowded(run, axis)) { drawBusy(p, axis, times, levels, low, high, y, y1, full); return; }
  const area = new Path2D(), thick = new Path2D();
  area.moveTo(left - 2, y1);
  area.lineTo(left - 2, y(level));
  let now = level, x = left;
  for (let i = low; i <= high; i++) {
    const at = i < high ? axis.x(times[i]) : right;
    if (now >= full) { thick.moveTo(x, y(full)); thick.lineTo(at, y(full)); }
    area.lineTo(at, y(now));
    if (i < high) { now = levels[i]; area.lineTo(at, y(now)); }
    x = at;
  }
  area.lineTo(right + 2, y(now));
  area.lineTo(right + 2, y1);
  p.fillStyle = look.colours['good-fill'];
  p.fill(area);
  p.strokeStyle = look.colours['good-edge'];
  p.lineWidth = 1;
  p.stroke(area);
  p.strokeStyle = look.colours['warn-fill'];
  p.lineWidth = 3;
  p.stroke(thick);
}

// Whether there are more steps than pixels.
const crowded = (run, axis) => afterIn(run.steps().times, axis.to) - afterIn(run.steps().times, axis.from) > axis.right - axis.left;

function afterIn(times, t) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle + 1; else high = middle;
  }
  return low;
}

function drawBusy(p, axis, times, levels, low, high, y, y1, full) {
  const width = Math.ceil(axis.right - axis.left), most = new Float64Array(width), sums = new Float64Array(width);
  let level = low ? levels[low - 1] : 0, x = 0;
  for (let i = low; i <= high; i++) {
    const to = i < high ? Math.min(width, (times[i] - axis.from) * axis.scale) : width;
    if (to <= Math.floor(x) + 1) {
      sums[Math.floor(x)] += level * (to - x);
      x = to;
    }
    while (x < to) {
      const pixel = Math.floor(x), end = Math.min(to, pixel + 1);
      if (level > most[pixel]) most[pixel] = level;
      sums[pixel] += level * (end - x);
      x = end;
    }
    if (i < high) level = levels[i];
    if (x < width && level > most[Math.floor(x)]) most[Math.floor(x)] = level;
  }
  pile(p, axis, y1, y1 - y(1), [[most, word(look.colours['good-fill'], 1)], [sums, word(look.colours['good-edge'], 0.6)]]);
  p.fillStyle = look.colours['warn-fill'];
  for (let k = 0, from = -1; k <= width; k++) {
    const isFull = k < width && most[k] >= full;
    if (isFull && from < 0) from = k;
    if (!isFull && from >= 0) { p.fillRect(axis.left + from, y(full) - 1.5, k - from, 3); from = -1; }
  }
}

const stacked = new WeakMap();

// The executions of all who share the account, bin by bin: the most there were together, and everybody's part of that.
// Their own peaks need not come at the same moment of a bin: put upon each other they may be more than there ever were.
function together(doc) {
  const { parties, together: levels } = doc;
  if (stacked.has(parties)) return stacked.get(parties);
  const sums = levels.map((_, i) => parties.reduce((sum, party) => sum + party.levels[i], 0));
  const stacks = parties.map((party) => party.levels.map((level, i) => sums[i] && level * levels[i] / sums[i]));
  const all = { levels, stacks, width: parties[0].width };
  stacked.set(parties, all);
  return all;
}

function drawParties(p, doc, axis, y, y1, top) {
  const { parties } = doc, { stacks, width, levels } = together(doc), base = new Float64Array(levels.length);
  p.font = `600 12.5px ${SANS}`;
  let x = 30 + p.measureText('ConcurrentExecutions').width;
  stacks.forEach((mine, k) => {
    const path = new Path2D(), under = base.slice();
    const from = Math.max(0, Math.floor(axis.from / width)), to = Math.min(levels.length - 1, Math.ceil(axis.to / width));
    for (let i = from; i <= to; i++) {
      base[i] += mine[i];
      const left = Math.max(axis.left, axis.x(i * width)), right = Math.min(axis.right, axis.x((i + 1) * width));
      if (right > left && mine[i]) path.rect(left, y(base[i]), right - left + 0.4, Math.min(y(under[i]), y1) - y(base[i]));
    }
    p.fillStyle = look.colours[`party-${k % 5}`];
    p.fill(path);
    const name = isolated(parties[k].name === 'default' ? 'stream' : parties[k].name);
    if (x > axis.right - 30) return;
    p.fillRect(x, top + 8, 10, 10);
    write(p, name, x + 14, top + 13, { font: `11.5px ${SANS}`, width: Math.min(120, axis.right - x - 10) });
    x += Math.min(120, p.measureText(name).width) + 24;
  });
}
