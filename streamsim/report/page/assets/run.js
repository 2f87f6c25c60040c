// One run: its invocations as columns, its lanes, families of batches, and what can be asked of them. Draws nothing.

const SAME_FAMILY = 1, SAME_ID = 2, SPLIT = 4, WINDOW_END = 8, ENDED_EARLY = 16, PLACELESS = 32;
const SUCCESS = 0, PARTIAL = 1, ERROR = 2, TIMEOUT = 3, THROTTLED = 4, TOO_LARGE = 5, FAULT = 6, OPEN = 7;
const OUTCOME_WORDS = ['success', 'partial response', 'function error', 'timed out', 'throttled', 'too large to send', 'service fault', 'not over'];
const EXPIRED = 2, WINDOW_LOST = 3;

class Run {
  constructor(document_, columns, index) {
    Object.assign(this, { doc: document_, index, end: document_.end });
    const { tick } = document_, n = columns.took.length;
    Object.assign(this, { n, c: columns });
    this.start = new Float64Array(n);
    this.stop = new Float64Array(n);
    this.ready = new Float64Array(n);
    this.first = columns.first;
    this.age = columns.age;
    this.whole = columns.whole;
    this.outcome = Uint8Array.from(columns.outcome);
    this.flags = Uint8Array.from(columns.flags);
    this.familyStart = new Int32Array(n);
    this.rows = document_.rows.map(([shard, lane, count], number) => ({ number, shard, lane, count, from: 0, to: 0, trouble: 0, longest: 0 }));
    let at = 0;
    for (const row of this.rows) {
      row.from = at;
      row.to = at + row.count;
      this.readRow(row, tick);
      at = row.to;
    }
    this.shards = document_.shards.map((shard, number) => ({ ...shard, number, rows: [], trouble: 0, invocations: 0 }));
    for (const row of this.rows) this.addRow(row);
    for (const shard of this.shards) {
      shard.rows.sort((a, b) => a.lane - b.lane);
      shard.trouble += 1000 * shard.gone;
    }
    this.gone = this.readGone();
    this.byStart = null;
  }

  readRow(row, tick) {
    const { c, start, stop, ready, first, age, whole, flags, familyStart } = this;
    let before = 0, after = 0;
    for (let i = row.from; i < row.to; i++) {
      const begins = before + c.gap_before[i], ends = begins + c.took[i];
      before = ends + c.wait[i];
      start[i] = begins * tick;
      stop[i] = ends * tick;
      ready[i] = before * tick;
      if (flags[i] & PLACELESS) first[i] = -1;
      else {
        first[i] += after;
        after = first[i] + c.count[i] + c.gap[i];
      }
      age[i] = unrounded(age[i], this.doc.age_bits) * tick;
      whole[i] += c.count[i];
      familyStart[i] = flags[i] & SAME_FAMILY && i > row.from ? familyStart[i - 1] : i;
    }
  }

  addRow(row) {
    const shard = this.shards[row.shard];
    shard.rows.push(row);
    for (let i = row.from; i < row.to; i++) {
      const bad = this.outcome[i] !== SUCCESS && this.outcome[i] !== OPEN;
      if (bad) row.trouble += this.outcome[i] === THROTTLED ? 0.2 : 1;
      if (this.ready[i] - this.start[i] > row.longest) row.longest = this.ready[i] - this.start[i];
      shard.invocations += this.c.times[i] + 1;
    }
    shard.trouble += row.trouble;
  }

  readGone() {
    const c = this.c, all = [];
    for (let i = 0; i < c.gone_t.length; i++) {
      all.push({
        t: c.gone_t[i], row: c.gone_row[i], first: c.gone_first[i], count: c.gone_count[i], why: this.doc.whys[c.gone_why[i]],
        kind: c.gone_why[i], attempts: c.gone_attempts[i], delivered: c.gone_delivered[i],
        destination: c.gone_destination[i] ? this.doc.destinations[c.gone_destination[i] - 1] : null,
      });
    }
    return all;
  }

