// `npm run fuzz [-- xml|formats|rpc|http|tar|lxc-conf|networks … --seconds N --seed N]`: mutated input for that many seconds in all, a minute if not said.
// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const root = new URL('../', import.meta.url).pathname;
/**
 * The package each target's program is of, and what it is given for a run of some seconds.
 *
 * @type {Readonly<Record<string, { of: string, runs: readonly (readonly string[])[] }>>}
 */
const targets = {
  xml: { of: 'xml', runs: [[]] },
  formats: { of: 'formats', runs: [['openvz'], ['lxc'], ['vserver'], ['zonecfg']] },
  rpc: { of: 'rpc', runs: [[]] },
  http: { of: 'daemon', runs: [[]] },
  tar: { of: 'engine', runs: [['tar']] },
  'lxc-conf': { of: 'engine', runs: [['lxc-conf']] },
  networks: { of: 'engine', runs: [['networks']] },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
});
const wanted = positionals.length > 0 ? positionals : Object.keys(targets);
const seconds = Number(values.seconds);
if (!wanted.every((name) => Object.hasOwn(targets, name)) || !(seconds > 0)) {
  process.stderr.write(`npm run fuzz [-- ${Object.keys(targets).join('|')} … --seconds N --seed N]\n`);
  process.exit(2);
}
const seed = values.seed ?? String(Date.now() % 0x7fffffff);
for (const name of wanted) {
  const { of, runs } = targets[name];
  for (const words of runs) {
    const program = `${root}packages/${of}/dist/testing/fuzz-main.js`;
    const share = String(seconds / wanted.length / runs.length);
    const { status } = spawnSync(process.execPath, [program, share, ...words, seed], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
