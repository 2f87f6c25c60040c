// The page: what is looked at, and everything that follows when that changes.

const page = {
  content: null, runs: [], charts: [], end: 1, playing: false, themeChosen: false, drawn: 0,
  view: { run: 0, from: 0, to: 1, cursor: null, scrubbing: false, entry: -1, rank: null, moment: -1, order: 'shard', density: 'readable', beside: false },

  redraw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.paint(); });
  },

  paint() {
    for (const chart of this.charts) chart.draw();
    const { view } = this;
    const said = view.cursor === null ? `${duration(view.to - view.from)} shown` : instant(view.cursor);
    this.tools.now.textContent = said;
    this.tools.scrub.value = String(Math.round(((view.cursor ?? view.from) / this.end) * SCRUBS));
    this.tools.scrub.setAttribute('aria-valuetext', said);
    this.drawn++;
    clearTimeout(this.linking);
    this.linking = setTimeout(() => writeLink(this), 250);
  },

  show(from, to) {
    const span = clamp(to - from, Math.min(this.end, Math.max(200, this.end / 2e7)), this.end);
    let begins = (from + to) / 2 - span / 2;
    begins = clamp(begins, 0, this.end - span);
    Object.assign(this.view, { from: begins, to: begins + span });
    this.redraw();
  },

  zoom(by, around) {
    const { from, to, cursor } = this.view, chosen = this.view.entry >= 0 ? this.runs[this.view.run].start[this.view.entry] : null;
    const inSight = (t) => t !== null && t >= from && t <= to;
    const t = around ?? (inSight(cursor) ? cursor : inSight(chosen) ? chosen : (from + to) / 2);
    this.show(t - (t - from) * by, t + (to - t) * by);
  },

  pan(share) { const by = (this.view.to - this.view.from) * share; this.show(this.view.from + by, this.view.to + by); },

  whole() {
    this.play(false);
    Object.assign(this.view, { cursor: null, scrubbing: false });
    this.show(0, this.end);
  },

  // Brings an entry into sight, with some of what is around it.
  reach(entry) {
    const run = this.runs[this.view.run], { from, to } = this.view, start = run.start[entry], stop = run.stop[entry];
    if (start < from || stop > to) {
      const half = Math.max((to - from) / 2, (stop - start) * 2);
      this.show((start + stop) / 2 - half, (start + stop) / 2 + half);
    }
    this.charts.find((chart) => chart.run === run)?.reveal(entry);
  },

  choose(run, entry, go = false) {
    const { view } = this, turned = view.run !== run.index;
    Object.assign(view, { run: run.index, entry, rank: null });
    const family = run.family(entry), gone = run.goneOf(family);
    if (gone.length && !family.gap && family.whole) view.rank = clamp(gone[0].first - family.first, 0, family.whole - 1);
    if (turned) this.refresh();
    inspect(this);
    this.reach(entry);
    this.say(brief(run, entry));
    this.redraw();
    if (go) document.getElementById('charts').scrollIntoView({ block: 'start', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  },

  chooseRecord(rank) {
    this.view.rank = rank;
    inspect(this);
    document.querySelector('#inspector .cells [aria-pressed="true"]')?.focus();
  },

  // Moves the cursor over the whole run; what is shown follows it.
  scrub(t) {
    const { view } = this;
    if (t < view.from || t > view.to) { const half = (view.to - view.from) / 2; this.show(t - half, t + half); }
    this.moveCursor(t);
  },

  moveCursor(t) {
    Object.assign(this.view, { cursor: clamp(t, 0, this.end), scrubbing: true });
    this.redraw();
  },

  showMoment(run, k) {
    const moment = run.doc.moments[k], { view } = this;
    if (view.run !== run.index) { view.run = run.index; this.refresh(); }
    Object.assign(view, { moment: k, cursor: null, scrubbing: false });
    if (moment.t === null) this.whole();
    else {
      this.show(...spanOf(run, moment, this.end));
      const entry = entryOf(run, moment);
      if (entry >= 0) this.choose(run, entry);
    }
    showMoments(this);
    this.say(`${moment.title}. ${moment.sentence}`);
  },

  nextMoment(by) {
    const run = this.runs[this.view.run], count = run.doc.moments.length;
    if (count) this.showMoment(run, (Math.max(this.view.moment, by > 0 ? -1 : 0) + by + count) % count);
  },

  // The next invocation of any lane before or after the cursor.
  step(by) {
    this.play(false);
    const { view } = this, run = this.runs[view.run], order = run.inOrder();
    if (!order.length) return;
    let at = view.entry >= 0 ? order.indexOf(view.entry) : -1;
    if (at < 0 || (view.cursor !== null && Math.abs(run.start[view.entry] - view.cursor) > 1)) {
      const t = view.cursor ?? view.from;
      at = order.findIndex((i) => run.start[i] >= t) - (by > 0 ? 1 : 0);
      if (at < -1) at = order.length - 1;
    }
    const next = order[clamp(at + by, 0, order.length - 1)];
    Object.assign(view, { cursor: run.start[next], scrubbing: true });
    this.choose(run, next);
  },

  neighbour(by) {
    const { view } = this, run = this.runs[view.run];
    if (view.entry < 0) { this.step(by); return; }
    const row = run.rowOf(view.entry);
    this.choose(run, clamp(view.entry + by, row.from, row.to - 1));
  },

  otherRow(by) {
    const { view } = this, run = this.runs[view.run];
    const rows = this.charts.find((chart) => chart.run === run).layout().places.flatMap((place) => place.shard.rows).filter((row) => row.count);
    if (!rows.length) return;
    const t = view.entry >= 0 ? run.start[view.entry] : view.from, at = view.entry >= 0 ? rows.indexOf(run.rowOf(view.entry)) : -1;
    this.choose(run, run.entryAt(rows[clamp(at + by, 0, rows.length - 1)], t));
  },

  edge(by) {
    const { view } = this, run = this.runs[view.run];
    if (view.entry < 0) return;
    const row = run.rowOf(view.entry);
    this.choose(run, by < 0 ? row.from : row.to - 1);
  },

  play(on) {
    if (on === this.playing) return;
    this.playing = on;
    this.tools.play.textContent = on ? '❚❚ Pause' : '▶ Play';
    if (!on) return;
    const { view } = this;
    if (view.cursor === null || view.cursor >= this.end || view.cursor < view.from || view.cursor > view.to) view.cursor = view.from;
    view.scrubbing = true;
    let before = performance.now();
    const tick = (now) => {
      if (!this.playing) return;
      view.cursor += ((view.to - view.from) / 16) * Math.min(0.25, (now - before) / 1000);
      before = now;
      if (view.cursor >= this.end) { view.cursor = this.end; this.play(false); }
      if (view.cursor > view.from + 0.8 * (view.to - view.from) && view.to < this.end) this.pan(0.5);
      this.redraw();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  },

  turnTo(index) {
    Object.assign(this.view, { run: index, entry: -1, rank: null, moment: -1 });
    this.refresh();
    this.chooseFirst();
  },

  putBeside(on) {
    this.view.beside = on;
    this.placeCharts();
  },

  placeCharts() {
    const { view, runs } = this, host = document.getElementById('charts');
    const shown = view.beside ? runs : [runs[view.run]];
    this.charts = shown.map((run) => new Chart(this, run));
    this.stageTools ??= showTools(this);
    const grid = el('div', { class: `grid ${shown.length > 1 ? 'two' : ''}` }, this.charts.map((chart) => chart.element));
    host.className = shown.length > 1 ? 'several' : 'single';
    document.getElementById('stage').className = runs.length > 1 ? 'compares' : '';
    host.replaceChildren(this.stageTools, grid);
    for (const chart of this.charts) chart.resize();
    paintLegend(this.tools.legend);
  },

  refresh() {
    showHead(this);
    showCompared(this);
    if (!this.view.beside || !this.charts.length) this.placeCharts();
    showMoments(this);
    showSettings(this);
    showTable(this);
  },

  // What is chosen when nobody chose: the batch of the gravest moment, or the first of all.
  chooseFirst() {
    const run = this.runs[this.view.run], { moments } = run.doc;
    const moment = [...moments.filter((one) => one.worst), ...moments].find((one) => one.lane);
    const entry = moment ? entryOf(run, moment) : run.oldest();
    this.view.entry = entry;
    if (entry >= 0) {
      const family = run.family(entry), gone = run.goneOf(family);
      if (gone.length && !family.gap && family.whole) this.view.rank = clamp(gone[0].first - family.first, 0, family.whole - 1);
    }
    inspect(this);
    this.redraw();
  },

  turnTheme() {
    const root = document.documentElement;
    root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
    this.themeChosen = true;
    this.repaint();
  },

  repaint(light = false) {
    readLook(light);
    for (const chart of this.charts) { chart.wholeCache = null; chart.draw(); }
    paintLegend(this.tools.legend);
    this.sparks?.();
    this.closeUp?.();
  },

  say(text) { document.getElementById('live').textContent = clean(text); },
};

async function start() {
  const root = document.documentElement, dark = matchMedia('(prefers-color-scheme: dark)');
  root.dataset.theme = dark.matches ? 'dark' : 'light';
  page.content = JSON.parse(document.getElementById('content').textContent);
  const columns = await Promise.all(page.content.runs.map((run) => unpacked(run)));
  page.content.runs = null;
  page.runs = columns.map(([document_, numbers], index) => new Run(document_, numbers, index));
  page.end = Math.max(...page.runs.map((run) => run.end));
  Object.assign(page.view, { from: 0, to: page.end, beside: page.runs.length > 1 && page.runs.length <= 4 });
  if (page.runs.some((run) => run.shards.length > 40)) page.view.order = 'trouble';
  page.usual = { order: page.view.order, beside: page.view.beside };
  const linked = readLink(page);
  readLook();
  page.refresh();
  if (linked && page.view.entry >= 0) inspect(page); else page.chooseFirst();
  attachKeys(page);
  dark.addEventListener('change', () => { if (!page.themeChosen) { root.dataset.theme = dark.matches ? 'dark' : 'light'; page.repaint(); } });
  addEventListener('beforeprint', () => page.repaint(true));
  addEventListener('afterprint', () => page.repaint());
  addEventListener('hashchange', () => {
    if (location.hash === page.written) return;
    readLink(page);
    page.refresh();
    inspect(page);
    page.repaint();
  });
  root.dataset.ready = 'true';
  root.dataset.openedIn = String(Math.round(performance.now()));
}

window.streamsim = page;
start().catch((error) => {
  document.querySelector('main').prepend(el('p', { class: 'notice bad', role: 'alert' }, `This page cannot show its run: ${error.message}. It needs a browser of 2023 or later.`));
  throw error;
});
