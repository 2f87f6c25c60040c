// What pointers do on a chart: choose, drag, zoom, brush. Keys are `controls`' business.

function attach(chart) {
  attachLanes(chart);
  attachPins(chart);
  attachOverview(chart);
  chart.scroll.addEventListener('scroll', () => chart.page.redraw());
  new ResizeObserver(() => {
    if (chart.element.clientWidth !== chart.width) chart.resize();
  }).observe(chart.element);
}

function attachLanes(chart) {
  const { lanes, scroll, page } = chart, held = new Map();
  let drag = null;
  lanes.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    held.set(event.pointerId, event.offsetX);
    drag = { x: event.offsetX, from: page.view.from, to: page.view.to, moved: false, apart: apart(held) };
  });
  lanes.addEventListener('pointermove', (event) => {
    if (!drag) { hover(chart, event); return; }
    held.set(event.pointerId, event.offsetX);
    const scale = (drag.to - drag.from) / (chart.axis.right - chart.left), by = (drag.x - event.offsetX) * scale;
    if (Math.abs(drag.x - event.offsetX) > 4 && !drag.moved) {
      drag.moved = true;
      lanes.setPointerCapture(event.pointerId);
      scroll.classList.add('dragging');
    }
    if (!drag.moved) return;
    if (held.size === 2 && drag.apart) {
      const span = (drag.to - drag.from) * (drag.apart / Math.max(10, apart(held))), middle = (drag.from + drag.to) / 2;
      page.show(middle - span / 2, middle + span / 2);
    } else page.show(drag.from + by, drag.to + by);
    chart.tip.hidden = true;
  });
  const end = (event) => {
    held.delete(event.pointerId);
    scroll.classList.remove('dragging');
    if (drag && !drag.moved && event.type === 'pointerup') {
      const { entry } = chart.hit(event.offsetX, event.offsetY);
      if (entry >= 0) page.choose(chart.run, entry);
      else if (event.offsetX > chart.left) page.moveCursor(chart.axis.t(event.offsetX));
    }
    drag = null;
  };
  lanes.addEventListener('pointerup', end);
  lanes.addEventListener('pointercancel', end);
  lanes.addEventListener('pointerleave', () => { chart.tip.hidden = true; });
  lanes.addEventListener('dblclick', (event) => page.zoom(1 / 3, chart.axis.t(event.offsetX)));
  for (const canvas of [lanes, chart.curves, chart.pins]) {
    canvas.addEventListener('wheel', (event) => wheel(chart, event), { passive: false });
  }
  chart.curves.addEventListener('pointerdown', (event) => scrub(chart, event));
  chart.curves.addEventListener('pointermove', (event) => { if (event.buttons & 1) scrub(chart, event); });
}

function apart(held) {
  if (held.size !== 2) return 0;
  const [a, b] = held.values();
  return Math.abs(a - b);
}

function scrub(chart, event) {
  if (event.offsetX < chart.left - 6) return;
  chart.page.moveCursor(clamp(chart.axis.t(event.offsetX), 0, chart.page.end));
}

function wheel(chart, event) {
  const { page } = chart, { axis } = chart;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    page.zoom(Math.exp(clamp(event.deltaY, -60, 60) / 90), axis.t(event.offsetX));
  } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    const by = ((event.deltaX || event.deltaY) / (axis.right - axis.left)) * (axis.to - axis.from);
    page.show(page.view.from + by, page.view.to + by);
  }
}

function hover(chart, event) {
  const { entry, row } = chart.hit(event.offsetX, event.offsetY), { tip, run } = chart;
  chart.lanes.style.cursor = entry >= 0 ? 'pointer' : '';
  if (entry < 0) { tip.hidden = true; return; }
  const shard = run.shards[row.shard];
  const lane = shard.rows.length > 1 ? `, lane ${row.lane}` : '';
  tip.replaceChildren(outside(shard.name), `${lane} · ${instant(run.start[entry])}`, el('br'), brief(run, entry));
  tip.hidden = false;
  const x = event.offsetX + 14, y = event.offsetY + chart.scroll.offsetTop + 16;
  tip.style.left = `${x + tip.offsetWidth > chart.width ? Math.max(4, event.offsetX - tip.offsetWidth - 10) : x}px`;
  tip.style.top = `${y}px`;
}

function attachPins(chart) {
  const under = (event) => chart.pinned?.find(({ x }) => Math.abs(x - event.offsetX) < 12);
  chart.pins.addEventListener('click', (event) => {
    const pin = under(event);
    if (pin) chart.page.showMoment(chart.run, pin.moment);
  });
  chart.pins.addEventListener('pointermove', (event) => {
    const pin = under(event), { tip } = chart;
    chart.pins.style.cursor = pin ? 'pointer' : '';
    const one = pin ? null : chart.run.doc.happenings.find(({ t, until }) => {
      const x = chart.axis.x(t), x1 = chart.axis.x(until ?? t);
      return event.offsetX >= x - 3 && event.offsetX <= x1 + 3;
    });
    tip.hidden = !pin && !one;
    if (tip.hidden) return;
    tip.replaceChildren(pin ? outside(chart.run.doc.moments[pin.moment].title) : outside(`${instant(one.t)} ${one.kind}: ${one.what}`));
    tip.style.left = `${clamp(event.offsetX + 12, 4, chart.width - tip.offsetWidth - 6)}px`;
    tip.style.top = '36px';
  });
  chart.pins.addEventListener('pointerleave', () => { chart.tip.hidden = true; });
}

function attachOverview(chart) {
  const { whole, page } = chart;
  let drag = null;
  whole.addEventListener('pointerdown', (event) => {
    const axis = chart.wholeAxis, { from, to } = page.view, x = axis.x(from), x1 = axis.x(to), at = event.offsetX;
    whole.setPointerCapture(event.pointerId);
    const full = x1 - x > (axis.right - axis.left) * 0.995;
    const part = Math.abs(at - x) < 7 ? 'from' : Math.abs(at - x1) < 7 ? 'to' : !full && at > x && at < x1 ? 'all' : 'new';
    drag = { part, t: axis.t(at), from, to };
  });
  whole.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const t = clamp(chart.wholeAxis.t(event.offsetX), 0, page.end), by = t - drag.t;
    if (drag.part === 'all') page.show(drag.from + by, drag.to + by);
    else if (drag.part === 'from') page.show(Math.min(t, drag.to - 1), drag.to);
    else if (drag.part === 'to') page.show(drag.from, Math.max(t, drag.from + 1));
    else if (Math.abs(by) * chart.wholeAxis.scale > 3) page.show(Math.min(t, drag.t), Math.max(t, drag.t));
  });
  whole.addEventListener('pointerup', (event) => {
    if (drag?.part === 'new' && Math.abs(chart.wholeAxis.t(event.offsetX) - drag.t) * chart.wholeAxis.scale <= 3) {
      const half = (page.view.to - page.view.from) / 2;
      if (2 * half < page.end * 0.99) page.show(drag.t - half, drag.t + half);
    }
    drag = null;
  });
  whole.addEventListener('dblclick', () => page.show(0, page.end));
}
