// Lanes: where each stands, and the bars in them. Height inside a lane is the position in the batch, so that a bisect is a
// staircase that closes in on the bad record.

// The paint of a window's end, after those of the outcomes.
const WINDOW_KIND = 8;

const DENSE = { readable: { lane: 20, lanes: 9, most: 56 }, fit: { lane: 1.5, lanes: 1, most: 56 } };

// Shards in the order asked for, each with the top of its lanes and their height.
function layOut(run, view, room) {
  let shards = run.doc.order.map((number_) => run.shards[number_]).filter((shard) => shard.rows.length || shard.ended === null || shard.ended > shard.opened);
  if (view.order === 'trouble') shards = shards.map((shard, i) => [shard, i]).sort((a, b) => b[0].trouble - a[0].trouble || a[1] - b[1]).map(([shard]) => shard);
  const lanes = shards.reduce((sum, shard) => sum + Math.max(1, shard.rows.length), 0);
  const dense = DENSE[view.density], several = lanes > 1.5 * shards.length;
  const least = several ? dense.lanes : dense.lane;
  let lane = clamp(room / Math.max(1, lanes) - (room > 40 * shards.length ? 20 : 6), 0, dense.most);
  if (lane < least) lane = view.density === 'fit' ? clamp(room / Math.max(1, lanes), least, 14) : least;
  const head = lane >= 24 ? 19 : lane >= 9 || several ? (lane * lanes + 19 * shards.length < room * 3 ? 17 : 8) : 0;
  const foot = lane >= 9 ? 5 : lane >= 4 ? 2 : 0;
  const pad = several && lane < 24 ? 8 : head;
  let y = 0;
  const places = shards.map((shard) => {
    const count = Math.max(1, shard.rows.length), top = y + pad;
    y = top + count * lane + foot;
    return { shard, top, lane, bottom: y, from: top - pad };
  });
  return { places, height: Math.max(40, y), lane, byShard: new Map(places.map((place) => [place.shard.number, place])) };
}

class LanePainter {
  constructor(p, run, axis, place, view) {
    Object.assign(this, { p, run, axis, place, view });
    this.inner = place.lane >= 6 ? place.lane - 3 : place.lane >= 3 ? place.lane - 1 : place.lane;
  }

  top(row) { return this.place.top + this.place.shard.rows.indexOf(row) * this.place.lane; }

  // Where the entry's records stand in its family's batch.
  box(row, i) {
    const { run } = this, whole = run.whole[i], top = this.top(row);
    if (!whole || run.c.times[i]) return [top, this.inner];
    const height = Math.max(Math.min(this.inner, 3), (run.c.count[i] / whole) * this.inner);
    return [Math.min(top + (run.c.offset[i] / whole) * this.inner, top + this.inner - height), height];
  }

  // Bars are drawn, what is too narrow for one goes to the strips.
  row(row, strips) {
    const { run, axis } = this, { start, stop, ready } = run, { left, right, scale, from, to } = axis, narrow = 2.2 / scale;
    for (let i = run.firstAt(row, from); i < row.to && start[i] <= to; i++) {
      const x = left + (start[i] - from) * scale;
      if (ready[i] - start[i] >= narrow) this.bar(row, i, Math.max(x, left - 8), Math.min(axis.x(stop[i]), right + 8), Math.min(axis.x(ready[i]), right + 8));
      else strips.add(x, this.kind(i), (stop[i] - start[i]) * scale, (ready[i] - stop[i]) * scale);
    }
    strips.end(this.top(row), this.inner);
  }

  kind(i) { return this.run.flags[i] & WINDOW_END && this.run.outcome[i] === SUCCESS ? WINDOW_KIND : this.run.outcome[i]; }

  paint(i) { return look.paints[this.kind(i)]; }

