// The numbered moments of the run that is looked at, each a button that shows its time and its batch.

function showMoments(page) {
  const host = document.getElementById('moments'), run = page.runs[page.view.run];
  const title = page.runs.length > 1 && run.doc.moments.length ? [el('h2', {}, `Moments of run ${run.index + 1}: `, outside(run.doc.name))] : [];
  host.replaceChildren(...title, ...run.doc.moments.map((moment, k) => el('button', { class: 'moment', 'aria-pressed': String(page.view.moment === k), onclick: () => page.showMoment(run, k) },
    el('i', {}, String(k + 1)),
    el('div', {}, el('span', {}, moment.t === null ? 'whole run' : instant(moment.t), ' · ', outside(moment.place)), el('b', {}, outside(moment.title)), outside(moment.sentence)))));
}

// The entry that a moment is about: what its lane did at its time; -1 where it has no lane.
function entryOf(run, moment) {
  if (!moment.lane) return -1;
  const [mapping, shard, lane] = moment.lane;
  const row = run.rows.find((one) => one.lane === lane && run.shards[one.shard].id === shard && run.doc.mappings[run.shards[one.shard].mapping] === mapping);
  if (!row) return -1;
  const at = run.entryAt(row, moment.t);
  return at > row.from && run.start[at] === moment.t ? at : run.entryAt(row, moment.t - (moment.until === moment.t ? 1 : 0));
}

// What is shown around a moment: itself, a third more on both sides, never less than a few invocations.
function spanOf(run, moment, end) {
  const entry = entryOf(run, moment);
  let from = moment.t, to = moment.until ?? moment.t;
  if (entry >= 0) {
    const family = run.family(entry);
    from = Math.min(from, run.start[family.from]);
    to = Math.max(to, run.ready[family.to - 1]);
  }
  const pad = Math.max((to - from) / 3, Math.min(end / 30, 2 * SECOND));
  return [from - pad, to + pad];
}
