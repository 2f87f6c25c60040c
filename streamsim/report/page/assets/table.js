// All invocations as a table, in the order in which they were sent: for screen readers, and for whoever likes rows.

const ROWS_A_PAGE = 50;

function showTable(page) {
  const host = document.getElementById('rows'), run = page.runs[page.view.run];
  const state = { from: 0, only: 'all', list: null };
  const body = el('tbody'), note = el('span', { class: 'soft', role: 'status' });
  const chosen = () => {
    if (!state.list) {
      const shown = (i) => (state.only === 'all' ? true : state.only === 'trouble' ? run.outcome[i] !== SUCCESS || run.flags[i] & SAME_FAMILY : run.start[i] <= page.view.to && run.ready[i] >= page.view.from);
      state.list = Array.from(run.inOrder()).filter(shown);
    }
    return state.list;
  };
  const fill = () => {
    const list = chosen();
    state.from = clamp(state.from, 0, Math.max(0, list.length - 1));
    body.replaceChildren(...list.slice(state.from, state.from + ROWS_A_PAGE).map((i) => tableRow(page, run, i)));
    note.textContent = list.length ? `${number(state.from + 1)} to ${number(Math.min(list.length, state.from + ROWS_A_PAGE))} of ${number(list.length)}` : 'none';
  };
  const go = (by) => () => { if (state.from + by >= 0 && state.from + by < chosen().length) { state.from += by; fill(); } };
  const only = el('select', { onchange: () => { state.only = only.value; state.list = null; state.from = 0; fill(); } }, el('option', { value: 'all' }, 'all invocations'), el('option', { value: 'trouble' }, 'those in trouble'), el('option', { value: 'view' }, 'those in sight'));
  const details = el('details', { class: 'card', ontoggle: () => { if (details.open) { state.list = null; fill(); } } },
    el('summary', {}, 'The run as a table'),
    el('div', { class: 'body' },
      el('div', { class: 'paging' }, el('label', {}, el('span', { class: 'unseen' }, 'Which invocations'), only), el('button', { onclick: go(-ROWS_A_PAGE) }, '‹ Earlier'), el('button', { onclick: go(ROWS_A_PAGE) }, 'Later ›'), note),
      el('table', {}, el('caption', { class: 'unseen' }, 'Invocations in the order in which they were sent'), el('thead', {}, el('tr', {}, ...['start', 'shard', 'request id', 'try', 'records', 'outcome', 'took', 'then waits', 'IteratorAge'].map((text) => el('th', { scope: 'col' }, text)))), body)));
  host.replaceChildren(details);
}

function tableRow(page, run, i) {
  const row = run.rowOf(i), shard = run.shards[row.shard];
  return el('tr', { 'data-entry': i },
    el('td', {}, el('button', { onclick: () => page.choose(run, i, true) }, instant(run.start[i]))),
    el('td', {}, outside(run.doc.mappings.length > 1 ? `${run.doc.mappings[shard.mapping]} ${shard.name}` : shard.name), shard.rows.length > 1 ? ` lane ${row.lane}` : ''),
    el('td', {}, el('code', {}, (run.id(i) ?? '—').slice(0, 8))),
    el('td', {}, number(run.c.attempt[i])),
    el('td', {}, run.flags[i] & WINDOW_END ? 'end of a window' : recordsOf(run, i).replace(/^records? /, '')),
    el('td', {}, el('span', { class: `dot ${DOTS[run.outcome[i]]}` }), OUTCOME_WORDS[run.outcome[i]], run.c.times[i] ? ` ×${number(run.c.times[i] + 1)}` : ''),
    el('td', {}, duration(run.stop[i] - run.start[i])),
    el('td', {}, run.ready[i] > run.stop[i] ? duration(run.ready[i] - run.stop[i]) : ''),
    el('td', {}, duration(run.age[i])));
}
