// Configurations of other systems as they lie on a host: found, gathered, and never waited for.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { type EngineCode, EngineError } from '../errors.js';
import { readNativeConfig } from './native-files.js';

const folder = mkdtempSync(join(tmpdir(), 'ctvirt-native-'));
after(() => rmSync(folder, { recursive: true }));

const save = (path: string, text: string): string => {
  const place = join(folder, path);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, text);
  return place;
};
const refused = (code: EngineCode, call: () => unknown): void =>
  assert.throws(call, (error) => error instanceof EngineError && error.code === code);

test('an OpenVZ container by its number, with vz.conf from above', () => {
  const config = save('vz/conf/105.conf', 'ONBOOT="no"\n');
  const global = save('vz/vz.conf', 'VE_ROOT="/r"\n');
  for (const name of ['105', 'web']) {
    const { unit, files } = readNativeConfig('openvz', name, config);
    assert.deepEqual(unit, { name: '105', path: config });
    assert.deepEqual([...files.keys()].sort(), [config, global].sort());
  }
  refused('invalid', () => readNativeConfig('openvz', 'web', save('vz/conf/web.conf', '')));
  refused('not-found', () => readNativeConfig('openvz', '106', join(folder, 'vz/conf/106.conf')));
});

test('a container of OpenVZ 7 by its UUID, or by the file in its own folder', () => {
  const uuid = '0a0b0c0d-1111-4222-8333-123456789abc';
  for (const path of [`vz/conf/${uuid}.conf`, `vz/private/${uuid}/ve.conf`]) {
    const config = save(path, 'ONBOOT="no"\n');
    for (const name of [uuid, 'shop'])
      assert.deepEqual(readNativeConfig('openvz', name, config).unit, { name: uuid, path: config });
  }
});

test('an LXC container with what it includes, once each, missing files and rings included', () => {
  const ring = join(folder, 'lxc/ring.conf');
  save('lxc/ring.conf', `lxc.include = ${ring}\nlxc.include = ${folder}/lxc/d\n`);
  const part = save('lxc/d/part.conf', 'lxc.uts.name = x\n');
  save('lxc/d/other.txt', 'lxc.uts.name = no\n');
  const config = save(
    'lxc/web/config',
    `lxc.include = ${ring}\nlxc.include = /no/such/file\nlxc.include = relative\n`,
  );
  const { files } = readNativeConfig('lxc', 'web', config);
  assert.deepEqual([...files.keys()].sort(), [config, part, ring].sort());
});

test("a guest's folder: links are links, and lead nowhere", () => {
  const config = join(folder, 'vservers/guest');
  save('vservers/guest/uts/nodename', 'a\n');
  symlinkSync('/etc', join(config, 'vdir'));
  mkdirSync(join(folder, 'vservers/.defaults'));
  symlinkSync('/vservers', join(folder, 'vservers/.defaults/vdirbase'));
  const { files } = readNativeConfig('vserver', 'guest', config);
  assert.deepEqual([...files].map(([path, { link }]) => [path.slice(folder.length), link]).sort(), [
    ['/vservers/.defaults/vdirbase', '/vservers'],
    ['/vservers/guest/uts/nodename', undefined],
    ['/vservers/guest/vdir', '/etc'],
  ]);
});

test('what is no configuration is refused, and a pipe in its place stops nobody', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const config of [pipe, folder, '/dev/zero', save('large', 'x'.repeat(5 << 20)), 'relative'])
    refused('invalid', () => readNativeConfig('lxc', 'web', config));
  // What is included may say anything: without it the container would be another.
  const config = save('piped/config', `lxc.include = ${pipe}\nlxc.uts.name = a\n`);
  refused('invalid', () => readNativeConfig('lxc', 'piped', config));
  for (const name of ['', '.', '..', '../105', 'a/b', 'a\0b', '.hidden'])
    refused('invalid', () => readNativeConfig('lxc', name, undefined));
});

test("what is the kernel's, and what fails to be read, is refused by its path", () => {
  const cases: ['openvz' | 'lxc' | 'vserver', string, RegExp][] = [
    ...['/proc/kmsg', '/proc/self/mem', '/proc/self/mounts', '/sys/kernel/profiling'].flatMap(
      (path): ['openvz' | 'lxc', string, RegExp][] => [
        ['openvz', path, new RegExp(`^${path} is the kernel's own`)],
        ['lxc', path, new RegExp(`^${path} is the kernel's own`)],
        [
          'lxc',
          save(`of${path}/config`, `lxc.include = ${path}\nlxc.uts.name = a\n`),
          new RegExp(`^${path} is the kernel's own`),
        ],
      ],
    ),
    ['vserver', '/proc/self/fd', /^\/proc\/self\/fd is the kernel's own \(\/proc\), and no configuration$/],
    ['vserver', '/proc/1', /kernel's own/],
    ['vserver', '/etc/passwd', /^\/etc\/passwd cannot be read: .*ENOTDIR/],
    ['lxc', `/etc/${'x'.repeat(300)}`, /cannot be read: .*ENAMETOOLONG/],
    [
      'lxc',
      save('deep/config', 'lxc.include = /etc/passwd/x\n'),
      /\/etc\/passwd\/x cannot be read: .*ENOTDIR/,
    ],
  ];
  for (const [format, config, message] of cases)
    assert.throws(
      () => readNativeConfig(format, '105', config),
      (error) => {
        assert.ok(error instanceof EngineError && error.code === 'invalid', `${config}: ${String(error)}`);
        assert.match(error.message, message);
        return true;
      },
    );
});
