// `npm run bench:qos [-- ROW … --json]`: what limits, guarantees and their accounting cost.
// SPDX-License-Identifier: Apache-2.0
import { runBench } from './run.mjs';

await runBench('bench:qos', async () => (await import('./qos/rows.mjs')).qosRows);
