// ctvirtd.conf: what is read, and what is refused with its line.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EngineError, isFault } from '@ctvirt/engine';
import fc from 'fast-check';
import {
  accountId,
  engineOptions,
  formatSettings,
  formatSettingsFile,
  parseSettings,
  settings,
} from './settings.js';

const refusedAt = (content: string): number => {
  try {
    parseSettings(content, 'file');
  } catch (error) {
    if (isFault(error, 'invalid')) return Number(error.details.line);
    throw error;
  }
  throw new Error('it was not refused');
};

test('without a file nothing listens on the network, and sockets are closed to others', () => {
  const { listen_tcp, listen_tls, unix_sock_rw_perms, unix_sock_ro_perms } = parseSettings('', 'file');
  assert.deepEqual([listen_tcp, listen_tls], [0, 0]);
  assert.deepEqual([unix_sock_rw_perms, unix_sock_ro_perms], ['0600', '0600']);
});

test('texts, numbers, lists over lines and remarks are read', () => {
  const found = parseSettings(
    `# remark
unix_sock_group = "libvirt"
listen_tls = 1   # a remark
tcp_port = "16510"
tls_allowed_names = [
  "one",
  "two \\"quoted\\"",
]
`,
    'file',
  );
  assert.equal(found.unix_sock_group, 'libvirt');
  assert.equal(found.listen_tls, 1);
  assert.equal(found.tcp_port, 16_510);
  assert.deepEqual(found.tls_allowed_names, ['one', 'two "quoted"']);
});

test("a range of project ids is the engine's, both ends included", () => {
  const of = (content: string) => engineOptions(parseSettings(content, 'file')).projectIds;
  assert.deepEqual(of('project_ids = "7000-7999"'), { start: 7000, count: 1000 });
  assert.equal(of(''), undefined);
});

test('where layers are made is a word and a name', () => {
  const of = (content: string) => engineOptions(parseSettings(content, 'file')).layerPool;
  assert.deepEqual(of('layers = "zfs tank/web-1"'), { kind: 'zfs', name: 'tank/web-1' });
  assert.deepEqual(of('layers = "lvm-thin vg0/pool"'), { kind: 'lvm-thin', name: 'vg0/pool' });
  assert.equal(of(''), undefined);
  for (const text of ['zfs', 'zfs /tank', 'zfs tank one', 'lvm-thin vg0', 'lvm-thin -a/b', 'btrfs /srv'])
    assert.equal(refusedAt(`layers = "${text}"`), 1, text);
});

test('what is unknown or does not fit is refused with its line', () => {
  assert.equal(refusedAt('\nlisten_udp = 1'), 2);
  assert.equal(refusedAt('listen_tcp = 2'), 1);
  assert.equal(refusedAt('unix_sock_rw_perms = "rw"'), 1);
  assert.equal(refusedAt('listen_addr = [ "::" ]'), 1);
  assert.equal(refusedAt('listen_addr: "::"'), 1);
  assert.equal(refusedAt('tls_allowed_names = [ "one"'), 1);
  assert.equal(refusedAt('auth_tcp = "sasl"'), 1);
  for (const range of ['7', '9-7', '0-9', '1-4294967296', '1-2-3'])
    assert.equal(refusedAt(`project_ids = "${range}"`), 1, range);
});

test('the file as it is installed sets nothing, and each of its lines is the default', () => {
  const file = formatSettingsFile();
  const defaults = parseSettings('', 'file');
  assert.deepEqual(parseSettings(file, 'file'), defaults);
  const all = file.replace(/^#(\w+ = )/gm, '$1');
  assert.equal(all.match(/^\w+ = /gm)?.length, Object.keys(settings).length);
  assert.deepEqual(parseSettings(all, 'file'), defaults);
});

test('a repository beyond a network is refused, with what to do instead', () => {
  for (const place of ['sftp:root@far:/srv', 'rest:https://far/', 's3:https://far/box', 'rclone:far:box'])
    assert.throws(
      () => parseSettings(`backup_repositories = ["default ${place} /etc/ctvirt/password"]`, 'file'),
      (error) =>
        isFault(error, 'invalid') &&
        error.message.includes(`'${place}' is no folder of this host: mount it`) &&
        error.message.includes('restic copy'),
      place,
    );
});

test('the job of a night is one line', () => {
  const read = (line: string) => engineOptions(parseSettings(`backup_schedule = "${line}"`, 'file'));
  const keep = { daily: 7, weekly: 4 };
  assert.deepEqual(read('@daily keep-daily=7 keep-weekly=4').backupSchedule, { when: '@daily', keep });
  assert.equal(read('').backupSchedule, undefined);
  assert.throws(
    () => read('daily'),
    (error) => isFault(error, 'invalid') && /line 1: .*'daily' is no schedule/.test(error.message),
  );
});

test('whatever the file holds, it is settings or refused', () => {
  const line = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom(...Object.keys(settings)), fc.string())
      .map(([key, value]) => `${key} = ${value}`),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      try {
        assert.deepEqual(Object.keys(parseSettings(lines.join('\n'), 'file')), Object.keys(settings));
      } catch (error) {
        assert.ok(error instanceof EngineError && error.code === 'invalid', String(error));
      }
    }),
  );
});

test('accounts are found by name and by number', () => {
  assert.equal(accountId('passwd', 'root'), 0);
  assert.equal(accountId('group', '1234'), 1234);
  assert.throws(
    () => accountId('group', 'no such group'),
    (error) => error instanceof EngineError && error.code === 'invalid',
  );
});

test('the page in docs/reference is up to date', () => {
  const path = new URL('../../../docs/reference/ctvirtd.conf.md', import.meta.url);
  assert.equal(readFileSync(path, 'utf8'), formatSettings(), 'run npm run gen');
});
