// Numbers, times and names as a person reads them, and elements made of text alone: nothing here parses HTML.

const MS = 1000, SECOND = 1e6, MINUTE = 60e6, HOUR = 3600e6, DAY = 86400e6;

const number = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');

const counted = (n, noun, plural) => `${number(n)} ${n === 1 ? noun : plural ?? `${noun}s`}`;

function figures(value) {
  const text = value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function duration(us) {
  if (us < 0) return `-${duration(-us)}`;
  if (us === 0) return '0 s';
  if (us < MS) return `${Math.round(us)} µs`;
  if (us < SECOND) return `${figures(us / MS)} ms`;
  if (us < MINUTE) return `${figures(us / SECOND)} s`;
  for (const [unit, name, below, belowName] of [[DAY, 'd', HOUR, 'h'], [HOUR, 'h', MINUTE, 'm'], [MINUTE, 'm', SECOND, 's']]) {
    if (us < unit) continue;
    const large = Math.floor(us / unit), small = Math.floor((us - large * unit) / below);
    return small ? `${large} ${name} ${small} ${belowName}` : `${large} ${name}`;
  }
  return '';
}

function instant(us) {
  if (us < MINUTE) return `${(us / SECOND).toFixed(3)} s`;
  const two = (n) => String(n).padStart(2, '0');
  const seconds = Math.floor(us / SECOND), ms = Math.floor((us % SECOND) / MS);
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(ms).padStart(3, '0')}`;
}

// A text from outside: control characters become visible, and it is cut.
function clean(text, longest = 2100) {
  const shown = String(text).replace(/[\u0000-\u0008\u000b-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/[\u007f-\u009f\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
  return shown.length > longest ? `${shown.slice(0, longest)}…` : shown;
}

// On a canvas nothing isolates a right-to-left name from what stands around it but these two characters.
const isolated = (text) => `\u2068${clean(text, 200)}\u2069`;

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name === 'class') made.className = value;
    else made.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) made.append(child);
  return made;
}

// Text from outside in an element of its own, so that its direction stays its own.
const outside = (text, longest) => el('bdi', { dir: 'auto' }, clean(text, longest));

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
