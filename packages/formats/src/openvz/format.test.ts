// Tests of the OpenVZ format on whole folders.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { rootOf } from '../edit.js';
import { entryOf, filesOf } from '../files.js';
import { formats } from '../formats.js';
import { openvzFormat } from './format.js';

const host = { pageSize: 4096, cpus: 2 };

test('a whole /etc/vz: containers by number, the rest left alone', () => {
  const files = filesOf([
    ['/etc/vz/vz.conf', 'VE_PRIVATE="/srv/$VEID"\n'],
    ['/etc/vz/conf/0.conf', 'CPUUNITS="1000"\n'],
    ['/etc/vz/conf/105.conf', 'HOSTNAME="a"\n'],
    ['/etc/vz/conf/200.conf', 'NAME="web one"\nOSTEMPLATE="debian"\n'],
    ['/etc/vz/conf/ve-x.conf-sample', 'CPUUNITS="1000"\n'],
    ['/etc/vz/conf/105.conf.destroyed', ''],
  ]);
  const units = openvzFormat.detect(files);
  assert.deepEqual(
    units.map(({ name }) => name),
    ['105', '200'],
  );
  const [first, second] = units.map((unit) => openvzFormat.read(files, unit, host).domain);
  const root = first === undefined ? undefined : rootOf(first);
  assert.equal(root?.type === 'mount' && root.source.dir, '/srv/105');
  assert.equal(second?.name, 'web one');
  assert.ok(second);
  assert.deepEqual([...openvzFormat.write(second, host).files.keys()], ['200.conf']);
});

test('one file of any name is known by its keys', () => {
  const text = 'NUMPROC="1"\nOSTEMPLATE="x"\nVE_ROOT="/r"\n';
  assert.deepEqual(openvzFormat.detect(filesOf([['x', text]])), [{ name: '101', path: 'x' }]);
  assert.deepEqual(openvzFormat.detect(filesOf([['x', 'A=1\nB=2\nC=3\n']])), []);
  for (const host of ['vz.conf', '/etc/vz/conf/0.conf'])
    assert.deepEqual(openvzFormat.detect(filesOf([[host, text]])), [], `${host} is the host's`);
});

test("a container's root: made anew from its template, or its files in place; vz.conf by its own path", () => {
  const files = filesOf([
    ['/etc/vz/vz.conf', 'VE_PRIVATE="/srv/$VEID"\nDISK_QUOTA=yes\n'],
    ['/etc/vz/conf/105.conf', 'OSTEMPLATE="debian"\n'],
  ]);
  const unit = { name: '105', path: '/etc/vz/conf/105.conf' };
  const roots = ([undefined, 'template', 'private'] as const).map((root) => {
    const { domain, report } = openvzFormat.read(files, unit, { ...host, ...(root && { root }) });
    assert.ok(report.some(({ file, key }) => file === '/etc/vz/vz.conf' && key === 'DISK_QUOTA'));
    return rootOf(domain)?.source;
  });
  assert.deepEqual(roots, [{ name: 'debian' }, { name: 'debian' }, { dir: '/srv/105' }]);
});

test('what OpenVZ has no key for is reported', () => {
  const domain = parseDomainOrThrow(`<domain type='openvz'><name>x</name>
<os><type>exe</type><init>/bin/sh</init></os>
<devices>
<filesystem type='template'><source name='t'/><target dir='/'/><quota type='size' uid='5' max='1'/></filesystem>
<filesystem><source dir='/a'/><target dir='/b'/></filesystem>
<interface type='direct'><source dev='eth0'/></interface>
</devices></domain>`);
  assert.deepEqual(
    openvzFormat.write(domain, host).report.map(({ key }) => key),
    ['os/init', 'devices/filesystem', 'devices/filesystem/quota', 'devices/interface'],
  );
});

test('a line that is no UTF-8 is read as ISO 8859-1, and told', () => {
  const bytes = Buffer.concat([
    Buffer.from('\u{FEFF}HOSTNAME="a"\n# żółw\n'),
    Buffer.from('DESCRIPTION="caf\u{E9}"\n', 'latin1'),
  ]);
  const files = new Map([['105.conf', entryOf(bytes)]]);
  const { domain, report } = formats.openvz.read(files, { name: '105', path: '105.conf' }, host);
  assert.equal(domain.description, 'caf\u{E9}');
  assert.deepEqual(
    report.filter(({ key }) => key === '').map(({ line, status }) => [line, status]),
    [[3, 'approximated']],
  );
  assert.equal(domain.hostname, 'a');
});
