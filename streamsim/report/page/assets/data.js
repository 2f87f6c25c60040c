// Packed columns back into numbers: base64, raw deflate, varints. `streamsim.report.page.packing` is the other side.

const SIGNED = new Set(['gap_before', 'first']);

async function inflated(text) {
  let packed;
  if (Uint8Array.fromBase64) packed = Uint8Array.fromBase64(text);
  else {
    const binary = atob(text);
    packed = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) packed[i] = binary.charCodeAt(i);
  }
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The document, and the columns, each of which becomes numbers when somebody first asks for it: most are needed for the
// batch that is looked at, and not to draw.
async function unpacked({ layout, data }) {
  const bytes = await inflated(data), columns = {};
  let at = 0, document_ = null;
  for (const [name, count, length, wide] of layout) {
    const part = bytes.subarray(at, at + length);
    at += length;
    if (name === 'document') document_ = JSON.parse(new TextDecoder().decode(part));
    else if (count < 0) columns[name] = part;
    else later(columns, name, () => numbers(part, count, wide, SIGNED.has(name)));
  }
  later(document_, 'ranges', () => rangesOf(columns));
  return [document_, columns];
}

// A property that is computed when it is first read.
function later(object, name, compute) {
  Object.defineProperty(object, name, {
    configurable: true, enumerable: true,
    get() {
      const value = compute();
      Object.defineProperty(object, name, { value, enumerable: true });
      return value;
    },
  });
}

function numbers(bytes, count, wide, signed) {
  if (!signed && bytes.length === count) return bytes;
  return wide ? wideNumbers(bytes, count, signed) : narrowNumbers(bytes, count, signed);
}

function narrowNumbers(bytes, count, signed) {
  const values = new Int32Array(count);
  for (let i = 0, at = 0; i < count; i++) {
    let byte = bytes[at++], value = byte & 127;
    for (let shift = 7; byte > 127; shift += 7) {
      byte = bytes[at++];
      value |= (byte & 127) << shift;
    }
    values[i] = signed ? (value >>> 1) ^ -(value & 1) : value;
  }
  return values;
}

function wideNumbers(bytes, count, signed) {
  const values = new Float64Array(count);
  for (let i = 0, at = 0; i < count; i++) {
    let byte = bytes[at++], value = byte & 127;
    for (let scale = 128; byte > 127; scale *= 128) {
      byte = bytes[at++];
      value += (byte & 127) * scale;
    }
    values[i] = signed ? (value % 2 ? -(value + 1) / 2 : value / 2) : value;
  }
  return values;
}

function rangesOf({ ranges_sizes: sizes, ranges_steps: steps }) {
  let at = 0;
  return Array.from(sizes, (size) => {
    let end = 0;
    return Array.from({ length: size }, () => (end += steps[at++]));
  });
}

// Undoes `rounded`: the highest bits and how many follow.
function unrounded(code, bits) {
  if (bits > 30 || code < 1 << bits) return code;
  const half = 1 << (bits - 1), shift = Math.floor(code / half) - 1;
  return (code - shift * half) * 2 ** shift;
}

// Whole numbers below 2 ** 32 in order: two passes over sixteen bits each, several times as fast as comparing them.
function sortedWords(words) {
  let from = words, to = new Uint32Array(words.length);
  for (const shift of [0, 16]) {
    const places = new Uint32Array(65537);
    for (let i = 0; i < from.length; i++) places[((from[i] >>> shift) & 65535) + 1]++;
    for (let i = 0; i < 65536; i++) places[i + 1] += places[i];
    for (let i = 0; i < from.length; i++) to[places[(from[i] >>> shift) & 65535]++] = from[i];
    [from, to] = [to, from];
  }
  return from;
}