  bar(row, i, x, x1, x2) {
    const { run, p } = this, [top, height] = this.box(row, i);
    if (x2 - x1 >= 0.8 && run.ready[i] > run.stop[i]) {
      p.fillStyle = run.outcome[i] === THROTTLED ? look.hatches.throttled : look.hatches.backoff;
      p.fillRect(x1, top, x2 - x1, Math.max(2, height));
    }
    if (run.outcome[i] === THROTTLED) {
      p.fillStyle = look.colours.wait;
      p.fillRect(x, top, 1.5, height);
      return;
    }
    const width = Math.max(1.2, x1 - x), paint = this.paint(i);
    if (run.outcome[i] === PARTIAL) this.partial(i, x, top, width, height);
    else {
      p.globalAlpha = run.c.times[i] ? 0.45 + 0.55 * Math.min(1, (run.c.busy[i] * run.doc.tick) / Math.max(1, run.stop[i] - run.start[i])) : 1;
      this.block(x, top, width, height, paint);
      p.globalAlpha = 1;
    }
    this.initBar(i, x, top, width, height);
    this.figure(i, x, top, width, height, paint);
  }

  block(x, top, width, height, paint) {
    const { p } = this;
    p.fillStyle = paint.fill;
    if (width > 7 && height > 7) {
      p.strokeStyle = paint.edge;
      p.lineWidth = 1;
      p.beginPath();
      p.roundRect(x + 0.5, top + 0.5, width - 1, height - 1, Math.min(3, width / 4, height / 4));
      p.fill();
      p.stroke();
    } else {
      p.fillStyle = paint.edge;
      p.fillRect(x, top, width, height);
    }
  }

  partial(i, x, top, width, height) {
    const share = clamp((this.run.c.failed[i] - 1) / Math.max(1, this.run.c.count[i]), 0, 1);
    const done = share * height;
    if (done >= 1) this.block(x, top, width, done, look.paints[SUCCESS]);
    if (height - done >= 1) this.block(x, top + done, width, height - done, look.paints[PARTIAL]);
  }

  initBar(i, x, top, width, height) {
    const init = this.run.c.init[i] * this.run.doc.tick * this.axis.scale;
    if (init < 1.5 || height < 4) return;
    this.p.fillStyle = look.colours.blue;
    this.p.globalAlpha = 0.55;
    this.p.fillRect(x, top + height - 3, Math.min(init, width), 3);
    this.p.globalAlpha = 1;
  }

  figure(i, x, top, width, height, paint, from = this.axis.left, to = this.axis.right) {
    const { run, p } = this;
    if (height < 11 || width < 15) return;
    const text = run.flags[i] & WINDOW_END ? 'Σ' : run.c.times[i] ? `×${number(run.c.times[i] + 1)}` : number(run.c.count[i]);
    const size = Math.min(12, height);
    p.font = `600 ${size}px ${SANS}`;
    const left = Math.max(x, from), right = Math.min(x + width, to);
    if (p.measureText(text).width + 3 > right - left) return;
    write(p, text, (left + right) / 2, top + height / 2 + 0.5, { colour: paint.text, font: p.font, align: 'center' });
  }

  // Families in trouble: a tint, a bracket that says what became of the batch, and the discards at their record's height.
  families(row) {
    const { run, axis } = this;
    if (!row.trouble) return;
    this.free = -Infinity;
    let i = run.firstAt(row, axis.from);
    if (i < row.to) i = run.familyStart[i];
    while (i < row.to && run.start[i] <= axis.to) {
      let to = i + 1, bad = run.outcome[i] !== SUCCESS;
      while (to < row.to && run.familyStart[to] === i) {
        bad ||= run.outcome[to] !== SUCCESS;
        to++;
      }
      if (bad && (to - i > 1 || run.outcome[i] !== THROTTLED)) this.bracket(row, i, to);
      i = to;
    }
  }

