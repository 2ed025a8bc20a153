// What strangers' zones came to: each property has the status of the result, and what is kept comes back as zonecfg takes it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, formatDomain, parseDomainOrThrow } from '@ctvirt/xml';
import fc from 'fast-check';
import { rootOf } from '../edit.js';
import { filesOf } from '../files.js';
import { formats } from '../formats.js';
import { untrue } from '../testing/carried.js';

const host = { pageSize: 4096, cpus: 3 };
const read = (text: string, path = 'web.cfg') => {
  const files = filesOf([[path, text]]);
  const [unit] = formats.zonecfg.detect(files);
  assert.ok(unit);
  return formats.zonecfg.read(files, unit, host);
};
const written = (domain: Domain): string =>
  [...formats.zonecfg.write(parseDomainOrThrow(formatDomain(domain)), host).files.values()][0]?.text ?? '';
const start = 'create -b\nset zonepath=/z\n';

/** Resources of every type that a document has no element for, as `zonecfg export` writes them. */
const kept: Readonly<Record<string, string>> = {
  attr: 'add attr\nset name=owner\nset type=string\nset value="books team"\nend',
  rctl: 'add rctl\nset name=zone.max-sem-ids\nadd value (priv=privileged,limit=9,action=deny)\nadd value (priv=system,limit=12,action=none)\nend',
  device: 'add device\nset match=/dev/x*\nadd property (name=gid,value="5")\nend',
  fs: 'add fs\nset dir=/o\nset special=/x\nset type=odd\nadd options ro\nadd options nosuid\nend',
  admin: 'add admin\nset user=joe\nset auths="login,manage"\nend',
  'security-flags': 'add security-flags\nset lower=none\nset default=aslr\nset upper=all\nend',
  'verified-boot': 'add verified-boot\nset policy=warning\nadd cert /etc/a\nend',
};

test('what is kept comes back with the commands that zonecfg takes', () => {
  for (const [type, resource] of Object.entries(kept)) {
    const back = written(read(`${start}${resource}\n`).domain);
    const expected = resource.replace('value="5"', 'value=5');
    assert.ok(back.includes(expected), `${type}:\n${back}`);
  }
});

test('an attr that an older export wrote with add comes back with set', () => {
  const old = kept['attr']?.replace('set value=', 'add value ') ?? '';
  assert.ok(written(read(`${start}${old}\n`).domain).includes('set value="books team"'));
});

test("the zone's name stands in the place of its token", () => {
  const rootAt = (path: string, file?: string) => {
    const root = rootOf(read(`create\nset zonepath=${path}\n`, file).domain);
    return root?.type === 'mount' ? root.source.dir : undefined;
  };
  assert.equal(rootAt('/system/zones/%{zonename}'), '/system/zones/web/root');
  assert.equal(rootAt('/a/%%b/%{zonename}.d', 'shop.cfg'), '/a/%b/shop.d/root');
  assert.equal(rootAt('/a/%{id}'), undefined);
  const { domain, report } = read(
    `${start}add fs\nset dir=/d\nset special=/export/%{zonename}\nset type=lofs\nend\n`,
  );
  const data = domain.devices.filesystems?.[1];
  assert.equal(data?.type === 'mount' && data.source.dir, '/export/web');
  assert.ok(report.every(({ status }) => status !== 'ignored'));
  const token = `${start}add fs\nset dir=/d\nset special=/export/%{id}\nset type=lofs\nend\n`;
  assert.ok(written(read(token).domain).includes('set special=/export/%{id}'));
});

test('numbers are exact or told', () => {
  const statusOf = (line: string) => {
    const [, key = ''] = /set ([a-z-]+)=/.exec(line) ?? [];
    return read(`${start}${line}\n`).report.find((row) => row.key === key)?.status;
  };
  assert.equal(statusOf('set cpu-shares=100'), 'carried');
  assert.equal(statusOf('set cpu-shares=65535'), 'approximated');
  assert.equal(statusOf('set max-lwps=18446744073709551615'), 'carried');
  assert.equal(read(`${start}set max-lwps=18446744073709551615\n`).domain.beancounters, undefined);
});

const pieces = fc.constantFrom(
  ...Object.values(kept),
  'set cpu-shares=3',
  'set max-lwps=77',
  'set max-shm-memory=4m',
  'set bootargs=-i /bin/sh -v',
  'set limitpriv=default,!net_rawaccess',
  'set hostid=80f0c086',
  'set autoboot=true',
  'add fs\nset dir=/a\nset special=/b\nset type=lofs\nadd options [ro,nodev]\nend',
  'add fs\nset dir=/t\nset special=swap\nset type=tmpfs\nadd options "size=8m"\nend',
  'add dataset\nset name=tank/a\nend',
  'add capped-memory\nset physical=64M\nset swap=128M\nend',
  'add capped-memory\nset locked=8k\nend',
  'add rctl\nset name=zone.cpu-cap\nadd value (priv=privileged,limit=150,action=deny)\nend',
  'add attr\nset name=comment\nset type=string\nset value="two words"\nend',
  'add attr\nset name=resolvers\nset type=string\nset value=10.0.0.1\nend',
  'add dedicated-cpu\nset ncpus=1-2\nend',
  'set ip-type=exclusive\nadd net\nset physical=vnic0\nset global-nic=net1\nset mac-addr=2:8:20:0:1:2\nset vlan-id=7\nend',
  'set ip-type=exclusive\nadd anet\nset linkname=net0\nset lower-link=auto\nset configure-allowed-address=true\nend',
);
/** Words that go without saying: a type there is one of, and how interfaces are read when there are none. */
const usual = [/^attr\.type: /, /^ip-type: /, /^fs\.special: .* ram$/, /^limitpriv: the default set/];

test('property: what is told carried is in the document, or comes back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(pieces, { maxLength: 6 }), (some) => {
      const text = `${start}${some.join('\n')}\n`;
      assert.deepEqual(untrue('zonecfg', 'web.cfg', text, usual), [], text);
    }),
    { numRuns: 200 },
  );
});
