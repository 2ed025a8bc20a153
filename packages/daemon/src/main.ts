// ctvirtd: opens the engine, serves it on its socket, and stops without touching a container.
// SPDX-License-Identifier: Apache-2.0
import '@ctvirt/api/no-debugger';
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  closeInherited,
  EngineError,
  forgetShell,
  type Layout,
  layoutOf,
  openEngine,
  prepareFolders,
} from '@ctvirt/engine';
import { gateOf } from './clients.js';
import { runCommand } from './command.js';
import { hearing } from './http/remarks.js';
import { createHttpApp } from './http/server.js';
import { Terminals } from './http/terminals.js';
import { serveLibvirt } from './libvirt.js';
import { takeLock } from './lock.js';
import { createLog, type LogFormat } from './log.js';
import { Requests } from './metrics/requests.js';
import { reach } from './moves/target.js';
import { tellReady } from './ready.js';
import { engineOptions, readSettings } from './settings.js';
import { pageFolder, readAssets } from './web/assets.js';
import { Browsers } from './web/browsers.js';

const help = `ctvirtd: runs the container domains of this host

Usage: ctvirtd [--root DIR] [--log text|json] [--log-level LEVEL] [-- COMMAND...]

  --root DIR         keep everything in DIR/etc, DIR/lib and DIR/run instead of /etc/ctvirt,
                     /var/lib/ctvirt and /run/ctvirt; CTVIRT_ROOT says the same
  --log FORMAT       text for people (default), json for machines
  --log-level LEVEL  debug, info (default), warn or error
  -- COMMAND...      serve for this command alone, end when and as it ends, and autostart nothing;
                     where a ctvirtd serves already, only run the command

Example: ctvirtd --root /srv/ctvirt-test
`;

/** How long operations under way may take to end once the daemon is asked to stop. */
const STOP_WAIT_MS = 15_000;

const words = process.argv.slice(2);
const end = words.includes('--') ? words.indexOf('--') : words.length;
const [file, ...args] = words.slice(end + 1);
const command = file === undefined ? undefined : ([file, ...args] as const);
const options = {
  root: { type: 'string' },
  log: { type: 'string', default: 'text' },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', short: 'h' },
} as const;
const { values } = parsed();
if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}

function parsed() {
  try {
    return parseArgs({ args: words.slice(0, end), options });
  } catch (error) {
    process.stderr.write(
      `ctvirtd: ${error instanceof Error ? error.message : error}; ctvirtd --help shows the options\n`,
    );
    process.exit(2);
  }
}

// Who reads the log may end first: of `ctvirtd 2>&1 | tee log` Ctrl-C ends both. Its lines are lost then, and the daemon goes on.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);

const format: LogFormat = values.log === 'json' ? 'json' : 'text';
const log = createLog(format, values['log-level'], process.stderr);
for (const signal of ['SIGUSR1', 'SIGUSR2'] as const)
  process.on(signal, () => log.warn(`${signal} means nothing to ctvirtd: SIGTERM stops it`));
process.on('unhandledRejection', (reason) =>
  log.error({ err: reason }, 'a fault in the daemon ended an operation'),
);
try {
  await serve(layoutOf(values.root ?? process.env['CTVIRT_ROOT']));
} catch (error) {
  if (error instanceof EngineError) log.fatal(error.message);
  else log.fatal({ err: error }, 'ctvirtd cannot start');
  process.exitCode = 1;
  setImmediate(() => process.exit(1));
}

async function serve(layout: Layout): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new EngineError('denied', 'ctvirtd runs containers and needs to be root: start it with sudo');
  process.umask(0o077);
  closeInherited();
  for (const warning of forgetShell()) log.warn(warning);
  const began = performance.now();
  await prepareFolders(layout);
  const settings = readSettings(layout.etc);
  await using lock = await takeLock(layout);
  if (lock === undefined && command !== undefined) {
    process.exitCode = await runCommand(command, values.root);
    return;
  }
  if (lock === undefined)
    throw new EngineError(
      'busy',
      `another ctvirtd already serves ${layout.lib}: stop that one first, or choose another --root`,
    );
  const engine = await openEngine(
    layout,
    hearing((level, message, fields) => log[level](fields ?? {}, message)),
    { ...engineOptions(settings), autostart: command === undefined, reach },
  );
  const requests = new Requests();
  const terminals = new Terminals();
  const web = new Browsers({
    ...{ layout, settings, log },
    readPage: () => readAssets(pageFolder(import.meta.url)),
    appOf: (doors) =>
      createHttpApp(engine, log, { gate: gateOf(settings) }, { ...doors, requests, terminals }),
  });
  const app = createHttpApp(engine, log, { gate: gateOf(settings) }, { web, requests, terminals });
  rmSync(layout.httpSocket, { force: true });
  await app.listen({ path: layout.httpSocket });
  await web.start();
  const libvirt = await serveLibvirt(engine, layout, settings, log);
  log.info(`libvirt's protocol on ${libvirt.places.join(', ')}`);
  const unsubscribe = engine.onEvent((event) => {
    const { name } = event.domain;
    if (event.event === 'changed')
      log.info({ domain: name, changes: event.changes }, `domain '${name}' changed (${event.detail})`);
    else if (event.event === 'job' && event.job.state === 'failed')
      log.warn({ domain: name }, `domain '${name}': ${event.job.kind} failed: ${event.job.error}`);
    else if (event.event !== 'beancounter')
      log.info({ domain: name }, `domain '${name}' ${event.event} (${event.detail})`);
    else {
      const { resource, rise, failcnt } = event.beancounter;
      log.warn(
        { domain: name, ...event.beancounter },
        `domain '${name}': failcnt of ${resource} rose by ${rise} to ${failcnt}`,
      );
    }
  });
  const unsubscribeNetworks = engine.networks.onEvent(({ event, network }) =>
    log.info({ network: network.name }, `network '${network.name}' ${event}`),
  );
  const running = engine.list().filter(({ id }) => id !== null).length;
  log.info(
    `ready on ${layout.httpSocket} after ${Math.round(performance.now() - began)} ms: ${engine.list().length} domains, ${running} running`,
  );

  if (command !== undefined) process.exitCode = await runCommand(command, values.root);
  else {
    tellReady(log);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
        process.once(signal, () => resolve());
    });
  }
  log.info('stopping; containers go on');
  unsubscribe();
  unsubscribeNetworks();
  const stopped = (async () => {
    await Promise.all([app.close(), web.close(), libvirt.close()]);
    await engine.close();
  })();
  await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, STOP_WAIT_MS).unref())]);
  rmSync(layout.httpSocket, { force: true });
  lock.release();
  setImmediate(() => process.exit());
}
