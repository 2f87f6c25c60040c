// IteratorAge and ConcurrentExecutions over the same time as the lanes, each with its ceilings.

const GONE_HEIGHT = 30, CURVE_HEIGHT = 100, AXIS_HEIGHT = 24;

function gutterLabel(p, text, y, axis, options = {}) {
  write(p, text, axis.left - 10, y, { align: 'right', font: `11.5px ${SANS}`, width: axis.left - 14, ...options });
}

function drawGone(p, run, axis, top) {
  write(p, axis.left > 100 ? 'given up, gone' : 'gone', 14, top + GONE_HEIGHT / 2, { colour: look.colours.ink, font: `600 12.5px ${SANS}`, width: axis.left - 20 });
  let free = -Infinity;
  for (const one of run.gone) {
    const x = axis.x(one.t), y = top + GONE_HEIGHT / 2;
    if (x < axis.left || x > axis.right) continue;
    p.strokeStyle = look.colours.bad;
    p.setLineDash([2, 3]);
    p.lineWidth = 1;
    p.beginPath();
    p.moveTo(x, top);
    p.lineTo(x, y - 5);
    p.stroke();
    p.setLineDash([]);
    diamond(p, x, y, 5, one.kind === EXPIRED ? look.colours.slow : look.colours.bad);
    const text = goneText(one);
    p.font = `12px ${SANS}`;
    const width = p.measureText(text).width;
    if (x < free || x + 10 + width > axis.right) continue;
    const next = run.gone.find((other) => other.t > one.t);
    if (next && axis.x(next.t) - x < width + 16) continue;
    write(p, text, x + 10, y, { colour: one.kind === EXPIRED ? look.colours.slow : look.colours.bad });
    free = x + width + 18;
  }
}

function goneText(one) {
  const what = one.kind === WINDOW_LOST ? 'window state' : one.count === 1 ? `record ${number(one.first)}` : counted(one.count, 'record');
  const where = one.destination ? ` → ${isolated(one.destination.split(':').pop())}${one.delivered ? '' : ' (not delivered)'}` : '';
  return `${one.why} · ${what}${where}`;
}

function frame(p, axis, top, height, title, note) {
  p.strokeStyle = look.colours.line;
  p.lineWidth = 1;
  p.beginPath();
  p.moveTo(0, top + 0.5);
  p.lineTo(axis.right + 20, top + 0.5);
  p.stroke();
  write(p, title, 14, top + 13, { colour: look.colours.ink, font: `600 12.5px ${SANS}` });
  if (note) {
    p.font = `600 12.5px ${SANS}`;
    write(p, note, 24 + p.measureText(title).width, top + 13, { font: `12px ${SANS}`, width: axis.right - 24 - p.measureText(title).width });
  }
  return { top: top + 30, bottom: top + height - 4 };
}

function drawAge(p, run, axis, top, focus) {
  const { top: y0, bottom: y1 } = frame(p, axis, top, CURVE_HEIGHT, 'IteratorAge', 'of each batch when it is sent');
  const limit = run.doc.age_limit, seen = ageColumns(run, axis, run.rows);
  const scale = roundAge(Math.max(seen.most, limit && limit < 4 * seen.most ? limit : 0, 1));
  const y = (age) => y1 - (Math.min(age, scale) / scale) * (y1 - y0);
  for (const part of [0, 0.5, 1]) gutterLabel(p, duration(scale * part), y(scale * part) + (part ? 0 : -5), axis);
  p.strokeStyle = look.colours.line;
  p.beginPath();
  p.moveTo(axis.left, y1 + 0.5);
  p.lineTo(axis.right, y1 + 0.5);
  p.stroke();
  const shown = run.rows.filter((row) => row.count), few = shown.length <= 24;
  p.save();
  p.beginPath();
  p.rect(axis.left, y0 - 4, axis.right - axis.left, y1 - y0 + 5);
  p.clip();
  if (few) {
    for (const row of shown) if (row !== seen.row && row !== focus) ageLine(p, run, axis, row, y, look.colours.strong, 1);
  } else envelope(p, seen, axis, y, y1);
  if (focus && focus !== seen.row && focus.count) ageLine(p, run, axis, focus, y, look.colours.good, 1.6);
  if (seen.row) ageLine(p, run, axis, seen.row, y, look.colours.blue, 1.8, limit !== null && { limit, y1: y(limit) });
  p.restore();
  if (limit !== null && limit <= scale) ceilingLine(p, axis, y(limit), look.colours.bad, `expected ≤ ${duration(limit)}`);
  if (seen.row) peak(p, run, axis, seen, y, y0);
}

