// What strangers' guests came to: each file has the status of the result, and a numbered folder comes back whole or not at all.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, formatDomain, parseDomainOrThrow } from '@ctvirt/xml';
import fc from 'fast-check';
import type { FileEntry, FileSet } from '../files.js';
import { formats } from '../formats.js';
import { readingOf } from '../testing/carried.js';

const host = { pageSize: 4096, cpus: 3 };
type Tree = Readonly<Record<string, string>>;
const treeOf = (entries: Tree): FileSet =>
  new Map(
    Object.entries({ vdir: 'link:/vservers/web', ...entries }).map(([path, text]): [string, FileEntry] => [
      `/etc/vservers/web/${path}`,
      text.startsWith('link:') ? { link: text.slice('link:'.length) } : { text },
    ]),
  );
const read = (entries: Tree) => {
  const files = treeOf(entries);
  const [unit] = formats.vserver.detect(files);
  assert.ok(unit);
  return formats.vserver.read(files, unit, host);
};
/** By way of the document's text, as a conversion in two commands goes. */
const written = (domain: Domain): Tree =>
  Object.fromEntries(
    [...formats.vserver.write(parseDomainOrThrow(formatDomain(domain)), host).files].map(
      ([path, { text, link }]) => [path.replace(/^web\//, ''), text ?? `link:${link}`],
    ),
  );
const below = (tree: Tree, folder: string): Tree =>
  Object.fromEntries(Object.entries(tree).filter(([path]) => path.startsWith(`${folder}/`)));

test('a flag of its own comes back alone, not as the capability of the host that stood for it', () => {
  const { domain } = read({ ccapabilities: 'secure_mount\n' });
  assert.equal(domain.features?.capabilities?.sys_admin, 'on');
  const back = written(domain);
  assert.equal(back['bcapabilities'], undefined);
  assert.equal(back['ccapabilities'], 'secure_mount\n');
  const both = written(read({ bcapabilities: 'SYS_ADMIN\n', ccapabilities: 'secure_mount\n' }).domain);
  assert.equal(both['bcapabilities'], 'SYS_ADMIN\n', 'it had that too');
});

test('a flag whose capability was taken away since is told', () => {
  const { domain } = read({ ccapabilities: 'secure_mount\n' });
  const capabilities = { policy: 'default', ...domain.features?.capabilities, sys_admin: 'off' } as const;
  const { report } = formats.vserver.write(
    { ...domain, features: { ...domain.features, capabilities } },
    host,
  );
  assert.ok(report.some(({ key }) => key === 'ccapabilities'));
});

test('a disabled interface is kept whole, and an enabled one with its device', () => {
  const disabled = {
    'interfaces/0/ip': '10.0.0.9\n',
    'interfaces/0/dev': 'eth0\n',
    'interfaces/0/disabled': '',
  };
  const back = written(read(disabled).domain);
  assert.deepEqual(below(back, 'interfaces'), {
    'interfaces/00/ip': '10.0.0.9\n',
    'interfaces/00/dev': 'eth0\n',
    'interfaces/00/disabled': '',
  });
  const mixed = written(
    read({
      ...disabled,
      'interfaces/1/ip': '10.0.0.5/24\n',
      'interfaces/1/dev': 'eth1\n',
      'interfaces/1/name': 'x\n',
    }).domain,
  );
  assert.deepEqual(below(mixed, 'interfaces'), {
    'interfaces/00/ip': '10.0.0.5\n',
    'interfaces/00/prefix': '24\n',
    'interfaces/00/dev': 'eth1\n',
    'interfaces/00/name': 'x\n',
    'interfaces/01/ip': '10.0.0.9\n',
    'interfaces/01/dev': 'eth0\n',
    'interfaces/01/disabled': '',
  });
});

test('numbers of 64 bits are exact, or no limit and told', () => {
  const status = (path: string, text: string, more: Tree = {}) =>
    read({ [path]: text, ...more }).report.find(({ key }) => key === path)?.status;
  assert.equal(status('rlimits/nproc', '9007199254740993\n'), 'approximated');
  assert.equal(status('rlimits/nproc', 'inf\n'), 'carried');
  assert.equal(status('rlimits/nproc', 'many\n'), 'ignored');
  const root = { 'dlimits/0/directory': '/vservers/web\n' };
  assert.equal(status('dlimits/0/space_total', '9007199254740993\n', root), 'approximated');
  assert.equal(status('dlimits/0/inodes_total', '1000\n', root), 'carried');
});

const folders: readonly Tree[] = [
  { 'interfaces/0/ip': '10.0.0.5/24\n', 'interfaces/0/dev': 'eth0\n' },
  { 'interfaces/3/ip': '10.0.0.6\n', 'interfaces/3/disabled': '', 'interfaces/3/name': 'x\n' },
  { 'interfaces/5/ip': 'nowhere\n', 'interfaces/5/dev': 'eth5\n' },
  { 'interfaces/7/ip': '10.0.0.7\n', 'interfaces/7/mask': '255.255.0.0\n', 'interfaces/7/scope': 'host\n' },
  { 'netns/interfaces/0/guest': 'eth0\n', 'netns/interfaces/0/bridge': 'br0\n' },
  { 'netns/interfaces/4/type': 'macvlan\n', 'netns/interfaces/4/guest': 'eth9\n' },
  { 'netns/interfaces/6/guest': 'eth1\n', 'netns/interfaces/6/host': 'v6\n' },
  {
    'dlimits/0/directory': '/vservers/web\n',
    'dlimits/0/space_total': '1000\n',
    'dlimits/0/reserved': '5\n',
  },
  { 'dlimits/2/directory': '/elsewhere\n', 'dlimits/2/space_total': '1000\n', 'dlimits/2/reserved': '7\n' },
  { 'apps/vdevmap/0/device': '/dev/fuse\n', 'apps/vdevmap/0/open': '', 'apps/vdevmap/0/create': '' },
  { 'apps/vdevmap/3/device': '/dev/x\n', 'apps/vdevmap/3/target': '/dev/y\n' },
  { 'apps/vdevmap/5/device': '/dev/sda\n', 'apps/vdevmap/5/open': '', 'apps/vdevmap/5/flags': 'z\n' },
  { ccapabilities: 'secure_mount\n', ncapabilities: 'raw_icmp\n' },
  { bcapabilities: 'NET_RAW\n~KILL\nODD\n' },
  { 'rlimits/nproc': '100\n', 'rlimits/as.hard': 'x\n', 'rlimits/rss.hard': '65536\n' },
  { 'cgroup/cpu.shares': '512\n', 'cgroup/memory.limit_in_bytes': '128M\n' },
  { 'sched/fill-rate': '1\n', 'sched/interval': '4\n' },
  { fstab: '/dev/sdb1 /d xfs ro 0 0\n/a /b none bind 0 0\n', 'fstab.local': '/e /f none rbind,noauto 0 0\n' },
  { name: 'web\n', context: '5\n', 'uts/nodename': 'w.example\n', 'apps/init/mark': 'default\n' },
  { 'apps/init/style': 'plain\n', 'apps/init/environment': 'A=1\n', 'apps/vshelper/action': 'restart\n' },
  { 'cpuset/cpus': '0-1\n', personality: 'linux32\n', 'spaces/net': 'other\n' },
];
const guest = fc
  .uniqueArray(fc.constantFrom(...folders), { maxLength: 9 })
  .map((some): Tree => Object.assign({}, ...some));
/** What every guest has, and the words of a setting that is one with its neighbour. */
const usual = [/^init is \/sbin\/init$/, /^source of the root$/, /^name$/, /^autostart$/];

test('property: what is told carried is in the document, or comes back', () => {
  fc.assert(
    fc.property(guest, (entries) => {
      const files = treeOf(entries);
      const whole = readingOf('vserver', files);
      for (const { file, key, status, how } of whole?.report ?? []) {
        if (
          status !== 'carried' ||
          usual.some((pattern) => pattern.test(how) || pattern.test(`${key}: ${how}`))
        )
          continue;
        const less = readingOf('vserver', new Map([...files].filter(([path]) => path !== file)));
        assert.ok(less?.xml !== whole?.xml || less?.written !== whole?.written, `${key}: ${how}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('property: a numbered folder comes back with all of its files, whatever number it has then', () => {
  const numbered = ['interfaces', 'netns/interfaces', 'dlimits', 'apps/vdevmap'];
  fc.assert(
    fc.property(guest, (entries) => {
      const back = written(read(entries).domain);
      for (const kind of numbered) {
        const ids = new Set(
          Object.keys(below(entries, kind)).map((path) => path.slice(kind.length + 1).split('/')[0] ?? ''),
        );
        const found = new Set(
          Object.keys(below(back, kind)).map((path) => path.slice(kind.length + 1).split('/')[0] ?? ''),
        );
        for (const id of ids) {
          const own = below(entries, `${kind}/${id}`);
          const isThere = [...found].some((other) =>
            Object.entries(own).every(([path, text]) => {
              const name = path.slice(`${kind}/${id}/`.length);
              const there = back[`${kind}/${other}/${name}`];
              // An address with its prefix, and a mask, are written as address and prefix.
              return (
                (name === 'ip' ? there?.trim() === text.split('/')[0]?.trim() : there === text) ||
                name === 'mask'
              );
            }),
          );
          assert.ok(isThere, `${kind}/${id}: ${JSON.stringify(below(back, kind))}`);
        }
      }
      assert.deepEqual(written(read(back).domain), back, 'and once more');
    }),
    { numRuns: 300 },
  );
});
