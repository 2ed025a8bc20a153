// A daemon over the engine in memory, as a program: `node memory-daemon.js ROOT/run/http.sock [DOMAINS]`.
// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path';
import { pino } from 'pino';
import { hearing } from '../http/remarks.js';
import { createHttpApp } from '../http/server.js';
import { Terminals } from '../http/terminals.js';
import { parseSettings } from '../settings.js';
import { pageFolder, readAssets } from '../web/assets.js';
import { Browsers } from '../web/browsers.js';
import { freePort } from './browsers.js';
import { openOverMemory, sampleXml } from './memory-engine.js';

const [socketPath = '', count = '0'] = process.argv.slice(2);
const engine = await openOverMemory(
  dirname(dirname(socketPath)),
  hearing(() => undefined),
);
/** Each waits for its disk: many at a time are sooner there. */
const width = 32;
for (let first = 1; first <= Number(count); first += width)
  await Promise.all(
    Array.from({ length: Math.min(width, Number(count) + 1 - first) }, async (_, index) => {
      const at = first + index;
      await engine.define(sampleXml(`domain-${at}`));
      if (at % 2 === 0) await engine.start(`domain-${at}`);
    }),
  );
const log = pino({ level: 'silent' });
const terminals = new Terminals();
const run = dirname(socketPath);
const web = new Browsers({
  layout: { run, lib: run },
  settings: parseSettings(`web_listen = "127.0.0.1:${await freePort()}"\n`, 'ctvirtd.conf'),
  log,
  readPage: () => readAssets(pageFolder(new URL('../main.js', import.meta.url).href)),
  appOf: (doors) => createHttpApp(engine, log, undefined, { ...doors, terminals }),
});
const app = createHttpApp(engine, log, undefined, { web, terminals });
await app.listen({ path: socketPath });
process.stdout.write('ready\n');
process.on('SIGTERM', () => void Promise.all([app.close(), web.close()]).then(() => engine.close()));
