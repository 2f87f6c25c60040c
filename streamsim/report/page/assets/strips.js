// What is narrower than a pixel: a strip of one pixel's height for each lane, stretched over the lane when all are known.
// In each pixel the gravest outcome shows, the fainter the less of the time it is.

class Strips {
  constructor(axis, rows) {
    this.left = Math.floor(axis.left) - 1;
    this.width = Math.max(1, Math.ceil((axis.right - this.left) * look.ratio) + 1);
    this.image = new ImageData(this.width, Math.max(1, rows));
    this.words = new Uint32Array(this.image.data.buffer);
    this.kinds = new Uint8Array(this.width);
    this.graves = new Uint8Array(this.width);
    this.busy = new Float32Array(this.width);
    this.waits = new Float32Array(this.width);
    this.boxes = [];
    this.hatched = [];
    this.any = false;
  }

  // An entry whose paint is `kind`, at a point of the chart, at work and waiting for so many pixels.
  add(x, kind, busy, wait) {
    const at = clamp(Math.floor((x - this.left) * look.ratio), 0, this.width - 1), { grave } = look.paints[kind];
    if (grave > this.graves[at]) { this.graves[at] = grave; this.kinds[at] = kind; }
    this.busy[at] += busy;
    this.waits[at] += wait;
    this.any = true;
  }

  // The lane is over: its strip goes from `top` over `height`.
  end(top, height) {
    if (!this.any) return;
    const { graves, kinds, busy, waits, words, width } = this, at = this.boxes.length * width;
    let waiting = -1;
    for (let k = 0; k <= width; k++) {
      const waits_ = k < width && graves[k] > 1 && kinds[k] !== THROTTLED && waits[k] > 0.5 && busy[k] < 0.4;
      if (waits_ && waiting < 0) waiting = k;
      if (!waits_ && waiting >= 0) { this.hatched.push([waiting, k, top, height]); waiting = -1; }
      if (k < width && graves[k]) words[at + k] = waits_ ? look.waiting : look.words[kinds[k]][strength(busy[k])];
    }
    this.boxes.push([top, height]);
    graves.fill(0);
    busy.fill(0);
    waits.fill(0);
    this.any = false;
  }

  draw(p) {
    if (!this.boxes.length) return;
    Strips.canvas ??= document.createElement('canvas');
    const { canvas } = Strips;
    if (canvas.width !== this.width || canvas.height !== this.image.height) Object.assign(canvas, { width: this.width, height: this.image.height });
    canvas.getContext('2d').putImageData(this.image, 0, 0);
    const ratio = 1 / look.ratio;
    this.boxes.forEach(([top, height], k) => p.drawImage(canvas, 0, k, this.width, 1, this.left, top, this.width * ratio, height));
    p.fillStyle = look.hatches.backoff;
    for (const [from, to, top, height] of this.hatched) p.fillRect(this.left + from * ratio, top, (to - from) * ratio, height);
  }
}

const strength = (busy) => (busy > 0.75 ? 3 : busy > 0.4 ? 2 : busy > 0.15 ? 1 : 0);
