// The whole run in a strip, all lanes at once, with a brush over what is shown above it.

const OVERVIEW_HEIGHT = 58;

// Draws all shards into `height` pixels, and draws anew only when they change; of what shares a pixel the gravest shows.
function drawWhole(p, run, order, axis, top, height) {
  const lines = Math.max(1, Math.min(order.length, Math.floor(height / 2))), width = Math.ceil(axis.right - axis.left);
  const graves = new Uint8Array(lines * width), kinds = new Uint8Array(lines * width);
  order.forEach((shard, k) => {
    const at = Math.floor((k * lines) / order.length) * width;
    for (const row of shard.rows) wholeRow(run, row, axis, width, graves.subarray(at, at + width), kinds.subarray(at, at + width));
  });
  const image = new ImageData(width, lines), words = new Uint32Array(image.data.buffer);
  for (let k = 0; k < words.length; k++) if (graves[k]) words[k] = look.words[kinds[k]][graves[k] > 1 ? 3 : 2];
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height: lines });
  canvas.getContext('2d').putImageData(image, 0, 0);
  const each = height / lines, gap = each >= 5 ? 2 : each >= 3 ? 1 : 0;
  for (let line = 0; line < lines; line++) p.drawImage(canvas, 0, line, width, 1, axis.left, top + line * each, width, each - gap);
  p.fillStyle = look.colours.bad;
  for (const one of run.gone) p.fillRect(Math.round(axis.x(one.t)) - 1, top, 2, height - gap);
}

function wholeRow(run, row, axis, width, graves, kinds) {
  const { start, stop, ready, outcome } = run, { scale } = axis;
  for (let i = row.from; i < row.to; i++) {
    const { grave } = look.paints[outcome[i]], from = Math.floor(start[i] * scale);
    if (from >= width) return;
    const to = Math.min(width - 1, Math.floor((grave > 1 ? ready[i] : stop[i]) * scale));
    for (let k = from; k <= to; k++) if (grave > graves[k]) { graves[k] = grave; kinds[k] = outcome[i]; }
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
