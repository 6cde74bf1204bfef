// SPDX-License-Identifier: GPL-3.0-or-later
// A network in npm's onnxruntime-node, timed as compare.py times the others.
//
// usage: node ort.mjs NODE_MODULES NETWORK.onnx THREADS OUTPUT|'' NAME=FILE:SHAPE...     (raw float32)
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder, network, threads, output, ...inputs] = process.argv.slice(2);
const ort = createRequire(`${folder}/`)('onnxruntime-node');
const feeds = {};
for (const input of inputs) {
  const [, name, file, shape] = input.match(/^(\w+)=(.*):([\d,]+)$/);
  const bytes = readFileSync(file);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  feeds[name] = new ort.Tensor('float32', values, shape.split(',').map(Number));
}
const session = await ort.InferenceSession.create(network, {
  executionProviders: ['cpu'], graphOptimizationLevel: 'all', intraOpNumThreads: Number(threads),
});

const first = (await session.run(feeds))[session.outputNames[0]].data;
if (output) writeFileSync(output, new Uint8Array(first.buffer, first.byteOffset, first.byteLength));
const times = [];
let sum = 0;
while (sum < 500) {
  const start = process.hrtime.bigint();
  await session.run(feeds);
  times.push(Number(process.hrtime.bigint() - start) / 1e6);
  sum += times.at(-1);
}
times.sort((a, b) => a - b);
console.log((times[(times.length - 1) >> 1] + times[times.length >> 1]) / 2);
