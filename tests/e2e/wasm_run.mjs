// wasm_run.mjs MODEL.mjs IMAGE.npy FOLDER [WEIGHTS]: writes each output as FOLDER/NAME.npy. The resolution is the one
// whose inputs are as long as the image.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const [path, image, folder, weights] = process.argv.slice(2);
const { load } = await import(resolve(path));
const model = await load({ weights: weights && readFileSync(weights) });
const file = readFileSync(image);
const head = 10 + file.readUInt16LE(8), data = file.buffer.slice(file.byteOffset + head, file.byteOffset + file.length);
const type = model.resolutions[0].inputs[0].type;
const input = new type(data);
const at = model.resolutions.find(({ inputs }) => inputs[0].length === input.length);
const outputs = model.run(input);

const names = new Map([[Float32Array, '<f4'], [Int32Array, '<i4'], [Uint8Array, '|u1']]);
outputs.forEach((output, i) => {
  const { name, shape } = at.outputs[i];
  const text = `{'descr': '${names.get(output.constructor)}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const header = Buffer.alloc(128, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(118, 8);
  header.write(text, 10);
  header[127] = 10;
  writeFileSync(`${folder}/${name}.npy`, Buffer.concat([header, Buffer.from(output.slice().buffer)]));
});
