// Where sessions outlive the daemon: those of browsers until the host's next boot, tokens of programs for longer.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSessionRole } from '@ctvirt/api';
import { type Layout, writeAtomically } from '@ctvirt/engine';
import type { KeptSession, SessionStore } from './sessions.js';

/** What was kept by the daemon before, and where this one keeps it. */
export interface OpenedStore {
  readonly kept: readonly KeptSession[];
  readonly store: SessionStore;
}

/** `warn` hears of a file that cannot be read, whose sessions are over then. */
export function openStore(
  { run, lib }: Pick<Layout, 'run' | 'lib'>,
  warn: (text: string) => void,
): OpenedStore {
  const sessions = join(run, 'web-sessions.json');
  const tokens = join(lib, 'web-tokens.json');
  let written: Readonly<Record<string, string>> = {};
  const read = (path: string): KeptSession[] => {
    try {
      const text = readFileSync(path, 'utf8');
      written = { ...written, [path]: text };
      const value: unknown = JSON.parse(text);
      if (Array.isArray(value) && value.every(isKept)) return value;
      warn(`${path} is not as it was written: who came in by browser has to again`);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
        warn(`${path} cannot be read: who came in by browser has to again: ${String(error)}`);
    }
    return [];
  };
  let last = Promise.resolve();
  const write = async (kept: readonly KeptSession[]): Promise<void> => {
    const texts = {
      [sessions]: JSON.stringify(kept.filter(({ cookie }) => cookie !== null)),
      [tokens]: JSON.stringify(kept.filter(({ cookie }) => cookie === null).map(withoutUse)),
    };
    for (const [path, text] of Object.entries(texts))
      if (text !== (written[path] ?? '[]')) await writeAtomically(path, text);
    written = texts;
  };
  return {
    kept: [...read(sessions), ...read(tokens)],
    // One after the other: the last that is asked for is what stays.
    store: {
      write: (kept) => {
        const next = last.then(() => write(kept));
        last = next.catch(() => undefined);
        return next;
      },
    },
  };
}

/** A disk that others work on is not written every minute for it. */
const withoutUse = (token: KeptSession): KeptSession => ({ ...token, usedMs: token.createdMs });

const digest = /^[0-9a-f]{64}$/;
const isDigest = (value: unknown): boolean => typeof value === 'string' && digest.test(value);

const isKept = (value: unknown): value is KeptSession =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  /^[0-9a-f]{8}$/.test(value.id) &&
  'role' in value &&
  isSessionRole(value.role) &&
  'key' in value &&
  isDigest(value.key) &&
  'cookie' in value &&
  (value.cookie === null || isDigest(value.cookie)) &&
  (['createdMs', 'untilMs', 'usedMs'] as const).every(
    (name) => name in value && Number.isSafeInteger(Reflect.get(value, name)),
  );
