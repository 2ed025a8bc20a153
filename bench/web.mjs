// `npm run bench:web [-- ROW … --count N --rounds N --json]`: what the console, history and metrics cost the daemon.
// SPDX-License-Identifier: Apache-2.0
import { runBench } from './run.mjs';

await runBench('bench:web', async () => (await import('./web/rows.mjs')).webRows, { packages: ['chromium'] });
