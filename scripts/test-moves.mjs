// `npm run test:moves [-- --count N]`: a container that writes and is asked all the time goes to and fro, 50 times by each way if not said.
// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { root, setUp, testPackages } from './setup.mjs';
import { command, step } from './steps.mjs';

const { values } = parseArgs({ options: { count: { type: 'string', default: '50' } } });
await setUp(testPackages);
await step(`${values.count} moves`, (note) =>
  command([process.execPath, '--test', 'e2e/dist/stories/move-proof.e2e.js'], note, {
    cwd: root,
    env: { ...process.env, CTVIRT_MOVES: values.count },
  }),
);
