// Colours of the theme in force, hatches, and how each outcome is painted.

const look = { colours: {}, hatches: {}, dark: false };

const COLOUR_NAMES = ['paper', 'card', 'well', 'line', 'strong', 'ink', 'soft', 'faint', 'good', 'good-fill', 'good-edge', 'bad',
  'bad-soft', 'warn', 'warn-fill', 'slow', 'blue', 'fault', 'wait', 'window', 'absent', 'party-0', 'party-1', 'party-2', 'party-3', 'party-4'];

const SANS = 'Inter, "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif';
const MONO = '"JetBrains Mono", "SF Mono", ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace';

function hatch(colour, ratio, step = 5) {
  const tile = document.createElement('canvas');
  tile.width = tile.height = Math.round(step * ratio);
  const pen = tile.getContext('2d');
  pen.scale(ratio, ratio);
  pen.strokeStyle = colour;
  pen.lineWidth = 1.1;
  pen.beginPath();
  for (const shift of [-step, 0, step]) {
    pen.moveTo(shift - 1, step + 1);
    pen.lineTo(shift + step + 1, -1);
  }
  pen.stroke();
  const pattern = pen.createPattern(tile, 'repeat');
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

// Paint of an outcome: the bar, its edge and the figure in it, and how grave it is.
function paints(colours) {
  const card = colours.card;
  return [
    { fill: colours['good-fill'], edge: colours['good-edge'], text: colours.good, grave: 1 },
    { fill: colours['warn-fill'], edge: colours['warn-fill'], text: look.dark ? '#1a1206' : '#2b1900', grave: 5 },
    { fill: colours.bad, edge: colours.bad, text: look.dark ? '#1c0a0d' : '#ffffff', grave: 8 },
    { fill: colours.slow, edge: colours.slow, text: look.dark ? '#170a1c' : '#ffffff', grave: 7 },
    { fill: colours.wait, edge: colours.wait, text: card, grave: 3 },
    { fill: card, edge: colours.bad, text: colours.bad, grave: 6 },
    { fill: colours.fault, edge: colours.fault, text: card, grave: 6 },
    { fill: card, edge: colours.wait, text: colours.soft, grave: 2 },
  ];
}

function readLook(light = false) {
  const root = document.documentElement;
  const before = root.dataset.theme;
  if (light) root.dataset.theme = 'light';
  const style = getComputedStyle(root);
  for (const name of COLOUR_NAMES) look.colours[name] = style.getPropertyValue(`--${name}`).trim();
  root.dataset.theme = before;
  look.dark = !light && before === 'dark';
  look.ratio = Math.min(3, window.devicePixelRatio || 1);
  look.hatches = { backoff: hatch(look.colours.bad, look.ratio), throttled: hatch(look.colours.wait, look.ratio) };
  look.paints = [...paints(look.colours), { fill: look.colours.card, edge: look.colours.window, text: look.colours.window, grave: 1 }];
  look.words = look.paints.map(({ edge, grave }) => STRENGTHS.map((alpha) => word(edge, grave === 1 ? alpha : Math.max(alpha, 0.3))));
  look.waiting = word(look.colours.bad, look.dark ? 0.3 : 0.22);
}

// How opaque a pixel is by how busy it is: a little, some, much, all of the time.
const STRENGTHS = [0.34, 0.52, 0.74, 1];

// A colour as one word of image data: red is the lowest byte.
function word(colour, alpha) {
  const value = parseInt(colour.slice(1), 16);
  return ((Math.round(alpha * 255) << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

// A canvas of so many CSS pixels with a pen that draws in them; clears it.
function pen(canvas, width, height) {
  const w = Math.max(1, Math.round(width * look.ratio)), h = Math.max(1, Math.round(height * look.ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.height = `${height}px`;
  }
  const made = canvas.getContext('2d');
  made.setTransform(look.ratio, 0, 0, look.ratio, 0, 0);
  made.imageSmoothingEnabled = false;
  made.clearRect(0, 0, width, height);
  made.direction = 'ltr';
  return made;
}

function write(p, text, x, y, { colour = look.colours.soft, font = `12px ${SANS}`, align = 'left', width = 0 } = {}) {
  p.font = font;
  p.fillStyle = colour;
  p.textAlign = align;
  p.textBaseline = 'middle';
  p.fillText(width ? fitted(p, text, width) : text, x, y);
}

function fitted(p, text, width) {
  if (p.measureText(text).width <= width) return text;
  let low = 0, high = Math.min(text.length, 200);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (p.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle; else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}
