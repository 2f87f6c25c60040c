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

async function unpacked(document_) {
  const bytes = await inflated(document_.data);
  const columns = {};
  let at = 0;
  for (const [name, size] of document_.layout) {
    if (size < 0) {
      columns[name] = bytes.subarray(at, at - size);
      at -= size;
      continue;
    }
    const values = new Float64Array(size);
    const signed = SIGNED.has(name) || (name === 'age' && document_.tick === 1);
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
  document_.data = null;
  return columns;
}

// Undoes `coarse`: the five highest bits and how many follow.
function fine(code) {
  if (code < 32) return code;
  const bits = (code - 16) >> 4;
  return (code - bits * 16) * 2 ** bits;
}