function roundAge(us) {
  if (us > 2 * HOUR && us <= 48 * HOUR) return [3, 4, 6, 8, 12, 18, 24, 30, 36, 48].find((hours) => hours * HOUR >= us) * HOUR;
  const unit = us > 2 * DAY ? DAY : us > 2 * MINUTE ? MINUTE : us > SECOND ? SECOND : MS;
  return roundUp(us / unit) * unit;
}

// The highest age in each pixel, over all lanes, and the lane that holds the highest of all.
function ageColumns(run, axis, rows) {
  const width = Math.max(1, Math.ceil(axis.right - axis.left)), columns = new Float64Array(width);
  let most = 0, best = null, at = -1;
  for (const row of rows) {
    for (let i = run.firstAt(row, axis.from); i < row.to && run.start[i] <= axis.to; i++) {
      if (run.start[i] < axis.from) continue;
      const age = run.age[i], x = Math.min(width - 1, Math.floor((run.start[i] - axis.from) * axis.scale));
      if (age > columns[x]) columns[x] = age;
      if (age > most) { most = age; best = row; at = i; }
    }
  }
  return { columns, most, row: best, at };
}

function envelope(p, seen, axis, y, y1) {
  p.fillStyle = look.colours.strong;
  p.beginPath();
  p.moveTo(axis.left, y1);
  seen.columns.forEach((age, x) => {
    if (age) p.rect(axis.left + x, y(age), 1, y1 - y(age));
  });
  p.fill();
}

function ageLine(p, run, axis, row, y, colour, width, above) {
  let i = Math.max(row.from, run.firstAt(row, axis.from) - 1);
  const points = [];
  let pixel = -Infinity;
  for (; i < row.to; i++) {
    if (run.flags[i] & WINDOW_END) continue;
    const x = axis.x(run.start[i]), top = y(run.age[i]);
    if (Math.floor(x) === pixel && points.length) points[points.length - 1][1] = Math.min(points[points.length - 1][1], top);
    else points.push([x, top]);
    pixel = Math.floor(x);
    if (run.start[i] > axis.to) break;
  }
  if (!points.length) return;
  const path = new Path2D();
  points.forEach(([x, top], k) => (k ? path.lineTo(x, top) : path.moveTo(x, top)));
  if (above) {
    const area = new Path2D(path);
    area.lineTo(points[points.length - 1][0], above.y1);
    area.lineTo(points[0][0], above.y1);
    p.save();
    p.beginPath();
    p.rect(axis.left, 0, axis.right - axis.left, above.y1);
    p.clip();
    p.fillStyle = look.colours['bad-soft'];
    p.fill(area);
    p.restore();
  }
  p.strokeStyle = colour;
  p.lineWidth = width;
  p.lineJoin = 'round';
  p.stroke(path);
}

function peak(p, run, axis, seen, y, y0) {
  const x = axis.x(run.start[seen.at]), top = y(seen.most), shard = run.shards[seen.row.shard];
  p.fillStyle = look.colours.blue;
  p.beginPath();
  p.arc(x, top, 3.2, 0, 7);
  p.fill();
  const text = `${isolated(shard.name)}: ${duration(seen.most)}`;
  p.font = `600 12px ${SANS}`;
  const right = x + 8 + p.measureText(text).width < axis.right;
  const down = Math.max(y0 - 9, right ? top : top - 11);
  p.strokeStyle = look.colours.card;
  p.lineWidth = 4;
  p.textAlign = right ? 'left' : 'right';
  p.textBaseline = 'middle';
  p.strokeText(text, x + (right ? 8 : 4), down);
  write(p, text, x + (right ? 8 : 4), down, { colour: look.colours.blue, font: p.font, align: right ? 'left' : 'right' });
}

function ceilingLine(p, axis, y, colour, text, under = false) {
  p.strokeStyle = colour;
  p.lineWidth = 1.2;
  p.setLineDash([5, 4]);
  p.beginPath();
  p.moveTo(axis.left, Math.round(y) + 0.5);
  p.lineTo(axis.right, Math.round(y) + 0.5);
  p.stroke();
  p.setLineDash([]);
  if (text) write(p, text, axis.right - 4, y + (under ? 9 : -8), { colour, font: `11.5px ${SANS}`, align: 'right' });
}

