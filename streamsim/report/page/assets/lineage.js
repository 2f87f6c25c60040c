// When a shard is there to be read: before it opens, after it ends, while the mapping is stopped; and elbows to its children.

function drawPresence(p, axis, place, end) {
  const { shard } = place, top = place.top, height = place.bottom - place.top - 3;
  const shade = (from, to, fill) => {
    const x = Math.max(axis.left, axis.x(from)), x1 = Math.min(axis.right, axis.x(to));
    if (x1 - x < 0.5) return;
    p.fillStyle = fill;
    p.fillRect(x, top, x1 - x, height);
  };
  if (shard.opened > 0) shade(0, shard.opened, look.colours.absent);
  if (shard.ended !== null && shard.ended < end) shade(shard.ended, end, look.colours.absent);
  for (const [since, until] of shard.stops) {
    shade(since, until ?? end, look.colours.well);
    const x = Math.max(axis.left, axis.x(since)), x1 = Math.min(axis.right, axis.x(until ?? end));
    if (x1 - x > 70 && place.lane > 12) write(p, 'not read', (x + x1) / 2, top + height / 2, { colour: look.colours.soft, align: 'center' });
  }
}

function drawElbows(p, axis, layout) {
  p.lineWidth = 1.4;
  for (const child of layout.places) {
    for (const parent of child.shard.parents) {
      const above = layout.byShard.get(parent);
      if (!above || above.shard.ended === null) continue;
      const x0 = axis.x(above.shard.ended), x1 = axis.x(child.shard.opened);
      if (Math.max(x0, x1) < axis.left || Math.min(x0, x1) > axis.right) continue;
      const down = child.top > above.top, y0 = down ? above.bottom - 2 : above.top, y1 = child.top + (child.bottom - child.top) / 2, r = 5 * (y1 > y0 ? 1 : -1);
      const x = clamp(x0, axis.left, axis.right), to = clamp(Math.max(x1, x0 + 9), axis.left, axis.right);
      p.strokeStyle = look.colours.blue;
      p.beginPath();
      p.moveTo(x, y0);
      p.lineTo(x, y1 - r);
      p.quadraticCurveTo(x, y1, x + 5, y1);
      p.lineTo(to, y1);
      p.stroke();
      p.fillStyle = look.colours.blue;
      p.beginPath();
      p.moveTo(to + 1, y1);
      p.lineTo(to - 5, y1 - 3.5);
      p.lineTo(to - 5, y1 + 3.5);
      p.fill();
    }
  }
}

function drawWindows(p, axis, run, top, bottom) {
  if (!run.doc.windows.length) return;
  const shown = run.doc.windows.filter(([, end]) => end >= axis.from && end <= axis.to);
  if (shown.length > (axis.right - axis.left) / 12) return;
  p.strokeStyle = look.colours.window;
  p.setLineDash([4, 4]);
  p.lineWidth = 1;
  p.beginPath();
  for (const [, end] of shown) {
    p.moveTo(axis.x(end), top);
    p.lineTo(axis.x(end), bottom);
  }
  p.stroke();
  p.setLineDash([]);
}
