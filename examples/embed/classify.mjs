// classify.mjs IMAGE.npy: a host in JavaScript, here for Node, with the files that `--emit=wasm,javascript` writes,
// beside this one. In a browser `load` fetches the module from where its script is.
import { readFileSync } from 'node:fs';
import { load } from './glyphs.mjs';

const file = readFileSync(process.argv[2]);
const model = await load();
const at = model.find(1, 48, 48);
const image = at.inputs[0].data; // the model's own memory: the file's floats are copied once
new Uint8Array(image.buffer, image.byteOffset, image.byteLength).set(file.subarray(-image.byteLength));
const [logits] = at.run();
const best = logits.indexOf(Math.max(...logits));
console.log(`${model.classes[best]} ${logits[best].toFixed(5)}`);
