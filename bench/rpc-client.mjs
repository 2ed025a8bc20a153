// Calls per second of this client and of libvirt-python on one connection to the same libvirtd, in one run.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connect } from '../packages/rpc/dist/index.js';
import { startLibvirtd } from '../packages/rpc/dist/testing/libvirtd.js';

/** How much of libvirt-python's rate our client is to reach. */
export const wantedRate = 0.8;

const script = `
import libvirt, sys, time
uri, calls = sys.argv[1], int(sys.argv[2])
connection = libvirt.open(uri)
domain = connection.lookupByName('test')
for _ in range(calls // 10): domain.info()
start = time.perf_counter()
for _ in range(calls): domain.info()
print(calls / (time.perf_counter() - start))
`;

/**
 * @param {string} uri
 * @param {number} calls
 */
function ofPython(uri, calls) {
  return Number(execFileSync('/usr/bin/python3', ['-c', script, uri, String(calls)], { encoding: 'utf8' }));
}

/**
 * @param {string} uri
 * @param {number} calls
 * @param {number} inFlight
 */
async function ofNode(uri, calls, inFlight) {
  const connection = await connect(uri);
  const domain = await connection.domainLookupByName({ name: 'test' });
  /** @param {number} count */
  const run = async (count) => {
    let left = count;
    const worker = async () => {
      while (left-- > 0) await domain.getInfo();
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  };
  await run(calls / 10);
  const start = performance.now();
  await run(calls);
  const rate = (1000 * calls) / (performance.now() - start);
  await connection.close();
  return rate;
}

/**
 * Calls per second of each side, the best of the rounds: whatever else the machine does only slows one down.
 *
 * @param {{ calls: number, rounds: number, note?: import('../scripts/steps.mjs').Note }} order
 */
export async function measureClients({ calls, rounds, note = () => undefined }) {
  /** @type {Record<'python' | 'node' | 'pipelined', number[]>} */
  const results = { python: [], node: [], pipelined: [] };
  const daemon = await startLibvirtd();
  try {
    for (let round = 0; round < rounds; round++) {
      note(`round ${round + 1} of ${rounds}`);
      results.python.push(ofPython(daemon.uri, calls));
      results.node.push(await ofNode(daemon.uri, calls, 1));
      results.pipelined.push(await ofNode(daemon.uri, calls, 5));
    }
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
  const { python, node, pipelined } = results;
  return { python: Math.max(...python), node: Math.max(...node), pipelined: Math.max(...pipelined) };
}

if (fileURLToPath(import.meta.url) === process.argv[1]) {
  const calls = Number(process.argv[2] ?? 5_000);
  const rounds = Number(process.argv[3] ?? 9);
  const { python: theirs, node: ours, pipelined } = await measureClients({ calls, rounds });
  /** @type {(name: string, value: number) => void} */
  const show = (name, value) =>
    console.log(
      `${name.padEnd(34)}${Math.round(value).toString().padStart(8)} calls/s  ${(value / theirs).toFixed(2)} x`,
    );
  console.log(`domainGetInfo, ${calls} calls on one connection, best of ${rounds} rounds`);
  show('libvirt-python, one after another', theirs);
  show('this client, one after another', ours);
  show('this client, five in flight', pipelined);
  if (ours < wantedRate * theirs) {
    console.error(`slower than ${wantedRate} x libvirt-python`);
    process.exitCode = 1;
  }
}
