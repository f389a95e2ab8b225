/* strides_wasm.mjs: rows apart, in a module's memory, give the bits of dense ones; upwards too, and short ones are
 * refused. */
import assert from 'node:assert';
import { load } from './photos.mjs';

const model = await load(), { exports } = model, PAGE = 65536, ARGUMENT = -1;
for (const at of model.resolutions) {
  const [input] = at.inputs, planes = input.layout === 'nchw';
  const [images, rows, line] = planes ? [input.shape[0] * 3, input.shape[2], input.shape[3]]
    : [input.shape[0], input.shape[1], input.shape[2] * 3];
  const dense = Uint8Array.from({ length: input.length }, (_, i) => (i * 2654435761 >>> 24) & 255);
  const wanted = at.run(dense).map((data) => data.slice());
  const apart = line + 13, place = exports.memory.grow(Math.ceil((images * rows * apart + 128) / PAGE)) * PAGE;
  for (const tensor of model.resolutions.flatMap(({ inputs, outputs }) => [...inputs, ...outputs])) {
    tensor.data = new tensor.type(exports.memory.buffer, tensor.at, tensor.length); // growing moved the memory
  }
  const bytes = new Uint8Array(exports.memory.buffer), words = new DataView(exports.memory.buffer);
  const strides = place, pixels = place + 64;
  const run = (first, row) => {
    [row, planes ? rows * apart : 0, (planes ? 3 : 1) * rows * apart].forEach((step, i) => words.setInt32(strides + 4 * i, step, true));
    words.setUint32(model.pointers, first, true);
    at.outputs.forEach((tensor, i) => words.setUint32(model.pointers + 4 + 4 * i, tensor.at, true));
    const pointers = [model.pointers, strides, model.pointers + 4];
    const name = `photos_run_strided_${images > 3 || (!planes && images > 1) ? `${input.shape[0]}x` : ''}${rows}x${planes ? line : line / 3}`;
    return exports[name](...pointers, model.workspace, model.workspaceBytes, model.env);
  };
  for (const upwards of [false, true]) {
    for (const gap of [0, 255]) {
      bytes.fill(gap, pixels, pixels + images * rows * apart);
      for (let i = 0; i < images * rows; ++i) {
        const y = i % rows, row = upwards ? rows - 1 - y : y;
        bytes.set(dense.subarray(i * line, (i + 1) * line), pixels + (i - y + row) * apart);
      }
      at.outputs.forEach(({ data }) => data.fill(NaN));
      assert.equal(run(pixels + (upwards ? (rows - 1) * apart : 0), upwards ? -apart : apart), 0);
      at.outputs.forEach(({ data }, i) => assert.deepEqual(data, wanted[i]));
    }
  }
  assert.equal(run(pixels, line - 1), ARGUMENT);
  assert.equal(run(pixels, 1 - line), ARGUMENT);
}
console.log('WebAssembly: apart, upwards, refused');
