// wasm_load.mjs MODEL.mjs EXTERNAL.mjs WEIGHTS: what the generated binding promises, for the glyphs at 48x48 and 64x80,
// compiled with --selftest, embedded and with external weights.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const [path, external, weights] = process.argv.slice(2);
const { load } = await import(resolve(path));
const model = await load();
assert.equal(model.name, 'glyphs');
assert.equal(model.target, 'wasm32-unknown-unknown');
assert.deepEqual(model.isas, ['wasm-simd128']);
assert.equal(model.arithmetic, 'f32');
assert.equal(model.classes.join(''), '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ');
model.selftest();

const shape = (resolution) => resolution && resolution.inputs[0].shape.join('x');
assert.equal(shape(model.find(1, 64, 80)), '1x3x64x80');
assert.equal(model.find(1, 64, 48), null);
assert.equal(shape(model.fit(1, 48, 48)), '1x3x48x48');
assert.equal(shape(model.fit(1, 20, 49)), '1x3x64x80');
assert.equal(model.fit(2, 48, 48), null);

// Memory of one resolution is no other's, and runs leave inputs as they are.
const [small, large] = model.resolutions;
small.inputs[0].data.forEach((_, i, data) => { data[i] = Math.sin(i); });
const before = small.inputs[0].data.slice(), first = small.run()[0].slice();
large.run(new Float32Array(large.inputs[0].length).fill(0.5));
assert.deepEqual(small.inputs[0].data, before);
assert.deepEqual(small.outputs[0].data, first);
assert.deepEqual(small.run()[0], first);
assert.ok(first.every(Number.isFinite));

assert.throws(() => small.run(new Float32Array(5)), /image is a Float32Array of 6912: 1x3x48x48, nchw/);
assert.throws(() => small.run(new Float64Array(6912)), /image is a Float32Array/);
assert.throws(() => model.run(new Float32Array(7)), /no such inputs were compiled; there are 1x3x48x48, 1x3x64x80/);
assert.throws(() => model.check(-2), /workspace/);

const outside = (await import(resolve(external))).load, file = readFileSync(weights);
await assert.rejects(outside(), /weights are external/);
await assert.rejects(outside({ weights: file.subarray(8) }), /weights/);
const damaged = Uint8Array.from(file);
damaged[20] ^= 1;
await assert.rejects(outside({ weights: damaged }), /weights/);
const other = await outside({ weights: file });
other.selftest();
assert.deepEqual(other.run(before)[0], first);
damaged[20] ^= 1;
damaged[4096] ^= 1;
await assert.rejects(async () => (await outside({ weights: damaged })).selftest(), /weights/);
console.log('binding: names, sizes, views, self-test, external weights, refusals');
