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

async function unpacked({ layout, data }) {
  const bytes = await inflated(data), columns = {};
  let at = 0, document_ = null;
  for (const [name, size] of layout) {
    if (size < 0) {
      columns[name] = bytes.subarray(at, at - size);
      at -= size;
      if (name === 'document') document_ = JSON.parse(new TextDecoder().decode(columns[name]));
      continue;
    }
    const values = new Float64Array(size), signed = SIGNED.has(name);
    for (let i = 0; i < size; i++) {
      let byte = bytes[at++], value = byte & 127, scale = 128;
      while (byte > 127) {
        byte = bytes[at++];
        value += (byte & 127) * scale;
        scale *= 128;
      }
      values[i] = signed ? (value % 2 ? -(value + 1) / 2 : value / 2) : value;
    }
    columns[name] = values;
  }
  document_.ranges = rangesOf(columns);
  return [document_, columns];
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
  if (bits > 30 || code < 2 ** bits) return code;
  const half = 2 ** (bits - 1), shift = Math.floor(code / half) - 1;
  return (code - shift * half) * 2 ** shift;
}
