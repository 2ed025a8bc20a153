// `npm run bench:rpc [-- ROW …]`: libvirt's protocol here and from a real libvirtd, both sides in one run.
// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { setUp } from '../scripts/setup.mjs';
import { step } from '../scripts/steps.mjs';
import { rpcRows } from './rpc/rows.mjs';
import { formatTable } from './table.mjs';

const asked = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = asked.filter((name) => !rpcRows.some((row) => row.name === name));
if (unknown.length > 0 || process.argv.includes('--help')) {
  process.stdout.write(`npm run bench:rpc [-- ROW …]; rows: ${rpcRows.map(({ name }) => name).join(', ')}\n`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

// In a mount namespace of its own, whatever happens to this process leaves no mount behind.
if (process.env.CTVIRT_BENCH_INSIDE === undefined) {
  const { status } = spawnSync(
    '/usr/bin/unshare',
    ['--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, CTVIRT_BENCH_INSIDE: '1' } },
  );
  process.exit(status ?? 1);
}

await setUp(['python3', 'python3-libvirt', 'libvirt-daemon', 'libvirt-daemon-driver-lxc', 'libvirt-clients']);
const { clearAll } = await import('./daemon.mjs');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => clearAll().finally(() => process.exit(130)));

const results = [];
let failed = 0;
for (const row of rpcRows) {
  if (asked.length > 0 && !asked.includes(row.name)) continue;
  try {
    results.push(...(await step(`bench: ${row.name}`, (note) => row.run({ note }))));
  } catch (error) {
    failed++;
    process.stderr.write(`\n${error.stack}\n\n`);
  }
}
process.stdout.write(`\n${formatTable(results)}\n`);
process.exitCode = failed === 0 ? 0 : 1;
