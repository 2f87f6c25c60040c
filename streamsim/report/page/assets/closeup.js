// A batch up close: its requests from left to right, each as wide as the others, and the records from top to bottom.
// A bisect is a staircase here at any zoom of the lanes.

const CLOSE_HEIGHT = 126, MOST_STEPS = 48;

function closeUp(page, run, family, chosen, gone) {
  const all = family.to - family.from;
  if (all < 2 || !family.whole) return [];
  const from = all > MOST_STEPS ? clamp(chosen - MOST_STEPS / 2, family.from, family.to - MOST_STEPS) : family.from;
  const canvas = el('canvas', { class: 'closeup', role: 'img', 'aria-label': `The ${number(all)} requests of the batch from left to right, its records from top to bottom; the table below has them.` });
  const shown = { run, family, chosen, from, to: Math.min(family.to, from + MOST_STEPS), gone };
  canvas.addEventListener('click', (event) => {
    const at = shown.from + Math.floor((event.offsetX - shown.left) / shown.each);
    if (at >= shown.from && at < shown.to) page.choose(run, at);
  });
  page.closeUp = () => { if (canvas.isConnected) drawCloseUp(canvas, shown); };
  const cut = all > MOST_STEPS ? `${number(shown.from - family.from + 1)}–${number(shown.to - family.from)} of ` : '';
  return [el('h3', {}, `Requests of this batch, ${cut}${number(all)}, in order →`), canvas];
}

function drawCloseUp(canvas, shown) {
  const { run, family, chosen, from, to, gone } = shown, width = canvas.clientWidth, p = pen(canvas, width, CLOSE_HEIGHT);
  const left = shown.left = closeLabels(p, run, family, gone), each = shown.each = Math.min(46, (width - left - 3) / (to - from));
  const top = 7, inner = CLOSE_HEIGHT - 14, right = left + each * (to - from);
  p.fillStyle = look.colours.well;
  p.fillRect(left, top, right - left, inner);
  const painter = new LanePainter(p, run, new Axis(0, 1, 0, 1), { lane: inner + 3, top, shard: { rows: [family.row] } }, null);
  for (let i = from; i < to; i++) {
    const [y, height] = painter.box(family.row, i), x = left + (i - from) * each, waits = run.ready[i] > run.stop[i], wide = each * (waits ? 0.66 : 0.88);
    if (waits) {
      p.fillStyle = run.outcome[i] === THROTTLED ? look.hatches.throttled : look.hatches.backoff;
      p.fillRect(x + wide, y, each - wide, height);
    }
    if (run.outcome[i] === PARTIAL) painter.partial(i, x + 1, y, wide - 1, height);
    else painter.block(x + 1, y, wide - 1, height, painter.paint(i));
    painter.figure(i, x + 1, y, wide - 1, height, painter.paint(i), 0, width);
    if (i !== chosen) continue;
    p.strokeStyle = look.colours.ink;
    p.lineWidth = 2;
    p.beginPath();
    p.roundRect(x, y - 1, wide + 1, height + 2, 3);
    p.stroke();
  }
  closeLines(p, run, family, gone, left, right, top, inner);
}

// The names of the first and the last record, and of one that is gone; the room that they take.
function closeLabels(p, run, family, gone) {
  const labels = [[0, run.position(family, 0)], [1, run.position(family, family.whole - 1)]];
  if (family.whole === 1) labels.pop();
  p.font = `11px ${SANS}`;
  const texts = labels.filter(([, position]) => position !== null).map(([at, position]) => [at, number(position)]);
  const lost = gone.length && !family.gap ? (gone[0].first - family.first + gone[0].count / 2) / family.whole : null;
  const room = Math.max(0, ...texts.map(([, text]) => p.measureText(text).width), lost === null ? 0 : p.measureText(number(gone[0].first)).width);
  if (!room) return 2;
  for (const [at, text] of texts) {
    const y = family.whole === 1 ? CLOSE_HEIGHT / 2 : 12 + at * (CLOSE_HEIGHT - 24);
    if (lost === null || Math.abs(y - 7 - lost * (CLOSE_HEIGHT - 14)) > 13) write(p, text, room, y, { font: p.font, align: 'right' });
  }
  if (lost !== null && gone[0].count === 1) write(p, number(gone[0].first), room, 7 + lost * (CLOSE_HEIGHT - 14), { colour: look.colours.bad, font: `700 11px ${SANS}`, align: 'right' });
  return Math.ceil(room) + 7;
}

function closeLines(p, run, family, gone, left, right, top, inner) {
  if (!gone.length || family.gap || gone[0].count > 1) return;
  const y = Math.round(top + ((gone[0].first - family.first + 0.5) / family.whole) * inner) + 0.5;
  p.strokeStyle = look.colours.bad;
  p.setLineDash([2, 3]);
  p.lineWidth = 1;
  p.beginPath();
  p.moveTo(left - 3, y);
  p.lineTo(right, y);
  p.stroke();
  p.setLineDash([]);
}
