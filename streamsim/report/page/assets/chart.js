// One run's chart: canvases for moments, lanes, curves and the whole run, drawn anew when something changes.

const TOP_HEIGHT = 34;

class Chart {
  constructor(page, run) {
    Object.assign(this, { page, run, width: 0, scrolled: 0 });
    const canvas = () => el('canvas');
    this.pins = canvas();
    this.lanes = el('canvas', { tabindex: 0, role: 'img' });
    this.curves = canvas();
    this.whole = canvas();
    this.spacer = el('div');
    this.scroll = el('div', { class: 'lanes' }, this.lanes, this.spacer);
    this.tip = el('div', { class: 'tip', hidden: true });
    this.overview = el('div', { class: 'overview' }, this.whole);
    for (const decoration of [this.pins, this.curves, this.whole]) decoration.setAttribute('aria-hidden', 'true');
    this.name = el('div', { class: 'name', hidden: page.runs.length < 2 });
    this.element = el('div', { class: 'chart card' }, this.name, this.pins, this.scroll, this.curves, this.overview, this.leftOut(), this.tip);
    if (page.runs.length > 1) this.name.append(el('span', { class: 'chip' }, `Run ${run.index + 1}`), el('b', {}, outside(run.doc.name)), el('span', { class: run.doc.well === false ? 'bad' : 'soft' }, `${run.doc.well === false ? '✗' : '✓'} ${run.doc.verdict}`), el('p', { class: 'soft' }, outside(run.doc.sentence)));
    this.lanes.setAttribute('aria-label', `Lanes of ${counted(run.shards.length, 'shard')} over ${duration(run.end)}. Arrow keys go from invocation to invocation; the table below has all of them.`);
    attach(this);
  }

  resize() {
    this.width = this.element.clientWidth;
    this.narrow = this.width < 620;
    this.left = Math.max(...this.page.charts.map((chart) => chart.gutter()));
    this.wholeCache = null;
    this.laid = null;
    this.draw();
  }

  // The room that the names of the shards need, so that none is cut that need not be.
  gutter() {
    const p = this.pins.getContext('2d'), narrow = this.element.clientWidth < 620;
    p.font = `600 12.5px ${SANS}`;
    const names = this.run.shards.slice(0, 300).map((shard) => p.measureText(this.nameOf(shard)).width);
    p.font = `12px ${SANS}`;
    if (!narrow && names.length <= 24) names.push(...this.run.shards.map((shard) => p.measureText(counted(shard.invocations, 'invocation')).width));
    return Math.round(clamp(Math.max(0, ...names) + (narrow ? 22 : 30), narrow ? 78 : 128, narrow ? 104 : 190));
  }

  get axis() { return new Axis(this.page.view.from, this.page.view.to, this.left, this.width - 18); }

  get wholeAxis() { return new Axis(0, this.page.end, this.left, this.width - 18); }

  layout() {
    const { view } = this.page, key = `${view.order}/${view.density}/${this.width}`;
    if (!this.laid || this.laid.key !== key) {
      const room = this.page.charts.length > 1 ? 260 : Math.max(260, Math.min(460, window.innerHeight * 0.5));
      this.laid = Object.assign(layOut(this.run, view, room), { key });
      this.visible = Math.min(this.laid.height, this.page.charts.length > 1 ? 340 : 560);
      this.scroll.style.height = `${this.visible + 1}px`;
      this.spacer.style.height = `${Math.max(0, this.laid.height - this.visible)}px`;
      this.wholeCache = null;
    }
    return this.laid;
  }

  draw() {
    if (!this.width) return;
    const layout = this.layout(), axis = this.axis;
    this.drawPins(axis);
    this.drawLanes(axis, layout);
    this.drawCurves(axis);
    this.drawOverview(layout);
  }

  drawPins(axis) {
    const p = pen(this.pins, this.width, TOP_HEIGHT), { view } = this.page;
    this.pinned = [];
    for (const one of this.run.doc.happenings) this.drawHappening(p, axis, one);
    const lanes = this.run.rows.length > this.run.shards.length ? `, ${counted(this.run.rows.length, 'lane')}` : '';
    this.run.doc.moments.forEach((moment, k) => {
      if (moment.t === null || moment.t < axis.from || moment.t > axis.to) return;
      let x = axis.x(moment.t);
      const near = this.pinned[this.pinned.length - 1];
      if (near && x < near.x + 20) x = near.x + 20;
      if (x > this.width - 9) return;
      this.pinned.push({ x, moment: k });
      p.strokeStyle = look.colours.faint;
      p.lineWidth = 1;
      p.beginPath();
      p.moveTo(x, 24);
      p.lineTo(axis.x(moment.t), TOP_HEIGHT);
      p.stroke();
      const chosen = view.moment === k && view.run === this.run.index;
      p.fillStyle = chosen ? look.colours.blue : look.colours.ink;
      p.beginPath();
      p.arc(x, 16, 9.5, 0, 7);
      p.fill();
      write(p, String(k + 1), x, 16.5, { colour: look.colours.card, font: `700 11.5px ${SANS}`, align: 'center' });
    });
    write(p, `${counted(this.run.shards.length, 'shard')}${lanes}`, 14, 17, { font: `12px ${SANS}`, width: (this.pinned[0]?.x ?? this.width) - 26 });
  }

