/* The model @PREFIX@, compiled by atmc for WebAssembly, for Node and browsers: needs @MODULE@.wasm.
 *
 *   import { load } from './@MODULE@.mjs';
 *   const model = await load();
 *   const [logits] = model.run(image);               // a typed array of a size that was compiled
 *
 * or without a copy, for one of several resolutions:
 *
 *   const at = model.find(1, 224, 224);              // null: was not compiled
 *   at.inputs[0].data.set(pixels);                   // the model's own memory
 *   at.run();
 *   console.log(at.outputs[0].data);
 *
 * Outputs are views of the model's memory, valid until the next run of the same resolution. A model works on one call
 * at a time, in the thread that calls it; several workers load one each.
 */
const ALIGN = 64, PAGE = 65536, ENV_BYTES = 32, ABI = @ABI@;
const ARRAYS = { 1: Float32Array, 2: Uint16Array, 3: Int32Array, 4: Int8Array, 5: Uint8Array, 6: Int16Array };

const roundUp = (bytes, to) => Math.ceil(bytes / to) * to;

/* Reads the structures of atm_runtime.h: pointers and size_t have 4 bytes. */
class Reader {
  constructor(memory) {
    this.memory = memory;
    this.texts = new TextDecoder();
  }
  u32(at) {
    return new DataView(this.memory.buffer).getUint32(at, true);
  }
  u64(at) {
    return Number(new DataView(this.memory.buffer).getBigUint64(at, true));
  }
  text(at) {
    const bytes = new Uint8Array(this.memory.buffer, at);
    return this.texts.decode(bytes.slice(0, bytes.indexOf(0)));
  }
  list(at, count, bytes, read) {
    return Array.from({ length: count }, (_, i) => read(at + i * bytes));
  }
}

/* An input or an output at one resolution; `data` is its memory. */
class Tensor {
  constructor(reader, at) {
    this.name = reader.text(reader.u32(at));
    this.layout = reader.text(reader.u32(at + 4));
    this.type = ARRAYS[reader.u32(at + 8)];
    this.shape = reader.list(at + 16, reader.u32(at + 12), 4, (dim) => reader.u32(dim));
    this.length = this.shape.reduce((product, dim) => product * dim, 1);
    this.data = null;
  }
  get bytes() {
    return this.length * this.type.BYTES_PER_ELEMENT;
  }
}

/* One compiled resolution. */
class Resolution {
  constructor(model, reader, at, counts) {
    this.model = model;
    this.inputs = reader.list(reader.u32(at + 4), counts.inputs, 32, (tensor) => new Tensor(reader, tensor));
    this.outputs = reader.list(reader.u32(at + 8), counts.outputs, 32, (tensor) => new Tensor(reader, tensor));
    this.workspaceBytes = reader.u32(at + 12);
    this.macs = reader.u64(at + 24);
    this.entry = at;
  }
  /* Computes the outputs' data, which it returns, from the inputs', or from `arrays`, which are copied there first. */
  run(...arrays) {
    arrays.forEach((array, i) => {
      const tensor = this.inputs[i];
      if (!tensor) throw new TypeError(`there are ${this.inputs.length} inputs`);
      if (!(array instanceof tensor.type) || array.length !== tensor.length) {
        const { name, type, length, shape, layout } = tensor;
        throw new TypeError(`${name} is a ${type.name} of ${length}: ${shape.join('x')}, ${layout}`);
      }
      tensor.data.set(array);
    });
    this.model.call(this);
    return this.outputs.map((tensor) => tensor.data);
  }
}

export class Model {
  /* `exports` are those of an instance of @MODULE@.wasm; `weights` [bytes] is the file of external weights. */
  constructor(exports, weights) {
    const reader = new Reader(exports.memory), at = exports.@PREFIX@_model(), version = reader.u32(at);
    if (version !== ABI) throw new Error(`@MODULE@.wasm has version ${version} of the interface, not ${ABI}`);
    const counts = { inputs: reader.u32(at + 4), outputs: reader.u32(at + 8) };
    this.exports = exports;
    this.reader = reader;
    [this.name, this.target, this.hash] = [24, 28, 32].map((field) => reader.text(reader.u32(at + field)));
    this.arithmetic = reader.text(reader.u32(at + 56));
    const texts = (field, count, bytes) => reader.list(reader.u32(at + field), reader.u32(at + count), bytes,
      (text) => reader.text(reader.u32(text)));
    this.isas = texts(40, 16, 16);
    this.classes = texts(44, 20, 4);
    this.resolutions = reader.list(reader.u32(at + 36), reader.u32(at + 12), 32,
      (entry) => new Resolution(this, reader, entry, counts));
    this.#place(counts, reader.u64(at + 48), weights);
  }

