#!/usr/bin/env node
// Starts the bundle beside it from code that V8 compiled when it was built; without that, or with another V8, it compiles anew.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const filename = fileURLToPath(new URL('ctvirt.cjs', import.meta.url));
let cachedData;
try {
  cachedData = readFileSync(`${filename}.cache`);
} catch {
  // Built where nothing could be run, or left out when it was installed: it only starts slower.
}
// The bundler writes ASCII alone, and such text is read fastest this way.
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
script.runInThisContext()(createRequire(import.meta.url), { exports: {} }, {});
if (process.env.CTVIRT_KEEP_CODE !== undefined) {
  const { writeFileSync } = await import('node:fs');
  process.once('exit', () => writeFileSync(`${filename}.cache`, script.createCachedData()));
}
