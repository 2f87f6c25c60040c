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
    this.age = new Float64Array(n);
    this.whole = new Int32Array(n);
    this.outcome = columns.outcome;
    this.flags = columns.flags;
    this.familyStart = new Int32Array(n);
    this.rows = document_.rows.map(([shard, lane, count], number) => ({ number, shard, lane, count, from: 0, to: 0, trouble: 0 }));
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
    this.goneIn = new Map();
    for (const one of this.gone) {
      if (!this.goneIn.has(one.row)) this.goneIn.set(one.row, []);
      this.goneIn.get(one.row).push(one);
    }
    this.byStart = null;
  }

  readRow(row, tick) {
    const { start, stop, ready, age, whole, flags, familyStart } = this;
    const { gap_before: gap, took, wait, age: ages, whole: wholes, count } = this.c, bits = this.doc.age_bits;
    let before = 0;
    for (let i = row.from; i < row.to; i++) {
      const begins = before + gap[i], ends = begins + took[i];
      before = ends + wait[i];
      start[i] = begins * tick;
      stop[i] = ends * tick;
      ready[i] = before * tick;
      age[i] = unrounded(ages[i], bits) * tick;
      whole[i] = wholes[i] + count[i];
      familyStart[i] = flags[i] & SAME_FAMILY && i > row.from ? familyStart[i - 1] : i;
    }
  }

  // The first position of an entry, -1 where it is not kept; those of a lane are reckoned when one is asked for.
  first(entry, row = this.rowOf(entry)) {
    const { c, flags } = this;
    if (!row.firsts) {
      row.firsts = new Float64Array(row.count).fill(-1);
      for (let i = row.from, after = 0; i < row.to; i++) {
        if (flags[i] & PLACELESS) continue;
        row.firsts[i - row.from] = c.first[i] + after;
        after = row.firsts[i - row.from] + c.count[i] + c.gap[i];
      }
    }
    return row.firsts[entry - row.from];
  }

  addRow(row) {
    const shard = this.shards[row.shard], { outcome } = this, { times } = this.c;
    shard.rows.push(row);
    for (let i = row.from; i < row.to; i++) {
      if (outcome[i] !== SUCCESS && outcome[i] !== OPEN) row.trouble += outcome[i] === THROTTLED ? 0.2 : 1;
      shard.invocations += times[i] + 1;
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
    return { row, from, to, whole: this.whole[from], first: this.first(from, row), gap: this.c.gap[from] };
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

  goneOn(row) { return this.goneIn.get(row.number) ?? []; }

  goneOf(family) {
    const from = this.start[family.from], to = family.to < family.row.to ? this.start[family.to] : Infinity;
    return this.goneOn(family.row).filter((one) => one.t >= from && one.t <= to && one.kind !== WINDOW_LOST
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

  // Executions in flight as steps: times, and the level from each on. Of one instant those that end come first.
  steps() {
    this.flights ??= this.end / this.doc.tick < 4 * this.n ? this.countedSteps() : this.sortedSteps();
    return this.flights;
  }

  // Where ticks are few: what begins and ends in each is counted, and nothing is sorted.
  countedSteps() {
    const { start, stop, outcome } = this, { tick } = this.doc, last = Math.ceil(this.end / tick) + 1;
    const changes = new Int32Array(last + 1), times = new Float64Array(last + 1), levels = new Int32Array(last + 1);
    for (let i = 0; i < this.n; i++) {
      if (outcome[i] === THROTTLED || outcome[i] === TOO_LARGE) continue;
      changes[Math.round(start[i] / tick)]++;
      changes[Math.round(stop[i] / tick)]--;
    }
    let count = 0, most = 0;
    for (let k = 0, level = 0; k <= last; k++) {
      if (!changes[k]) continue;
      level += changes[k];
      if (level > most) most = level;
      times[count] = k * tick;
      levels[count++] = level;
    }
    return { times: times.subarray(0, count), levels: levels.subarray(0, count), most };
  }

  sortedSteps() {
    const { start, stop, outcome } = this, { tick } = this.doc, few = (2 * this.end) / tick + 2 < 2 ** 32;
    const keys = few ? new Uint32Array(2 * this.n) : new Float64Array(2 * this.n);
    let count = 0;
    for (let i = 0; i < this.n; i++) {
      if (outcome[i] === THROTTLED || outcome[i] === TOO_LARGE || stop[i] === start[i]) continue;
      keys[count++] = Math.round(start[i] / tick) * 2 + 1;
      keys[count++] = Math.round(stop[i] / tick) * 2;
    }
    const all = few ? sortedWords(keys.subarray(0, count)) : keys.subarray(0, count).sort();
    const times = new Float64Array(count), levels = new Int32Array(count);
    for (let k = 0, level = 0; k < count; k++) {
      level += all[k] % 2 ? 1 : -1;
      times[k] = Math.floor(all[k] / 2) * tick;
      levels[k] = level;
    }
    return { times, levels, most: levels.reduce((most, level) => Math.max(most, level), 0) };
  }
}