  drawHappening(p, axis, one) {
    if (one.kind === 'fault' && one.until === null && one.t === 0) return;
    const x = axis.x(one.t), x1 = axis.x(one.until ?? one.t);
    if (x1 < axis.left || x > axis.right) return;
    const colour = one.kind === 'fault' ? look.colours.warn : look.colours.blue;
    p.fillStyle = colour;
    p.globalAlpha = 0.25;
    const from = Math.max(axis.left, x), to = Math.min(axis.right, Math.max(x1, x + 2));
    p.fillRect(from, TOP_HEIGHT - 5, to - from, 5);
    p.globalAlpha = 1;
    p.fillRect(from, TOP_HEIGHT - 5, 1.5, 5);
  }

  drawLanes(axis, layout) {
    const p = pen(this.lanes, this.width, this.visible), { run } = this, { view } = this.page, scrolled = this.scroll.scrollTop;
    axis.grid(p, 0, this.visible);
    p.save();
    p.translate(0, -scrolled);
    const seen = layout.places.filter((place) => place.bottom >= scrolled && place.from <= scrolled + this.visible);
    for (const place of seen) this.drawLabel(p, place, layout);
    p.save();
    p.beginPath();
    p.rect(this.left - 6, scrolled, this.width - this.left, this.visible);
    p.clip();
    drawWindows(p, axis, run, scrolled, scrolled + this.visible);
    const strips = new Strips(axis, seen.reduce((sum, place) => sum + place.shard.rows.length, 0));
    for (const place of seen) {
      drawPresence(p, axis, place, this.page.end);
      const painter = new LanePainter(p, run, axis, place, view);
      for (const row of place.shard.rows) painter.families(row);
      for (const row of place.shard.rows) painter.row(row, strips);
    }
    strips.draw(p);
    for (const place of seen) {
      const painter = new LanePainter(p, run, axis, place, view);
      for (const row of place.shard.rows) if (run.gone.length) painter.losses(row, layout.height + 20);
    }
    drawElbows(p, axis, layout);
    this.drawChosen(p, axis, layout);
    p.restore();
    this.drawMomentLines(p, axis, scrolled);
    p.restore();
    this.drawCursor(p, axis, 0, this.visible);
  }

  drawMomentLines(p, axis, scrolled) {
    p.strokeStyle = look.colours.faint;
    p.lineWidth = 1;
    p.setLineDash([1, 3]);
    p.beginPath();
    for (const { moment } of this.pinned) {
      const x = Math.round(axis.x(this.run.doc.moments[moment].t)) + 0.5;
      p.moveTo(x, scrolled);
      p.lineTo(x, scrolled + this.visible);
    }
    p.stroke();
    p.setLineDash([]);
  }

  drawLabel(p, place, layout) {
    const { shard, top, bottom, from } = place, each = bottom - from;
    if (layout.lane >= 8) {
      p.strokeStyle = look.colours.line;
      p.lineWidth = 1;
      p.beginPath();
      if (place !== layout.places[layout.places.length - 1]) {
        p.moveTo(0, Math.round(bottom) + 0.5);
        p.lineTo(this.width, Math.round(bottom) + 0.5);
      }
      p.stroke();
    }
    if (each < 10) return;
    const width = this.left - 17, middle = top + (bottom - top - 4) / 2, name = this.nameOf(shard);
    const below = each >= 38 && !this.narrow;
    const size = each < 15 ? 10.5 : 12.5;
    write(p, name, 14, below ? middle - 8 : middle, { colour: look.colours.ink, font: `600 ${size}px ${SANS}`, width });
    if (below) {
      const lanes = shard.rows.length > 1 ? ` · ${shard.rows.length} lanes` : '';
      write(p, `${counted(shard.invocations, 'invocation')}${shard.rows.length > 1 ? '' : lanes}`, 14, middle + 8, { font: `12px ${SANS}`, width });
      if (lanes && each > 54) write(p, lanes.slice(3), 14, middle + 23, { font: `12px ${SANS}`, width });
    }
  }

  // As deep below its parents as it is, and without the word that all begin with.
  nameOf(shard) {
    const { mappings } = this.run.doc, depth = this.page.view.order === 'trouble' ? 0 : Math.min(3, this.depth(shard));
    const name = mappings.length > 1 ? `${mappings[shard.mapping]} ${shard.name}` : depth ? shard.name.replace(/^shard /, '') : shard.name;
    return `${depth ? `${'\u2007'.repeat(depth - 1)}└ ` : ''}${isolated(name)}`;
  }

  leftOut() {
    const { left_out: sentences } = this.run.doc;
    return el('div', { class: 'left-out', role: 'note', hidden: !sentences.length }, el('b', {}, 'A large run: this page leaves something out. '), sentences.join(' '));
  }

  depth(shard) {
    let depth = 0, at = shard;
    while (at.parents.length && depth < 4) { depth++; at = this.run.shards[at.parents[0]]; }
    return depth;
  }

