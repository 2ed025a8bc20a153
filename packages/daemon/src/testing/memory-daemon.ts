// A daemon over the engine in memory, as a program: `node memory-daemon.js ROOT/run/http.sock [DOMAINS]`.
// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path';
import { pino } from 'pino';
import { hearing } from '../http/remarks.js';
import { createHttpApp } from '../http/server.js';
import { openOverMemory, sampleXml } from './memory-engine.js';

const [socketPath = '', count = '0'] = process.argv.slice(2);
const engine = await openOverMemory(
  dirname(dirname(socketPath)),
  hearing(() => undefined),
);
for (let at = 1; at <= Number(count); at++) {
  await engine.define(sampleXml(`domain-${at}`));
  if (at % 2 === 0) await engine.start(`domain-${at}`);
}
const app = createHttpApp(engine, pino({ level: 'silent' }));
await app.listen({ path: socketPath });
process.stdout.write('ready\n');
process.on('SIGTERM', () => void app.close().then(() => engine.close()));