  // The first entry of a row whose time in the lane may reach `t`; entries of a row never overlap.
  firstAt(row, t) {
    let low = row.from, high = row.to;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ready[middle] < t) low = middle + 1; else high = middle;
    }
    return low;
  }

  // The entry of a row that is in flight or waits at `t`, else the last one sent before it, else the first; -1 for none.
  entryAt(row, t) {
    if (row.from === row.to) return -1;
    let at = this.firstAt(row, t);
    if (at >= row.to || (this.start[at] > t && at > row.from)) at--;
    return clamp(at, row.from, row.to - 1);
  }

  rowOf(entry) {
    let low = 0, high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.rows[middle].from <= entry) low = middle; else high = middle - 1;
    }
    while (this.rows[low].to <= entry) low++;
    return this.rows[low];
  }

  family(entry) {
    const row = this.rowOf(entry), from = this.familyStart[entry];
    let to = entry + 1;
    while (to < row.to && this.familyStart[to] === from) to++;
    return { row, from, to, whole: this.whole[from], first: this.first[from], gap: this.c.gap[from] };
  }

  id(entry) {
    const at = this.c.id[entry];
    if (!at) return null;
    if (this.doc.ids.length) return clean(this.doc.ids[at - 1]);
    const hex = Array.from(this.c.ids.subarray(16 * at - 16, 16 * at), (b) => b.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  error(entry) {
    const at = this.c.error[entry];
    return at ? this.doc.errors[at - 1] : null;
  }

  // The position in the shard of a record by its rank in the family; null where the page does not hold it.
  position(family, rank) {
    if (family.first < 0) return null;
    if (!family.gap) return family.first + rank;
    const at = this.c.ranges[family.from];
    if (!at) return null;
    const ranges = this.doc.ranges[at - 1];
    for (let i = 0, left = rank; i < ranges.length; i += 2) {
      const size = ranges[i + 1] - ranges[i] + 1;
      if (left < size) return ranges[i] + left;
      left -= size;
    }
    return null;
  }

  // How often the function saw each record of a family, and the last entry that held it.
  deliveries(family, until = Infinity) {
    const seen = new Array(family.whole).fill(0), last = new Array(family.whole).fill(-1);
    for (let i = family.from; i < family.to; i++) {
      if (this.outcome[i] === THROTTLED || this.outcome[i] === TOO_LARGE || this.start[i] > until) continue;
      const to = Math.min(family.whole, this.c.offset[i] + this.c.count[i]);
      for (let rank = this.c.offset[i]; rank < to; rank++) {
        seen[rank]++;
        last[rank] = i;
      }
    }
    return { seen, last };
  }

  goneOf(family) {
    const from = this.start[family.from], to = family.to < family.row.to ? this.start[family.to] : Infinity;
    return this.gone.filter((one) => one.row === family.row.number && one.t >= from && one.t <= to && one.kind !== WINDOW_LOST
      && one.first + one.count > family.first && one.first < family.first + family.whole + family.gap);
  }

  // The entry of the highest IteratorAge, -1 where there is none.
  oldest() {
    let best = -1;
    for (let i = 0; i < this.n; i++) if (best < 0 || this.age[i] > this.age[best]) best = i;
    return best;
  }

  // All entries in the order in which they were sent.
  inOrder() {
    if (!this.byStart) {
      const shift = 2 ** Math.ceil(Math.log2(this.n + 2)), unit = this.doc.tick;
      if ((this.end / unit + 1) * shift < 2 ** 53) {
        const keys = new Float64Array(this.n);
        for (let i = 0; i < this.n; i++) keys[i] = Math.round(this.start[i] / unit) * shift + i;
        this.byStart = Int32Array.from(keys.sort(), (key) => key % shift);
      } else this.byStart = Int32Array.from({ length: this.n }, (_, i) => i).sort((a, b) => this.start[a] - this.start[b]);
    }
    return this.byStart;
  }

  // Executions in flight as steps: times, and the level from each on.
  steps() {
    if (this.flights) return this.flights;
    const begins = new Float64Array(this.n), ends = new Float64Array(this.n);
    let count = 0;
    for (let i = 0; i < this.n; i++) {
      if (this.outcome[i] === THROTTLED || this.outcome[i] === TOO_LARGE || this.stop[i] === this.start[i]) continue;
      begins[count] = this.start[i];
      ends[count++] = this.stop[i];
    }
    const up = begins.subarray(0, count).sort(), down = ends.subarray(0, count).sort();
    const times = new Float64Array(2 * up.length), levels = new Int32Array(2 * up.length);
    let level = 0, most = 0;
    for (let i = 0, j = 0, k = 0; k < times.length; k++) {
      if (i < up.length && up[i] < down[j]) { times[k] = up[i++]; level++; } else { times[k] = down[j++]; level--; }
      levels[k] = level;
      if (level > most) most = level;
    }
    this.flights = { times, levels, most };
    return this.flights;
  }
}
