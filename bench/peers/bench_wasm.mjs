// bench_wasm.mjs MODEL.mjs MODEL.onnx H W [ROUNDS [CALLS]]: atmc's module and ONNX Runtime Web's, one thread each, in
// turns; medians in ms, and how far both are from PyTorch's answer (MODEL.onnx.out). Needs onnxruntime-web in NODE_PATH.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [path, onnx, h, w, rounds = 3, calls = 5] = process.argv.slice(2);
const require = createRequire(pathToFileURL(resolve(process.env.NODE_PATH, '_')));
const ort = require('onnxruntime-web');
const floats = (file) => new Float32Array(new Uint8Array(readFileSync(file)).buffer);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(readFileSync(onnx), { executionProviders: ['wasm'] });
const image = floats(`${onnx}.in`), wanted = floats(`${onnx}.out`);
const input = new ort.Tensor('float32', image, [1, 3, +h, +w]);
const peer = async () => Object.values(await session.run({ input })).pop().data;

const { load } = await import(pathToFileURL(resolve(path)));
const at = (await load()).find(1, +h, +w);
at.inputs[0].data.set(image);
const ours = () => at.run().pop();

const error = (got) => got.reduce((most, x, i) => Math.max(most, Math.abs(x - wanted[i])), 0)
  / wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
const times = { atmc: [], ort: [] }, errors = { atmc: error(ours()), ort: error(await peer()) };
for (let round = 0; round < rounds; ++round) {
  for (const [name, run] of [['atmc', ours], ['ort', peer]]) {
    await run(); // the engine compiles a hot function anew while it runs
    for (let call = 0; call < calls; ++call) {
      const begin = performance.now();
      await run();
      times[name].push(performance.now() - begin);
    }
  }
}
const [a, o] = [median(times.atmc), median(times.ort)];
console.log(`${h}x${w} in Node ${process.version}, one thread, medians of ${times.atmc.length}: atmc ${a.toFixed(1)} ms, `
  + `ONNX Runtime Web ${o.toFixed(1)} ms, ratio ${(o / a).toFixed(2)}; `
  + `off by ${errors.atmc.toExponential(1)} and ${errors.ort.toExponential(1)} of the largest output`);
