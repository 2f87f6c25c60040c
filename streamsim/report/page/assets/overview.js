// The whole run in a strip, all lanes at once, with a brush over what is shown above it.

const OVERVIEW_HEIGHT = 58;

// Draws all lanes into `height` pixels; of what shares a pixel the gravest shows.
function drawWhole(p, run, order, axis, top, height) {
  const shards = order.length, rows = Math.max(1, shards), each = height / rows, width = Math.ceil(axis.right - axis.left);
  order.forEach((shard, place) => {
    const y = top + place * each, h = Math.max(1, each - (each > 3 ? 1.5 : 0));
    const graves = new Uint8Array(width + 1), fills = new Uint8Array(width + 1);
    for (const row of shard.rows) {
      for (let i = row.from; i < row.to; i++) {
        const paint = look.paints[run.outcome[i]], x = clamp(Math.floor(axis.x(run.start[i]) - axis.left), 0, width);
        const to = clamp(Math.floor(axis.x(paint.grave > 1 ? run.ready[i] : run.stop[i]) - axis.left), x, width);
        if (graves[x] >= paint.grave && graves[to] >= paint.grave) continue;
        for (let k = x; k <= to; k++) if (paint.grave > graves[k]) { graves[k] = paint.grave; fills[k] = run.outcome[i]; }
      }
    }
    for (let k = 0, from = 0; k <= width; k++) {
      if (k < width && graves[k + 1] === graves[from] && fills[k + 1] === fills[from]) continue;
      if (graves[from]) {
        p.fillStyle = look.paints[fills[from]].edge;
        p.fillRect(axis.left + from, y, k + 1 - from, h);
      }
      from = k + 1;
    }
  });
  for (const one of run.gone) {
    p.fillStyle = look.colours.bad;
    p.fillRect(axis.x(one.t) - 1, top, 2, height);
  }
}

function drawBrush(p, axis, view, height, end) {
  const x = axis.x(view.from), x1 = axis.x(view.to);
  p.fillStyle = look.colours.card;
  p.globalAlpha = 0.68;
  p.fillRect(axis.left - 1, 2, x - axis.left + 1, height - 4);
  p.fillRect(x1, 2, axis.right - x1 + 1, height - 4);
  p.globalAlpha = 1;
  p.strokeStyle = look.colours.ink;
  p.lineWidth = 1.5;
  p.beginPath();
  p.roundRect(x, 2.5, Math.max(4, x1 - x), height - 5, 5);
  p.stroke();
  if (x1 - x < (axis.right - axis.left) * 0.999 || end === 0) {
    p.fillStyle = look.colours.ink;
    for (const at of [x, x1]) {
      p.beginPath();
      p.roundRect(at - 2.5, height / 2 - 9, 5, 18, 2.5);
      p.fill();
    }
  }
}
