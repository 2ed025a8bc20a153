#!/usr/bin/env node
// Starts the parts of the command line in the folder `code` beside it, each when something of it is first used, from code that V8 compiled
// when they were built; without that, or with another V8, they are compiled anew.
// SPDX-License-Identifier: Apache-2.0
const { readFileSync, writeFileSync } = require('node:fs');
const { basename } = require('node:path');
const { Script } = require('node:vm');

const own = '@ctvirt/';
/** By file. @type {Map<string, import('node:vm').Script>} */
const scripts = new Map();
/** @type {Map<string, object>} */
const promised = new Map();

/** @param {string} part */
function load(part) {
  const filename = `${__dirname}/code/${part}.js`;
  let cachedData;
  try {
    cachedData = readFileSync(`${filename}.cache`);
  } catch {
    // Built where nothing could be run, or left out when it was installed: it only starts slower.
  }
  // The bundler writes ASCII alone, and such text is read fastest this way.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
  scripts.set(filename, script);
  const module = { exports: {} };
  script.runInThisContext()(requireLater, module, module.exports);
  return module.exports;
}

/**
 * A module that is loaded when something of it is first used, or its names are asked for, as by `await import()`.
 *
 * @param {string} name
 */
function requireLater(name) {
  let module = promised.get(name);
  if (module === undefined) {
    /** @type {Record<string | symbol, unknown> | undefined} */
    let loaded;
    /** @returns {Record<string | symbol, unknown>} */
    const exports = () => (loaded ??= name.startsWith(own) ? load(name.slice(own.length)) : require(name));
    module = new Proxy(
      {},
      {
        get: (_target, key) => exports()[key],
        has: (_target, key) => key in exports(),
        ownKeys: () => Reflect.ownKeys(exports()),
        getOwnPropertyDescriptor: (_target, key) => ({
          configurable: true,
          enumerable: true,
          value: exports()[key],
        }),
      },
    );
    promised.set(name, module);
  }
  return module;
}

if (process.env.CTVIRT_KEEP_CODE !== undefined)
  process.once('exit', () => {
    for (const [filename, script] of scripts) writeFileSync(`${filename}.cache`, script.createCachedData());
  });
// OpenVZ's programs are this file by other names.
load(basename(process.argv[1] ?? '').startsWith('vz') ? 'vz' : 'cli');
