// Backups of before of domains that this host has never backed up.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Repositories } from '../backup/repositories.js';
import type { Generation } from '../backup/tool.js';
import { EngineError } from '../errors.js';
import type { BackupHistory, LastBackup } from '../state/backup-times.js';
import { domainRecord } from '../testing/record.js';
import { findEarlier } from './earlier-backups.js';

const known: LastBackup = {
  ...{ id: 'here', repository: 'default', takenAt: '2026-11-28T00:00:00.000Z' },
  isComplete: true,
};

function world(all: readonly Generation[] | undefined) {
  const histories = new Map<string, BackupHistory>();
  let asked = 0;
  const refuse = async (): Promise<never> => assert.fail('nobody asks for that');
  const get: Repositories['get'] = (name = 'default') => {
    if (name !== 'default') throw new EngineError('not-found', `no repository '${name}'`);
    return {
      spec: { name, path: '/srv/backup', passwordFile: '/password' },
      kind: 'restic',
      tool: {
        ...{
          exists: () => all !== undefined,
          remembers: () => false,
          init: refuse,
          settle: () => Promise.resolve(),
          take: refuse,
          about: refuse,
        },
        ...{ files: refuse, restore: refuse, check: refuse, forget: refuse, prune: refuse },
        treeIn: (folder) => folder,
        list: async () => {
          asked++;
          return [...(all ?? [])];
        },
      },
    };
  };
  const backupTimes = {
    get: (uuid: string) => histories.get(uuid) ?? {},
    found: async (uuid: string, last: LastBackup) => void histories.set(uuid, { last }),
  };
  const parts = { repositories: { get }, backupTimes, backupSchedule: undefined };
  return { parts, histories, asked: () => asked };
}

const named = (digit: number) => ({
  record: domainRecord({ uuid: `00000000-0000-4000-8000-00000000000${digit}` }),
});
const [web, db] = [named(1), named(2)];
const generation = (uuid: string, id: string, day: number, leftOut: string[] = []): Generation => ({
  ...{ id, uuid, domain: 'web', leftOut },
  takenAt: `2026-11-${day}T00:00:00.000Z`,
});

test('the last one of each is found in one look, and what is known is not asked for', async () => {
  const { uuid } = web.record;
  const all = [
    generation(uuid, 'old', 20),
    generation(uuid, 'last', 29, ['/data']),
    generation('x', 'other', 30),
  ];
  const { parts, histories, asked } = world(all);
  assert.deepEqual(await findEarlier([web, db], parts), new Map());
  assert.deepEqual(histories.get(uuid)?.last, {
    ...{ id: 'last', repository: 'default', takenAt: '2026-11-29T00:00:00.000Z', isComplete: false },
  });
  assert.equal(histories.get(db.record.uuid), undefined);
  assert.equal(asked(), 1);
  histories.set(db.record.uuid, { last: known });
  await findEarlier([web, db], parts);
  assert.equal(asked(), 1);
});

test('where there is no repository it is told of those that nothing is known of', async () => {
  const { parts, histories } = world(undefined);
  histories.set(db.record.uuid, { last: known });
  assert.deepEqual(
    await findEarlier([web, db], parts),
    new Map([[web.record.uuid, 'there is no repository in /srv/backup']]),
  );
});
