// Several runs of a scenario: what they are set to, what differs, and the shape of each on one scale of time.

const FEW_MEASURES = 6;

function showCompared(page) {
  const { comparison } = page.content, host = document.getElementById('compared');
  if (!comparison) return;
  host.hidden = false;
  host.className = 'card';
  const { view, runs } = page;
  const head = runs.map((run) => el('th', { scope: 'col', class: 'n' }, el('button', { 'aria-pressed': String(view.run === run.index), onclick: () => page.turnTo(run.index) }, `${run.doc.well === false ? '✗ ' : run.doc.well ? '✓ ' : ''}Run ${run.index + 1}`)));
  const table = el('table', {}, el('caption', { class: 'unseen' }, 'Runs compared'),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Run'), ...head),
      ...comparison.settings.map(({ path, values }) => el('tr', {}, el('th', { scope: 'row' }, outside(path)), ...values.map((value) => el('td', { class: 'n' }, el('b', {}, outside(value))))))),
    el('tbody', {}, el('tr', {}, el('th', { scope: 'row' }, 'IteratorAge'), ...runs.map((run) => el('td', { class: 'n' }, sparkCanvas(run)))),
      ...comparison.rows.slice(0, page.allMeasures ? undefined : FEW_MEASURES).map((row) => comparedRow(row)),
      ...(comparison.met.some(([text]) => text) ? [judgedRow('expectations', comparison.met)] : []),
      ...comparison.failing.map(({ test, cells }) => judgedRow(test, cells))));
  const more = comparison.rows.length > FEW_MEASURES ? el('button', { class: 'more', 'aria-pressed': String(Boolean(page.allMeasures)), onclick: () => { page.allMeasures = !page.allMeasures; showCompared(page); } }, page.allMeasures ? 'Fewer measures' : `All ${comparison.rows.length} measures that differ`) : '';
  host.replaceChildren(table, more);
  page.sparks = () => drawSparks(page, host);
  page.sparks();
}

function comparedRow({ measure, values, cells, best }) {
  const most = Math.max(...values.map((value) => value ?? 0));
  return el('tr', {}, el('th', { scope: 'row' }, measure), ...cells.map((cell, k) => {
    const bar = el('div', { class: 'bar', 'aria-hidden': 'true' });
    bar.style.width = `${most > 0 && values[k] ? (100 * values[k]) / most : 0}%`;
    return el('td', { class: `n ${best[k] ? 'best' : ''}` }, best[k] ? '★ ' : '', cell, best[k] ? el('span', { class: 'unseen' }, ' (best)') : '', bar);
  }));
}

// What was expected of each run, and whether it holds; blank where it was not asked.
const judgedRow = (name, cells) => el('tr', {}, el('th', { scope: 'row' }, outside(name)),
  ...cells.map((cell) => (cell && cell[0] ? el('td', { class: `n ${cell[1] ? 'good' : 'bad'}` }, outside(cell[0]), cell[1] ? ' ✓' : ' ✗', el('span', { class: 'unseen' }, cell[1] ? ' holds' : ' fails')) : el('td', { class: 'n' }))));

function sparkCanvas(run) {
  const canvas = el('canvas', { role: 'img', 'aria-label': `IteratorAge of run ${run.index + 1}` });
  canvas.run = run;
  return canvas;
}

function drawSparks(page, host) {
  const shapes = page.runs.map((run) => ageColumns(run, new Axis(0, page.end, 0, 220), run.rows));
  const most = Math.max(1, ...shapes.map((shape) => shape.most));
  for (const canvas of host.querySelectorAll('canvas')) {
    const p = pen(canvas, 220, 34), { columns } = shapes[canvas.run.index];
    p.fillStyle = look.colours.blue;
    columns.forEach((age, x) => { if (age) p.fillRect(x, 33 - (age / most) * 32, 1, (age / most) * 32 + 1); });
  }
}