  /* Everything that runs need gets its place behind the module's own data, once: views stay what they are. */
  #place(counts, weightsBytes, weights) {
    const { memory, __heap_base: heap } = this.exports;
    let end = heap.value;
    const take = (bytes) => {
      const at = roundUp(end, ALIGN);
      end = at + bytes;
      return at;
    };
    this.pointers = take(4 * (counts.inputs + counts.outputs));
    this.env = weightsBytes ? take(ENV_BYTES) : 0;
    const blob = weightsBytes ? take(weightsBytes) : 0;
    const tensors = this.resolutions.flatMap((resolution) => [...resolution.inputs, ...resolution.outputs]);
    tensors.forEach((tensor) => { tensor.at = take(tensor.bytes); });
    const workspaces = this.resolutions.map((resolution) => this.#workspaceOf(resolution));
    this.workspaceBytes = Math.max(...workspaces);
    this.workspace = take(this.workspaceBytes);
    const missing = roundUp(end, PAGE) - memory.buffer.byteLength;
    if (missing > 0) memory.grow(missing / PAGE);
    tensors.forEach((tensor) => { tensor.data = new tensor.type(memory.buffer, tensor.at, tensor.length); });
    if (weightsBytes) this.#setWeights(blob, weightsBytes, weights);
  }

  /* The self-test has its tensors there too. */
  #workspaceOf({ workspaceBytes, inputs, outputs }) {
    const tensors = this.exports.@PREFIX@_selftest ? [...inputs, ...outputs] : [];
    return tensors.reduce((sum, tensor) => sum + roundUp(tensor.bytes, ALIGN), workspaceBytes);
  }

  #setWeights(blob, bytes, weights) {
    if (!weights) throw new Error('the weights are external: weights is missing');
    const file = ArrayBuffer.isView(weights) ? new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength)
      : new Uint8Array(weights);
    if (file.length === bytes) new Uint8Array(this.exports.memory.buffer, blob).set(file);
    this.check(this.exports.@PREFIX@_check_weights(blob, file.length));
    const view = new DataView(this.exports.memory.buffer, this.env, ENV_BYTES);
    view.setUint32(0, ENV_BYTES, true);
    view.setUint32(16, blob, true);
  }

  /* Throws what a function of the module returned, unless it went well. */
  check(code) {
    if (code) throw new Error(this.reader.text(this.exports.atm_error_text(code)));
  }

  /* Runs `resolution` on what its inputs hold. */
  call(resolution) {
    const { inputs, outputs } = resolution;
    const table = new Uint32Array(this.exports.memory.buffer, this.pointers);
    [...inputs, ...outputs].forEach((tensor, i) => { table[i] = tensor.at; });
    const run = this.exports.__indirect_function_table.get(this.reader.u32(resolution.entry));
    this.check(run(this.pointers, this.pointers + 4 * inputs.length, this.workspace, this.workspaceBytes, this.env));
  }

  /* The resolution for exactly `n` images of `h` x `w`; null: was not compiled. */
  find(n, h, w) {
    return this.#at(this.exports.@PREFIX@_find(n, h, w));
  }

  /* The smallest that holds them: the caller pads or scales its images; null: none does. */
  fit(n, h, w) {
    return this.#at(this.exports.atm_model_fit(this.exports.@PREFIX@_model(), n, h, w));
  }

  #at(entry) {
    return this.resolutions.find((resolution) => resolution.entry === entry) ?? null;
  }

  /* Throws unless the module gives what the compiler recorded; for models that were compiled with --selftest. */
  selftest() {
    this.check(this.exports.@PREFIX@_selftest_env(this.workspace, this.workspaceBytes, this.env));
  }

  /* The outputs for these inputs, whose lengths say which resolution. */
  run(...arrays) {
    const resolution = this.resolutions.find(({ inputs }) =>
      inputs.length === arrays.length && inputs.every(({ length }, i) => length === arrays[i].length));
    if (!resolution) {
      const shapes = this.resolutions.map(({ inputs }) => inputs.map((tensor) => tensor.shape.join('x')).join(' '));
      throw new TypeError(`no such inputs were compiled; there are ${shapes.join(', ')}`);
    }
    return resolution.run(...arrays);
  }
}

/* The bytes of @MODULE@.wasm beside this file. */
async function moduleBytes() {
  const url = new URL('./@MODULE@.wasm', import.meta.url);
  if (url.protocol === 'file:') return (await import('node:fs/promises')).readFile(url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

/* A new model. `module` [bytes or WebAssembly.Module] instead of the file beside this one; `weights` [bytes] where they
 * are external. */
export async function load({ module, weights } = {}) {
  const loaded = await WebAssembly.instantiate(module ?? await moduleBytes(), {});
  return new Model((loaded.instance ?? loaded).exports, weights);
}
