// Domains over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream';
import type { Resources } from '@ctvirt/api';
import { type Engine, type ExecSession, isFault } from '@ctvirt/engine';
import { wordsOf } from '../asker.js';
import type { Handlers } from './handler.js';

/** All operations on domains but accounting and quotas; refusals are the engine's own. */
export const bindDomains = (engine: Engine): Handlers<Resources['domains']> => ({
  list: ({ query: { active } }) => {
    const all = engine.list();
    return active === undefined ? all : all.filter(({ id }) => (id !== null) === active);
  },
  define: ({ body, query: { strict, transient } }) => {
    const options = strict === undefined ? {} : { strict };
    return transient ? engine.create(body, options) : engine.define(body, options);
  },
  validate: ({ body, query: { strict } }) => engine.validate(body, strict === undefined ? {} : { strict }),
  create: ({ body, query: { dryRun } }) => engine.defineFrom(body, { dryRun: dryRun === true }),
  adopt: ({ body, query: { dryRun } }) => engine.adopt(body, { dryRun: dryRun === true }),
  candidates: () => engine.candidates(),
  summary: ({ params: { domain } }) => engine.summary(domain),
  info: ({ params: { domain } }) => engine.info(domain),
  xml: ({ params: { domain }, query: { inactive } }) =>
    engine.xml(domain, inactive === undefined ? {} : { inactive }),
  redefine: ({ params: { domain }, body, query: { strict }, tags }) =>
    engine.redefine(domain, body, { ...(strict !== undefined && { strict }), tags }),
  undefine: ({ params: { domain }, query: { storage } }) =>
    engine.undefine(domain, storage === undefined ? {} : { storage }),
  rename: ({ params: { domain }, body: { name } }) => engine.rename(domain, name),
  parameters: ({ params: { domain }, query: { inactive } }) =>
    engine.parameters(domain, inactive === undefined ? {} : { inactive }),
  setParameters: ({ params: { domain }, body: { values, live = false, stored = false } }) =>
    engine.setParameters(domain, values, { live, stored }),
  set: ({ params: { domain }, body: { live = false, stored = false, ...settings } }) =>
    engine.set(domain, settings, { live, stored }),
  start: ({ params: { domain }, query: { rescue } }) =>
    engine.start(domain, rescue === undefined ? {} : { rescue }),
  shutdown: ({ params: { domain }, query: { waitMs } }) =>
    engine.shutdown(domain, waitMs === undefined ? {} : { waitMs }),
  reboot: ({ params: { domain }, query: { waitMs } }) =>
    engine.reboot(domain, waitMs === undefined ? {} : { waitMs }),
  destroy: ({ params: { domain } }) => engine.destroy(domain),
  suspend: ({ params: { domain } }) => engine.suspend(domain),
  resume: ({ params: { domain } }) => engine.resume(domain),
  wait: ({ params: { domain }, body }, gone) => engine.wait(domain, body, gone),
  autostart: ({ params: { domain }, body }) => engine.setAutostart(domain, body),
  rootMounts: async () => await engine.rootMounts(),
  mountRoot: ({ params: { domain } }) => engine.mountRoot(domain),
  unmountRoot: ({ params: { domain } }) => engine.unmountRoot(domain),
  exportRoot: ({ params: { domain }, body: { target, ...format } }, watcher) =>
    engine.exportRoot(domain, target, { ...format, ...watcher }),
  move: ({ params: { domain }, body: { to, ...how } }, watcher) =>
    engine.moves.move(domain, to, { ...how, ...watcher }),
  resolveMove: ({ params: { domain }, body: { keeper } }) => engine.moves.resolve(domain, keeper),
  consoleLog: ({ params: { domain }, query: { before } }) =>
    engine.consoleLog(domain, before === true ? 'before' : 'last'),
  exec: ({ params: { domain } }, open) => engine.exec(domain, open),
  push: ({ params: { domain } }, open, lend) => lend(open.lent, (file) => engine.push(domain, open, file)),
  pull: ({ params: { domain } }, open, lend) => lend(open.lent, (file) => engine.pull(domain, open, file)),
  console: async ({ params: { domain }, caller: { session } }, open): Promise<ExecSession> => {
    const { stream, resize } = await engine.console(domain, {
      ...open,
      by: session === undefined ? 'a client of HTTP, such as ctvirt,' : wordsOf(session),
    });
    const exited = new Promise<number>((resolve, reject) => {
      // Only who loses it to another one is told more than its end.
      stream.once('error', (error) => (isFault(error, 'interrupted') ? reject(error) : resolve(0)));
      stream.once('close', () => resolve(0));
      stream.once('end', () => resolve(0));
    });
    exited.catch(() => undefined); // whoever waits for it hears of it
    return {
      stdin: stream,
      stdout: stream,
      stderr: Readable.from([]),
      exited,
      resize,
      signal: () => undefined, // its programs are the container's own
      kill: () => stream.destroy(),
    };
  },
});
