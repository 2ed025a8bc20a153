// What the benchmarks' programs have in common: rows by name, a mount namespace of their own, one table at the end.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import { setUp } from '../scripts/setup.mjs';
import { reportOf, step } from '../scripts/steps.mjs';
import { ownNetwork } from './own-network.mjs';
import { formatTable } from './table.mjs';

const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** How busy the machine was: absolute times mean little where many wait for few processors. */
const machine = () => ({
  processors: cpus().length,
  load: Number(loadavg()[0].toFixed(1)),
  kernel: release(),
  node: process.versions.node,
});

/**
 * Runs the rows that are asked for, or all. `load` imports them, once everything is built; `packages` are Debian's that they
 * need besides the project's own; with `network` they have one of their own.
 *
 * @param {string} command
 * @param {() => Promise<readonly import('./measure.mjs').Row[]>} load
 * @param {{ packages?: readonly string[], network?: boolean }} [needs]
 */
export async function runBench(command, load, { packages = [], network = false } = {}) {
  if (process.env.CTVIRT_BENCH_INSIDE === undefined) {
    await setUp(packages);
    return await runInside(network);
  }
  const rows = await load();
  const { clearAll } = await import('./daemon.mjs');
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
      // Other numbers than a row's own, to try it.
      count: { type: 'string' },
      rounds: { type: 'string' },
    },
  });
  const { count, rounds } = values;
  const amounts = {
    ...(count !== undefined && { count: Number(count) }),
    ...(rounds !== undefined && { rounds: Number(rounds) }),
  };
  const unknown = positionals.filter((name) => !rows.some((row) => row.name === name));
  if (values.help === true || unknown.length > 0) {
    process.stdout.write(
      `npm run ${command} [-- ROW … --count N --rounds N --json]; rows: ${rows.map(({ name }) => name).join(', ')}\n`,
    );
    process.exit(unknown.length > 0 ? 2 : 0);
  }
  for (const signal of signals) process.on(signal, () => clearAll().finally(() => process.exit(130)));
  const before = machine();
  /** @type {import('./measure.mjs').Result[]} */
  const results = [];
  let failed = 0;
  for (const row of rows) {
    if (positionals.length > 0 && !positionals.includes(row.name)) continue;
    try {
      results.push(...(await step(`bench: ${row.name}`, (note) => row.run({ note, ...amounts }))));
    } catch (error) {
      failed++;
      process.stderr.write(`\n${reportOf(error)}\n\n`);
    }
  }
  const after = machine();
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ before, after, results }, undefined, 2)}\n`
      : `\n${formatTable(results)}\n\nLoad ${before.load} before and ${after.load} after, on ${before.processors} processors; Linux ${before.kernel}, Node ${before.node}\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

/**
 * In a mount namespace of its own, whatever happens to this process leaves no mount behind. Mounts in there are shared, as systemd has
 * them everywhere: where they are private the daemon has to take each of the host's from every monitor.
 *
 * @param {boolean} network
 */
async function runInside(network) {
  const namespaces = network
    ? ownNetwork
    : 'unshare --mount --propagation private unshare --mount --propagation shared'.split(' ');
  const wrapped = ['setpriv', '--pdeathsig', 'TERM', ...namespaces];
  const [file, ...args] = [...wrapped, process.execPath, ...process.argv.slice(1)];
  const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, CTVIRT_BENCH_INSIDE: '1' } });
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  const [status] = await once(child, 'exit');
  process.exit(status ?? 1);
}
