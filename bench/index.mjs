// `npm run bench [-- ROW … --json]`: measures this checkout against what it stands on, both sides in one run.
// SPDX-License-Identifier: Apache-2.0
import { runBench } from './run.mjs';

await runBench('bench', async () => (await import('./rows/rows.mjs')).rows);
