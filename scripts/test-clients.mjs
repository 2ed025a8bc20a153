// `npm run test:clients [-- --seconds N]`: the stories of libvirt's clients alone; --write writes the table of virsh's commands.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { root, setUp, testPackages } from './setup.mjs';
import { command, StepError, step } from './steps.mjs';

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, seconds: { type: 'string' } },
});
await setUp(testPackages);
const env = {
  ...process.env,
  ...(values.write && { CTVIRT_CLIENTS_WRITE: '1' }),
  ...(values.seconds !== undefined && { CTVIRT_CLIENTS_SECONDS: values.seconds }),
};
const stories = readdirSync(`${root}e2e/src/stories`).filter((name) => /^clients.*\.e2e\.ts$/.test(name));
const files = [
  ...stories.map((name) => `e2e/dist/stories/${name.replace(/ts$/, 'js')}`),
  'packages/rpc/dist/server/virsh.test.js',
  'packages/rpc/dist/client/connection.test.js',
];
// Some releases of Node pass over a file that is not there.
const missing = files.filter((file) => !existsSync(root + file));
if (missing.length > 0) throw new StepError(`no such tests: ${missing.join(', ')}`);
await step("libvirt's clients", (note) =>
  command([process.execPath, '--test', '--test-concurrency=1', ...files], note, { cwd: root, env }),
);
if (values.write) {
  const { formatVirshTable } = await import('../e2e/dist/world/clients-virsh.js');
  writeFileSync(`${root}docs/reference/virsh.md`, formatVirshTable());
}
