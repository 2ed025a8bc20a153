// What may be asked of a domain in each of its conditions, and of a template; each step and where it leads.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { ApiError } from '@ctvirt/api';
import type { ApiClient } from '@ctvirt/api/node';
import { domainXml, templateRoot } from './documents.js';

/** `kept`: the definition is gone, the files are not. */
export type Condition = 'gone' | 'kept' | 'off' | 'running';

export interface Step {
  readonly title: string;
  readonly leads: Condition;
  readonly run: (name: string) => Promise<unknown>;
  /** The limit of processes it sets, live and stored. */
  readonly processes?: number;
}

interface Subject {
  readonly type: string;
  readonly filesystems: readonly string[];
  readonly interfaces: readonly string[];
  /** Loop devices it has while it runs. */
  readonly loops: number;
}

/** An init that ends well when it is asked to, at once. */
const obedient = ['/bin/sh', '-c', 'trap "exit 0" PWR; sleep infinity & wait'];
const limited = templateRoot.replace(
  '</filesystem>',
  "<space_hard_limit unit='M'>16</space_hard_limit><quota type='inodes' max='500'/></filesystem>",
);
export const linkOf = (address: string) =>
  `<interface type='ethernet'><ip address='${address}'/></interface>`;

export const subjects: Readonly<Record<string, Subject>> = {
  plain: { type: 'lxc', filesystems: [templateRoot], interfaces: [], loops: 0 },
  limited: { type: 'lxc', filesystems: [limited], interfaces: [], loops: 1 },
  linked: { type: 'lxc', filesystems: [templateRoot], interfaces: [linkOf('192.168.9.3')], loops: 0 },
  '107': { type: 'openvz', filesystems: [limited], interfaces: [linkOf('192.168.9.4')], loops: 1 },
};
export const names = Object.keys(subjects);
const subject = (name: string): Subject => subjects[name] ?? assert.fail(name);

/** What the files of a domain that is gone are kept as: there are never two of one. */
export const keptAs = (name: string): string => `${name}~1`;

/** Each has a UUID of its own, by which it gets the files back that were kept of it. */
function documentOf(name: string, title: string): string {
  const { type, filesystems, interfaces } = subject(name);
  const uuid = `5eed0000-0000-4000-8000-00000000000${names.indexOf(name)}`;
  const more = `<uuid>${uuid}</uuid><title>${title}</title>`;
  return domainXml({ name, type, program: obedient, filesystems, interfaces, more });
}

/** Each definition has the `title`; each change a limit of its own, by `number`. */
export function stepsFrom(
  client: ApiClient,
  from: Condition,
  { title, number, isLimited }: { title: string; number: number; isLimited: boolean },
): readonly Step[] {
  const { domains, quota, roots } = client;
  const define = (leads: Condition): Step => ({
    title: 'define',
    leads,
    run: (name) => domains.define({ body: documentOf(name, title) }),
  });
  const erase: Step = {
    title: 'undefine',
    leads: 'gone',
    run: (domain) => domains.undefine({ domain, storage: true }),
  };
  const start: Step = { title: 'start', leads: 'running', run: (domain) => domains.start({ domain }) };
  const processes = 100 + (number % 1000);
  const change: Step = {
    title: 'change',
    leads: 'running',
    processes,
    run: (domain) =>
      domains.setParameters({
        domain,
        body: { values: { NUMPROC: `${processes}:${processes}` }, live: true, stored: true },
      }),
  };
  const exec: Step = {
    title: 'exec',
    leads: 'running',
    run: async (domain) => {
      const session = await domains.exec({ domain, open: { argv: ['/bin/sleep', '0.05'] } });
      session.stdin.end();
      await session.exited;
    },
  };
  // Of a file system as large as its limit users are not counted: then the change is refused, which changes nothing.
  const owner: Step = {
    title: 'quota',
    leads: from,
    run: async (domain) => {
      const space = `${1024 + number}:4096`;
      const targets = { stored: true, live: from === 'running' };
      try {
        return await quota.setOwner({ domain, body: { kind: 'user', id: 1000, space, ...targets } });
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'unsupported') throw error;
        return undefined;
      }
    },
  };
  const steps: Readonly<Record<Condition, readonly Step[]>> = {
    gone: [define('off')],
    kept: [
      define('off'),
      { title: 'undefine', leads: 'gone', run: (name) => roots.erase({ root: keptAs(name) }) },
    ],
    off: [
      start,
      start,
      define('off'),
      erase,
      { title: 'undefine', leads: 'kept', run: (domain) => domains.undefine({ domain }) },
      ...(isLimited ? [owner] : []),
    ],
    running: [
      { title: 'destroy', leads: 'off', run: (domain) => domains.destroy({ domain }) },
      { title: 'shutdown', leads: 'off', run: (domain) => domains.shutdown({ domain, waitMs: 10_000 }) },
      define('running'),
      exec,
      change,
      ...(isLimited ? [owner] : []),
    ],
  };
  return steps[from];
}
