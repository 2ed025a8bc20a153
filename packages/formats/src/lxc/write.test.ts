// Tests of the liblxc configuration writer against a reader that does what liblxc's own does.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../errors.js';
import { lxcKeyOf, lxcKeys, presentName } from './keys.js';
import { formatCommand, formatLxcConfig, formatMountEntry, type LxcRow, mountField } from './write.js';

/** Reads as liblxc 5.0.2 was measured to: trims, then takes off one pair of equal quotes. */
function readAsLiblxc(text: string): [string, string][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const at = line.indexOf('=');
      const value = line.slice(at + 1).trim();
      const paired = value.length > 1 && /^["']/.test(value) && value.at(-1) === value[0];
      return [line.slice(0, at).trim(), paired ? value.slice(1, -1) : value];
    });
}

const refused = (rows: LxcRow[]) =>
  assert.throws(
    () => formatLxcConfig(rows),
    (error) => error instanceof FormatError && error.code === 'unwritable',
    JSON.stringify(rows),
  );

test('rows are written in order, one a line', () => {
  assert.equal(
    formatLxcConfig([
      ['lxc.uts.name', 'web'],
      ['lxc.environment', 'A= b '],
      ['lxc.environment', '"q"'],
      ['lxc.net.0.type', 'veth'],
    ]),
    'lxc.uts.name = web\nlxc.environment = "A= b "\nlxc.environment = ""q""\nlxc.net.0.type = veth\n',
  );
});

test('what would become another line, key or value is refused', () => {
  refused([['lxc.environment', 'A=b\nlxc.hook.start = /bin/sh']]);
  refused([['lxc.environment', 'A=b\rc']]);
  refused([['lxc.environment', 'A=b\0']]);
  refused([['lxc.environment', 'A=\ud800']]);
  refused([['lxc.environment', '']]);
  refused([['lxc.bogus', '1']]);
  refused([['lxc.utsname', 'x']]);
  refused([['uts.name', 'x']]);
  refused([['lxc.prlimit.', '1']]);
  refused([['lxc.cgroup2.x y', '1']]);
  refused([['lxc.cgroup2.a = b\nlxc.x', '1']]);
  refused([['lxc.uts.name', 'a b']]);
  refused([['lxc.start.auto', '2']]);
  refused([['lxc.tty.max', 'many']]);
  refused([['lxc.idmap', 'u 0 1']]);
  refused([['lxc.mount.entry', '/a b']]);
  refused([['lxc.mount.entry', `/${'a'.repeat(4100)} b none bind 0 0`]]);
});

test('a mount entry escapes its fields as fstab does', () => {
  assert.equal(
    formatMountEntry({
      source: '/srv/a b',
      target: '/mnt/x\\y',
      type: 'none',
      options: ['rbind', 'create=dir'],
    }),
    '/srv/a\\040b mnt/x\\134y none rbind,create=dir 0 0',
  );
  assert.equal(
    formatMountEntry({ source: 'tmpfs', target: 'tmp', type: 'tmpfs', options: [] }),
    'tmpfs tmp tmpfs defaults 0 0',
  );
  assert.throws(() => formatMountEntry({ source: 'a', target: '/', type: 'none', options: [] }), FormatError);
  assert.throws(
    () => formatMountEntry({ source: 'a', target: 'b', type: 'none', options: ['a,b'] }),
    FormatError,
  );
});

test('a command with an argument that liblxc would split is refused', () => {
  assert.equal(formatCommand(['/sbin/init', '--x=y']), '/sbin/init --x=y');
  for (const argv of [[], ['/bin/sh', '-c', 'a b'], ['/bin/echo', ''], ['/bin/echo', 'a\tb']])
    assert.throws(() => formatCommand(argv), FormatError);
});

test('keys are found by their present names, old names lead to them', () => {
  assert.equal(new Set(lxcKeys.map(({ name }) => name)).size, lxcKeys.length);
  assert.equal(lxcKeyOf('net.12.veth.pair')?.name, 'net.N.veth.pair');
  assert.equal(lxcKeyOf('prlimit.nofile')?.name, 'prlimit.');
  assert.equal(lxcKeyOf('cgroup.dir')?.name, 'cgroup.dir');
  assert.equal(lxcKeyOf('toString'), undefined);
  assert.equal(presentName('utsname'), 'uts.name');
  assert.equal(presentName('network.ipv4'), 'net.N.ipv4.address');
  assert.equal(presentName('network.3.type'), 'net.3.type');
  assert.equal(presentName('limit.nofile'), 'prlimit.nofile');
  assert.equal(presentName('uts.name'), undefined);
  assert.equal(presentName('network.bogus'), undefined);
});

test('property: whatever is written, liblxc reads the same rows', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[ "'#=\\\t a]{1,12}$/));
  const key = fc.constantFrom(
    'lxc.environment',
    'lxc.init.cmd',
    'lxc.rootfs.path',
    'lxc.hook.start',
    'lxc.sysctl.a',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value)), (rows) => {
      let text: string;
      try {
        text = formatLxcConfig(rows);
      } catch (error) {
        assert.ok(error instanceof FormatError);
        assert.ok(rows.some(([, row]) => row === '' || /[\n\r\0]/.test(row) || /\p{Surrogate}/u.test(row)));
        return;
      }
      assert.deepEqual(readAsLiblxc(text), rows);
    }),
    { numRuns: 200 },
  );
});

test('property: any path fits a field of a mount entry', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), (path) => {
      const field = mountField(path);
      assert.ok(!/[ \t\n]/.test(field));
      const back = field.replace(/\\(040|011|012|134)/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      );
      assert.equal(back, path);
    }),
  );
});
