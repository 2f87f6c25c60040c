// IteratorAge and ConcurrentExecutions over the same time as the lanes, each with its ceilings.

const GONE_HEIGHT = 30, CURVE_HEIGHT = 118, AXIS_HEIGHT = 24;

function gutterLabel(p, text, y, axis, options = {}) {
  write(p, text, axis.left - 10, y, { align: 'right', font: `11.5px ${SANS}`, width: axis.left - 14, ...options });
}

function drawGone(p, run, axis, top) {
  topLine(p, axis, top);
  write(p, axis.left > 100 ? 'given up, gone' : 'gone', 14, top + GONE_HEIGHT / 2, { colour: look.colours.ink, font: `600 12.5px ${SANS}`, width: axis.left - 20 });
  let free = -Infinity;
  for (let k = 0; k < run.gone.length; k++) {
    const one = run.gone[k], x = axis.x(one.t), y = top + GONE_HEIGHT / 2;
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
    const next = run.gone[k + 1];
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

function topLine(p, axis, top) {
  p.strokeStyle = look.colours.line;
  p.lineWidth = 1;
  p.beginPath();
  p.moveTo(0, top + 0.5);
  p.lineTo(axis.right + 20, top + 0.5);
  p.stroke();
}

function frame(p, axis, top, height, title, note) {
  topLine(p, axis, top);
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
  const scale = 1.08 * Math.max(seen.most, limit && limit < 4 * seen.most ? limit : 0, 1), step = STEPS.find((one) => scale / one < 4.6) ?? scale;
  const y = (age) => y1 - (Math.min(age, scale) / scale) * (y1 - y0);
  p.strokeStyle = look.colours.line;
  p.beginPath();
  for (let age = 0; age <= scale; age += step) {
    gutterLabel(p, duration(age), y(age) + (age ? 0 : -4), axis);
    p.moveTo(axis.left, Math.round(y(age)) + 0.5);
    p.lineTo(axis.right, Math.round(y(age)) + 0.5);
  }
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
  pile(p, axis, y1, y1 - y(1), [[seen.columns, word(look.colours.strong, 1)]]);
}

// A value for each pixel as a column of `unit` pixels for each 1, and more of them before it: an image, for a path with so
// many corners takes longer than all else together.
function pile(p, axis, bottom, unit, layers) {
  const width = layers[0][0].length, scale = unit * look.ratio;
  const height = Math.max(1, Math.ceil(scale * layers.reduce((most, [values]) => values.reduce((high, value) => Math.max(high, value), most), 0)));
  const image = new ImageData(width, height), words = new Uint32Array(image.data.buffer);
  for (const [values, colour] of layers) {
    const tops = Int32Array.from(values, (value) => height - Math.round(value * scale));
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) if (y >= tops[x]) words[at] = colour;
    }
  }
  pile.canvas ??= document.createElement('canvas');
  Object.assign(pile.canvas, { width, height });
  pile.canvas.getContext('2d').putImageData(image, 0, 0);
  p.drawImage(pile.canvas, axis.left, bottom - height / look.ratio, width, height / look.ratio);
}

// Of many points each is a rectangle: a thick stroke with so many corners takes twenty milliseconds without a graphics card.
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
  if (points.length > 300 && width > 1) {
    p.fillStyle = colour;
    points.forEach(([x, top], k) => {
      const before = k ? points[k - 1][1] : top;
      p.fillRect(x - width / 2, Math.min(top, before) - width / 2, width, Math.abs(top - before) + width);
    });
    return;
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