  bracket(row, from, to) {
    const { run, axis, p, place } = this, x = Math.max(axis.x(run.start[from]), axis.left - 6), x1 = Math.min(axis.x(run.ready[to - 1]), axis.right + 6);
    if (x1 - x < 5) return;
    const top = this.top(row), onlyThrottled = !this.failedIn(from, to), colour = onlyThrottled ? look.colours.soft : look.colours.bad;
    if (!onlyThrottled && place.lane >= 8) {
      p.fillStyle = look.colours['bad-soft'];
      p.globalAlpha = look.dark ? 0.6 : 0.75;
      p.fillRect(x, top - (place.lane >= 24 ? 4 : 0), x1 - x, this.inner + (place.lane >= 24 ? 8 : 0));
      p.globalAlpha = 1;
    }
    if (place.lane < 24 || x1 - x < 12) return;
    const y = top - 4.5;
    p.strokeStyle = colour;
    p.lineWidth = 1.2;
    p.beginPath();
    p.moveTo(x + 0.6, y + 4);
    p.lineTo(x + 0.6, y);
    p.lineTo(x1 - 0.6, y);
    p.lineTo(x1 - 0.6, y + 4);
    p.stroke();
    const text = this.bracketText(from, to), at = Math.max(x, axis.left + 2);
    p.font = `11px ${MONO}`;
    const width = p.measureText(text).width;
    if (at < this.free || width > Math.max(x1 - at, onlyThrottled ? 0 : 170)) return;
    write(p, text, at, y - 6.5, { colour, font: p.font });
    this.free = at + width + 8;
  }

  failedIn(from, to) {
    for (let i = from; i < to; i++) if (this.run.outcome[i] !== SUCCESS && this.run.outcome[i] !== THROTTLED) return true;
    return false;
  }

  bracketText(from, to) {
    const { run } = this;
    let splits = 0, least = run.whole[from], partial = 0, same = 1;
    for (let i = from; i < to; i++) {
      if (run.flags[i] & SPLIT) splits++;
      if (run.outcome[i] === PARTIAL) partial++;
      if (run.flags[i] & SAME_ID) same++;
      if (run.outcome[i] !== SUCCESS) least = Math.min(least, run.c.count[i]);
    }
    if (splits) return `bisect ${number(run.whole[from])} → ${number(least)} · ${counted(to - from, 'invocation')}`;
    if (partial && to - from > 1) return `${number(run.whole[from])} → ${number(run.c.count[from + 1] ?? 0)} sent again`;
    const id = (run.id(from) ?? '').slice(0, 8);
    return same > 1 ? `${id} ×${number(same)}` : id;
  }

  // The height of a lost record inside its lane, as the rank of its batch has it.
  goneAt(row, one) {
    const at = this.run.entryAt(row, one.t - 1);
    if (at < 0 || one.kind === WINDOW_LOST) return this.top(row) + this.inner / 2;
    const family = this.run.family(at), rank = clamp(one.first + one.count / 2 - family.first, 0, family.whole);
    return this.top(row) + (family.whole ? rank / family.whole : 0.5) * this.inner;
  }

  losses(row, bottom) {
    const { p, axis, run, place } = this;
    for (const one of run.goneOn(row)) {
      if (one.t < axis.from || one.t > axis.to) continue;
      const x = axis.x(one.t), y = this.goneAt(row, one);
      if (place.lane >= 24) {
        const family = run.family(Math.max(row.from, run.entryAt(row, one.t - 1)));
        p.strokeStyle = look.colours.bad;
        p.setLineDash([2, 3]);
        p.lineWidth = 1;
        p.beginPath();
        if (one.kind !== WINDOW_LOST && family.to - family.from > 1) {
          p.moveTo(Math.max(axis.left, axis.x(run.start[family.from])), y);
          p.lineTo(x, y);
        } else p.moveTo(x, y);
        p.lineTo(x, bottom);
        p.stroke();
        p.setLineDash([]);
      }
      diamond(p, x, y, place.lane >= 14 ? 5 : 3, one.kind === EXPIRED ? look.colours.slow : look.colours.bad);
    }
  }
}

function diamond(p, x, y, size, colour) {
  p.fillStyle = colour;
  p.strokeStyle = look.colours.card;
  p.lineWidth = 1;
  p.beginPath();
  p.moveTo(x, y - size);
  p.lineTo(x + size, y);
  p.lineTo(x, y + size);
  p.lineTo(x - size, y);
  p.closePath();
  p.fill();
  p.stroke();
}