function drawConcurrency(p, run, axis, top) {
  const { ceiling, parties } = run.doc, limit = ceiling.full ? ceiling.value : ceiling.account;
  const { top: y0, bottom: y1 } = frame(p, axis, top, CURVE_HEIGHT, 'ConcurrentExecutions', parties.length ? null : `of ${number(ceiling.value)}: ${ceiling.name.replace(' x ', ' × ')}`);
  const most = parties.length ? partiesMost(parties) : run.steps().most;
  const scale = roundUp(Math.max(most, limit && limit <= 3 * most ? limit : 0, ceiling.value <= 3 * most ? ceiling.value : 0, 1) * 1.04, [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]);
  const y = (level) => y1 - (level / scale) * (y1 - y0);
  const mark = [limit, ceiling.value].find((level) => level && level <= scale && level > scale / 3) ?? most;
  for (const level of new Set([0, mark])) gutterLabel(p, number(level), y(level) + (level ? 0 : -5), axis);
  if (parties.length) drawParties(p, parties, axis, y, y1, top);
  else drawSteps(p, run, axis, y, y1, ceiling.full ? ceiling.value : Infinity);
  if (limit && limit <= scale) ceilingLine(p, axis, y(limit), look.colours.warn, ceiling.full && ceiling.name.startsWith('R') ? `limit ${number(limit)}` : `account ${number(limit)}`);
  if (!ceiling.full && !parties.length && ceiling.value <= scale) ceilingLine(p, axis, y(ceiling.value), look.colours.wait, '');
}

function drawSteps(p, run, axis, y, y1, full) {
  const { times, levels } = run.steps();
  let low = 0, high = times.length;
  while (low < high) { const middle = (low + high) >> 1; if (times[middle] <= axis.from) low = middle + 1; else high = middle; }
  const area = new Path2D(), thick = new Path2D();
  let level = low ? levels[low - 1] : 0, x = axis.left, highest = level;
  area.moveTo(x, y1);
  area.lineTo(x, y(level));
  for (let i = low; i < times.length && times[i] <= axis.to; i++) {
    const at = axis.x(times[i]);
    if (at - x >= 1) {
      if (highest > level) area.lineTo(x, y(highest));
      area.lineTo(x, y(level));
      area.lineTo(at, y(level));
      if (Math.max(level, highest) >= full) { thick.moveTo(x, y(full)); thick.lineTo(at, y(full)); }
      x = at;
      highest = levels[i];
    }
    level = levels[i];
    if (level > highest) highest = level;
  }
  area.lineTo(x, y(highest));
  area.lineTo(x, y(level));
  area.lineTo(axis.right, y(level));
  area.lineTo(axis.right, y1);
  p.fillStyle = look.colours['good-fill'];
  p.fill(area);
  p.strokeStyle = look.colours['good-edge'];
  p.lineWidth = 1;
  p.stroke(area);
  p.strokeStyle = look.colours['warn-fill'];
  p.lineWidth = 3;
  p.stroke(thick);
}

const partiesMost = (parties) => Math.max(...together(parties).levels);

const stacked = new WeakMap();

// The executions of all who share the account in bins of one width, each alone and all together.
function together(parties) {
  if (stacked.has(parties)) return stacked.get(parties);
  const width = Math.max(...parties.map((party) => party.width)), length = parties[0].levels.length;
  const levels = new Float64Array(length), stacks = parties.map((party) => {
    const mine = new Float64Array(length), ratio = width / party.width;
    party.levels.forEach((level, i) => {
      const at = Math.floor(i / ratio);
      if (level > mine[at]) mine[at] = level;
    });
    mine.forEach((level, i) => { levels[i] += level; });
    return mine;
  });
  const all = { levels, stacks, width };
  stacked.set(parties, all);
  return all;
}

function drawParties(p, parties, axis, y, y1, top) {
  const { stacks, width, levels } = together(parties), base = new Float64Array(levels.length);
  let x = axis.left + 190;
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
    p.fillRect(x, top + 8, 10, 10);
    write(p, name, x + 15, top + 13, { font: `12px ${SANS}`, width: 120 });
    x += Math.min(120, p.measureText(name).width) + 32;
  });
}

function drawAxis(p, axis, top) {
  p.strokeStyle = look.colours.strong;
  p.lineWidth = 1;
  p.beginPath();
  p.moveTo(axis.left, top + 0.5);
  p.lineTo(axis.right, top + 0.5);
  p.stroke();
  for (const t of axis.marks()) {
    const x = axis.x(t), text = axis.label(t);
    p.font = `11.5px ${SANS}`;
    const half = p.measureText(text).width / 2;
    if (x + half > axis.right + 14) continue;
    write(p, text, Math.max(x, axis.left - 20 + half), top + 13, { font: p.font, align: 'center' });
  }
}