  drawChosen(p, axis, layout) {
    const { view } = this.page;
    if (view.run !== this.run.index || view.entry < 0) return;
    const row = this.run.rowOf(view.entry), place = layout.byShard.get(row.shard);
    if (!place) return;
    const [top, height] = new LanePainter(p, this.run, axis, place, view).box(row, view.entry);
    const x = axis.x(this.run.start[view.entry]), x1 = axis.x(this.run.stop[view.entry]);
    p.strokeStyle = look.colours.ink;
    p.lineWidth = 2;
    p.beginPath();
    p.roundRect(x - 1.5, top - 1.5, Math.max(3, x1 - x) + 3, height + 3, 3.5);
    p.stroke();
  }

  drawCurves(axis) {
    const gone = this.run.gone.length ? GONE_HEIGHT : 0;
    const height = gone + 2 * CURVE_HEIGHT + AXIS_HEIGHT, p = pen(this.curves, this.width, height);
    axis.grid(p, 0, height - AXIS_HEIGHT);
    if (gone) drawGone(p, this.run, axis, 0);
    const { view } = this.page;
    const focus = view.run === this.run.index && view.entry >= 0 ? this.run.rowOf(view.entry) : null;
    drawAge(p, this.run, axis, gone, focus);
    drawConcurrency(p, this.run, axis, gone + CURVE_HEIGHT);
    drawAxis(p, axis, height - AXIS_HEIGHT);
    this.drawCursor(p, axis, 0, height - AXIS_HEIGHT, height - AXIS_HEIGHT + 2);
  }

  drawCursor(p, axis, top, bottom, label) {
    const { cursor } = this.page.view;
    if (cursor === null) return;
    const x = axis.x(cursor);
    p.fillStyle = look.colours.card;
    p.globalAlpha = 0.66;
    p.fillRect(Math.max(axis.left - 6, x), top, axis.right + 8 - Math.max(axis.left - 6, x), bottom - top);
    p.globalAlpha = 1;
    if (x < axis.left - 1 || x > axis.right + 1) return;
    p.strokeStyle = look.colours.ink;
    p.lineWidth = 1.3;
    p.beginPath();
    p.moveTo(x, top);
    p.lineTo(x, bottom);
    p.stroke();
    if (label === undefined) return;
    const text = instant(cursor);
    p.font = `600 11.5px ${SANS}`;
    const half = p.measureText(text).width / 2 + 6, at = clamp(x, axis.left + half - 8, this.width - half - 2);
    p.fillStyle = look.colours.ink;
    p.beginPath();
    p.roundRect(at - half, label, 2 * half, 19, 4);
    p.fill();
    write(p, text, at, label + 10, { colour: look.colours.card, font: p.font, align: 'center' });
  }

  drawOverview(layout) {
    const axis = this.wholeAxis, p = pen(this.whole, this.width, OVERVIEW_HEIGHT);
    if (!this.wholeCache) {
      this.wholeCache = document.createElement('canvas');
      drawWhole(pen(this.wholeCache, this.width, OVERVIEW_HEIGHT), this.run, layout.places.map((place) => place.shard), axis, 7, OVERVIEW_HEIGHT - 14);
    }
    p.fillStyle = look.colours.well;
    p.fillRect(axis.left, 2, axis.right - axis.left, OVERVIEW_HEIGHT - 4);
    p.drawImage(this.wholeCache, 0, 0, this.width, OVERVIEW_HEIGHT);
    write(p, 'whole run', 14, OVERVIEW_HEIGHT / 2, { font: `${this.narrow ? 11 : 12}px ${SANS}`, width: this.left - 16 });
    drawBrush(p, axis, this.page.view, OVERVIEW_HEIGHT, this.page.end);
  }

  // The entry under a point of the lanes' canvas, -1 for none; and its row's shard.
  hit(x, y) {
    const layout = this.layout(), at = y + this.scroll.scrollTop;
    const place = layout.places.find((one) => at >= one.from && at < one.bottom);
    if (!place || !place.shard.rows.length || x < this.left - 6) return { entry: -1, place };
    const row = place.shard.rows[clamp(Math.floor((at - place.top) / place.lane), 0, place.shard.rows.length - 1)];
    const axis = this.axis, entry = this.run.entryAt(row, axis.t(x - 2)), near = this.run.entryAt(row, axis.t(x + 3));
    for (const one of [near, entry]) {
      if (one >= 0 && axis.x(this.run.start[one]) <= x + 4 && axis.x(this.run.ready[one]) >= x - 4) return { entry: one, place, row };
    }
    return { entry: -1, place, row };
  }

  // Scrolls the lanes until an entry's row is in sight.
  reveal(entry) {
    const place = this.layout().byShard.get(this.run.rowOf(entry).shard);
    if (!place) return;
    if (place.from < this.scroll.scrollTop) this.scroll.scrollTop = place.from - 10;
    else if (place.bottom > this.scroll.scrollTop + this.visible) this.scroll.scrollTop = place.bottom - this.visible + 10;
  }
}
