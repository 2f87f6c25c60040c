// Time across a chart: from `from` to `to` in microseconds between two pixels, and marks that people can count by.

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * 1).concat(
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * MS), [1, 2, 5, 10, 15, 20, 30].map((n) => n * SECOND),
  [1, 2, 5, 10, 15, 20, 30].map((n) => n * MINUTE), [1, 2, 3, 4, 6, 12].map((n) => n * HOUR), [1, 2, 5, 10, 20, 50, 100].map((n) => n * DAY));

class Axis {
  constructor(from, to, left, right) {
    Object.assign(this, { from, to, left, right, scale: (right - left) / Math.max(1, to - from) });
  }

  x(t) { return this.left + (t - this.from) * this.scale; }

  t(x) { return this.from + (x - this.left) / this.scale; }

  get step() {
    const wanted = 86 / this.scale;
    return STEPS.find((step) => step >= wanted) ?? STEPS[STEPS.length - 1];
  }

  marks() {
    const { step } = this, marks = [];
    for (let t = Math.max(0, Math.ceil(this.from / step) * step); t <= this.to; t += step) marks.push(t);
    return marks;
  }

  // A mark's label is as exact as marks are far apart.
  label(t) {
    if (this.step >= SECOND || t === 0) return duration(t);
    if (t < SECOND) return duration(t);
    const digits = this.step >= 100 * MS ? 1 : this.step >= 10 * MS ? 2 : this.step >= MS ? 3 : 6;
    const whole = Math.floor(t / MINUTE), rest = ((t % MINUTE) / SECOND).toFixed(digits);
    return whole ? `${duration(whole * MINUTE)} ${rest} s` : `${rest} s`;
  }

  grid(p, top, bottom) {
    p.strokeStyle = look.colours.line;
    p.lineWidth = 1;
    p.beginPath();
    for (const t of this.marks()) {
      const x = Math.round(this.x(t)) + 0.5;
      p.moveTo(x, top);
      p.lineTo(x, bottom);
    }
    p.stroke();
  }
}

// A round number at or above `value`, for the top of a scale.
function roundUp(value, steps = [1, 1.5, 2, 3, 4, 5, 6, 8, 10]) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return steps.find((step) => step * power >= value * 0.999999) * power;
}
