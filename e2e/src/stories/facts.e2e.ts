// One meaning of every fact: whichever door a client comes in by, it hears the same of a domain.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { availableParallelism, totalmem } from 'node:os';
import { after, before, test } from 'node:test';
import { ApiError } from '@ctvirt/api';
import { type Connection, connect, domainStates, errorCodes, RpcError, stateReasons } from '@ctvirt/rpc';
import { currentMemoryKiB, type Domain, maxVcpus, metadataElement } from '@ctvirt/xml';
import { domainXml, templateRoot } from '../world/documents.js';
import { look, type Seen, virsh } from '../world/doors.js';
import { busybox, World } from '../world/world.js';

const uri = 'http://facts.test/';
const mac = '52:54:00:00:00:21';
const hostKiB = Math.round(totalmem() / 1024);
const note = `<metadata><f:note xmlns:f="${uri}"><f:by>somebody</f:by></f:note></metadata>`;
const described = '<title>A title</title><description>What it is for</description>';
const link = (address: string): string =>
  `<interface type='ethernet'><mac address='${mac}'/><ip address='${address}'/></interface>`;
const limitedRoot = (mib: number): string =>
  templateRoot.replace(
    '</filesystem>',
    `<space_hard_limit unit='MiB'>${mib}</space_hard_limit></filesystem>`,
  );
const memory = (most: number, now: number): string =>
  `<memory unit='MiB'>${most}</memory><currentMemory unit='MiB'>${now}</currentMemory>`;

let world: World;
let libvirt: Connection;

/** Each with what brings it where it is looked at. */
const subjects: Readonly<Record<string, () => Promise<unknown>>> = {
  running: async () => {
    const more = `${described}${note}${memory(256, 128)}<vcpu current='1'>2</vcpu>`;
    await world.run(domainXml({ name: 'running', more, interfaces: [link('192.0.2.21')] }));
    await world.client.domains.autostart({ domain: 'running', body: { autostart: true } });
    await world.shell('running', 'dd if=/dev/zero of=/dev/shm/held bs=1M count=24');
  },
  off: () => world.define(domainXml({ name: 'off', more: `${described}${memory(256, 128)}${note}` })),
  // Its document says of nothing how much.
  paused: async () => {
    await world.run(domainXml({ name: 'paused' }));
    await world.client.domains.suspend({ domain: 'paused' });
  },
  resumed: async () => {
    const more = "<memtune><hard_limit unit='MiB'>200</hard_limit></memtune><memory unit='MiB'>300</memory>";
    await world.run(domainXml({ name: 'resumed', more }));
    await world.client.domains.suspend({ domain: 'resumed' });
    await world.client.domains.resume({ domain: 'resumed' });
  },
  crashed: async () => {
    await world.run(
      domainXml({ name: 'crashed', program: ['/bin/sh', '-c', 'exit 3'], more: '<vcpu>2</vcpu>' }),
    );
    await world.waitForState('crashed', 'shutoff (crashed)');
  },
  '105': async () => {
    const more = '<hostname>shown</hostname>';
    await world.run(domainXml({ name: '105', type: 'openvz', filesystems: [limitedRoot(64)], more }));
    await world.shell('105', 'dd if=/dev/zero of=/held bs=1M count=5 && sync');
  },
  destroyed: async () => {
    await world.run(domainXml({ name: 'destroyed', filesystems: [limitedRoot(48)] }));
    await world.shell('destroyed', 'dd if=/dev/zero of=/held bs=1M count=3 && sync');
    await world.client.domains.destroy({ domain: 'destroyed' });
  },
  transient: () => world.client.domains.define({ body: domainXml({ name: 'transient' }), transient: true }),
  // What it runs with and what it will be started with are two things.
  changed: async () => {
    await world.run(domainXml({ name: 'changed', more: `${described}${memory(256, 128)}` }));
    const dom = await libvirt.domainLookupByName({ name: 'changed' });
    const given = { type: 1, key: null, uri: null };
    await dom.setMetadata({ ...given, metadata: 'The next', flags: 2 });
    await dom.setMetadata({ ...given, metadata: 'The present', flags: 1 });
    await dom.attachDeviceFlags({ xml: link('192.0.2.22'), flags: 1 });
  },
};

before(async () => {
  world = await World.open();
  libvirt = await connect(world.uri('ctvirt'));
  for (const bring of Object.values(subjects)) await bring();
});
after(async () => {
  libvirt.close();
  try {
    await world.client.domains.destroy({ domain: 'transient' });
    await world.clear();
  } finally {
    await world.close();
  }
});

/** By the door that says it. */
type Readers = Readonly<Record<string, (seen: Seen) => unknown>>;
interface Fact {
  readonly fact: string;
  readonly readers: Readers;
  /** Of which domains; all if absent. */
  readonly of?: (seen: Seen) => boolean;
  /** How far two numbers may be apart, of what moves between two looks. */
  readonly apart?: number;
}

const isActive = ({ http }: Seen): boolean => http.id !== null;
const isOff = (seen: Seen): boolean => !isActive(seen);
const documents = (of: (domain: Domain) => unknown): Readers => ({
  'http xml': ({ httpDocument }) => of(httpDocument),
  'ctvirt dumpxml': ({ cliDocument }) => of(cliDocument),
  'libvirt XML': ({ libvirtDocument }) => of(libvirtDocument),
});
/** What the shapes of HTTP have, as the command prints it by either of its ways. */
const shapes = (of: (info: Seen['http']) => unknown): Readers => ({
  http: ({ http }) => of(http),
  ctvirt: ({ cli }) => of(cli),
  'ctvirt -c': ({ remote }) => of(remote),
});
const listed = (of: (info: Seen['cliListed']) => unknown): Readers => ({
  'ctvirt list': ({ cliListed }) => of(cliListed),
});

const numbered = (numbers: Readonly<Record<string, number>>, number: unknown): string | undefined =>
  Object.keys(numbers).find((name) => numbers[name] === number);
const reasonOf = (state: unknown, reason: unknown): string | undefined => {
  const found = (['running', 'paused', 'shutoff'] as const).find((name) => domainStates[name] === state);
  return found && numbered(stateReasons[found], reason);
};
/** An element that a call refuses to tell of is one that is not there. */
const orNull = (call: Promise<string>): Promise<string | null> =>
  call.catch((error: unknown) => {
    if (error instanceof RpcError && error.details?.code === errorCodes.noDomainMetadata) return null;
    throw error;
  });
const yes = (word: string | undefined): boolean => word === 'yes' || word === 'enable';
const kib = (text: string | undefined): number => Number(/^(\d+) KiB$/.exec(text ?? '')?.[1]);
const stat =
  (name: string) =>
  ({ stats }: Seen): unknown =>
    stats[name];
const numberOf = (value: unknown): number => Number(value ?? 0);
const root = ({ quota }: Seen) =>
  quota.filesystems.find(({ target }) => target === '/') ?? assert.fail('no root');
const linkOf = async ({ dom }: Seen) => (await dom.interfaceAddresses({ source: 0, flags: 0 }))[0];
const addressesIn = ({ devices }: Domain): string[] =>
  (devices.interfaces ?? []).flatMap(({ ips }) => (ips ?? []).map(({ address }) => address));

const facts: readonly Fact[] = [
  {
    fact: 'state',
    readers: {
      ...shapes(({ state }) => state),
      ...listed(({ state }) => state),
      'ctvirt domstate': ({ cliState }) => cliState.state,
      'libvirt state': async ({ dom }) => numbered(domainStates, (await dom.getState({ flags: 0 })).state),
      'libvirt info': async ({ dom }) => numbered(domainStates, (await dom.getInfo()).state),
      'libvirt stats': ({ stats }) => numbered(domainStates, stats['state.state']),
      'virsh domstate': ({ virshState }) => virshState.replace(/ \(.*/, '').replace(' ', ''),
      'virsh dominfo': ({ virsh: { State } }) => State?.replace(' ', ''),
    },
  },
  {
    fact: 'reason of the state',
    readers: {
      ...shapes(({ reason }) => reason),
      ...listed(({ reason }) => reason),
      'ctvirt domstate': ({ cliState }) => cliState.reason,
      'libvirt state': async ({ dom }) => {
        const { state, reason } = await dom.getState({ flags: 0 });
        return reasonOf(state, reason);
      },
      'libvirt stats': ({ stats }) => reasonOf(stats['state.state'], stats['state.reason']),
      'virsh domstate': ({ virshState }) => /\((.*)\)/.exec(virshState)?.[1],
    },
  },
  {
    fact: 'id',
    readers: {
      ...shapes(({ id }) => id),
      ...listed(({ id }) => id),
      ...documents(({ id }) => id ?? null),
      libvirt: ({ dom }) => (dom.id === -1 ? null : dom.id),
      'libvirt active': async ({ dom, http }) => ((await dom.isActive()) === 1 ? http.id : null),
      virsh: ({ virsh: { Id } }) => (Id === '-' ? null : Number(Id)),
    },
  },
  {
    fact: 'name',
    readers: {
      ...shapes(({ name }) => name),
      ...documents(({ name }) => name),
      libvirt: async ({ http }) => (await libvirt.domainLookupByUuid({ uuid: http.uuid })).name,
      virsh: ({ virsh: { Name } }) => Name,
    },
  },
  {
    fact: 'UUID',
    readers: {
      ...shapes(({ uuid }) => uuid),
      ...documents(({ uuid }) => uuid),
      libvirt: ({ dom }) => dom.uuid,
      virsh: ({ virsh: { UUID } }) => UUID,
    },
  },
  { fact: 'type', readers: { ...shapes(({ type }) => type), ...documents(({ type }) => type) } },
  {
    fact: 'title',
    readers: {
      ...shapes(({ title }) => title),
      ...listed(({ title }) => title),
      ...documents(({ title }) => title ?? null),
      libvirt: ({ dom }) => orNull(dom.getMetadata({ type: 1, uri: null, flags: 0 })),
    },
  },
  {
    fact: 'description',
    readers: {
      ...documents(({ description }) => description ?? null),
      libvirt: ({ dom }) => orNull(dom.getMetadata({ type: 0, uri: null, flags: 0 })),
    },
  },
  {
    fact: 'metadata',
    readers: {
      ...documents(({ metadata }) => metadataElement(metadata, uri) ?? null),
      libvirt: ({ dom }) => orNull(dom.getMetadata({ type: 2, uri, flags: 0 })),
    },
  },
  {
    fact: 'maximum memory',
    readers: {
      ...shapes(({ maxMemoryKiB }) => maxMemoryKiB ?? hostKiB),
      'libvirt call': async ({ dom }) => Number(await dom.getMaxMemory()),
      'libvirt info': async ({ dom }) => Number((await dom.getInfo()).maxMem),
      'libvirt stats': (seen) => numberOf(stat('balloon.maximum')(seen)),
      virsh: ({ virsh: lines }) => kib(lines['Max memory']),
    },
  },
  {
    fact: 'current memory',
    readers: {
      ...documents((domain) => currentMemoryKiB(domain) ?? hostKiB),
      'libvirt stats': (seen) => numberOf(stat('balloon.current')(seen)),
      'libvirt memory': async (seen) =>
        isActive(seen)
          ? numberOf(
              (await seen.dom.memoryStats({ maxStats: 16, flags: 0 })).find(({ tag }) => tag === 6)?.val,
            )
          : Number((await seen.dom.getInfo()).memory),
    },
  },
  {
    fact: 'memory in use',
    of: isActive,
    // KiB: the kernel takes back pages of files when it likes.
    apart: 4096,
    readers: {
      ...shapes(({ usedMemoryKiB }) => numberOf(usedMemoryKiB)),
      'libvirt info': async ({ dom }) => Number((await dom.getInfo()).memory),
      virsh: ({ virsh: lines }) => kib(lines['Used memory']),
    },
  },
  {
    fact: 'memory available and unused',
    of: isActive,
    apart: 4096,
    readers: {
      'libvirt stats available': (seen) =>
        numberOf(stat('balloon.available')(seen)) - numberOf(stat('balloon.unused')(seen)),
      'libvirt memory': async ({ dom }) => {
        const all = await dom.memoryStats({ maxStats: 16, flags: 0 });
        const value = (wanted: number) => numberOf(all.find(({ tag }) => tag === wanted)?.val);
        return value(5) - value(4);
      },
      http: ({ http }) => numberOf(http.usedMemoryKiB),
    },
  },
  {
    fact: 'most processors',
    readers: {
      ...documents((domain) => maxVcpus(domain) ?? availableParallelism()),
      'libvirt call': async (seen) =>
        isActive(seen) ? await seen.dom.getMaxVcpus() : await seen.dom.getVcpusFlags({ flags: 4 | 2 }),
      'libvirt stats': (seen) => numberOf(stat('vcpu.maximum')(seen)),
    },
  },
  {
    fact: 'processors',
    readers: {
      ...shapes(({ vcpus }) => vcpus),
      'libvirt call': ({ dom }) => dom.getVcpusFlags({ flags: 0 }),
      'libvirt info': async ({ dom }) => (await dom.getInfo()).nrVirtCpu,
      'libvirt stats': (seen) => numberOf(stat('vcpu.current')(seen)),
      virsh: ({ virsh: lines }) => Number(lines['CPU(s)']),
    },
  },
  {
    fact: 'processor time',
    apart: 50_000_000,
    readers: {
      ...shapes(({ cpuTimeNs }) => numberOf(cpuTimeNs)),
      'libvirt info': async ({ dom }) => Number((await dom.getInfo()).cpuTime),
      'libvirt stats': (seen) => numberOf(stat('cpu.time')(seen)),
    },
  },
  {
    fact: 'capacity of the root',
    readers: {
      http: ({ http: { disk } }) => disk.limitBytes ?? disk.usedBytes ?? 0,
      ctvirt: ({ cli: { disk } }) => disk.limitBytes ?? disk.usedBytes ?? 0,
      libvirt: async ({ dom }) => Number((await dom.getBlockInfo({ path: '/', flags: 0 })).capacity),
    },
  },
  {
    fact: 'what the root holds',
    readers: {
      http: ({ http: { disk } }) => disk.usedBytes ?? 0,
      ctvirt: ({ cli: { disk } }) => disk.usedBytes ?? 0,
      quota: (seen) => root(seen).space.used ?? 0,
      libvirt: async ({ dom }) => Number((await dom.getBlockInfo({ path: '/', flags: 0 })).allocation),
    },
  },
  {
    fact: 'inodes of the root',
    readers: {
      http: ({ http: { disk } }) => disk.usedInodes,
      ctvirt: ({ cli: { disk } }) => disk.usedInodes,
      quota: (seen) => root(seen).inodes.used,
    },
  },
  {
    fact: 'root file system',
    of: isActive,
    readers: {
      http: ({ http }) => http.template,
      ctvirt: ({ cli }) => cli.template,
      ...listed(({ template }) => template),
      libvirt: async ({ dom }) =>
        (await dom.getFsinfo({ flags: 0 })).info.find(({ mountpoint }) => mountpoint === '/')?.name,
      'virsh domfsinfo': async ({ http }) =>
        /^\s*\/\s+(\S+)/m.exec(await virsh(world, 'domfsinfo', http.name))?.[1],
    },
  },
  {
    fact: 'autostart',
    readers: {
      ...shapes(({ autostart }) => autostart),
      ...listed(({ autostart }) => autostart),
      libvirt: async ({ dom }) => (await dom.getAutostart()) === 1,
      virsh: ({ virsh: { Autostart } }) => yes(Autostart),
    },
  },
  {
    fact: 'persistent',
    readers: {
      ...shapes(({ persistent }) => persistent),
      libvirt: async ({ dom }) => (await dom.isPersistent()) === 1,
      virsh: ({ virsh: { Persistent } }) => yes(Persistent),
    },
  },
  {
    fact: 'transient, in lists',
    readers: {
      ...listed(({ persistent }) => !persistent),
      'libvirt list': async ({ http }) =>
        (await libvirt.listAllDomains({ needResults: 1, flags: 8 })).some(({ uuid }) => uuid === http.uuid),
      'virsh list': async ({ http }) =>
        (await virsh(world, 'list', '--all', '--transient', '--name')).split('\n').includes(http.name),
    },
  },
  {
    fact: 'addresses',
    readers: {
      http: ({ http }) => http.addresses,
      ctvirt: ({ cli }) => cli.addresses,
      ...listed(({ addresses }) => addresses),
      ...documents(addressesIn),
      libvirt: async (seen) =>
        isActive(seen)
          ? ((await linkOf(seen))?.addrs ?? []).flatMap(({ type, addr }) => (type === 0 ? [addr] : []))
          : addressesIn(seen.libvirtDocument),
    },
  },
  {
    fact: 'hardware address',
    readers: {
      ...documents(({ devices }) => devices.interfaces?.[0]?.mac?.address),
      libvirt: async (seen) =>
        isActive(seen)
          ? (await linkOf(seen))?.hwaddr
          : seen.libvirtDocument.devices.interfaces?.[0]?.mac?.address,
      'virsh domiflist': async ({ http }) =>
        /(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/.exec(await virsh(world, 'domiflist', http.name))?.[0],
    },
  },
  {
    fact: 'host name',
    of: isActive,
    readers: {
      http: ({ http }) => http.hostname,
      ctvirt: ({ cli }) => cli.hostname,
      ...listed(({ hostname }) => hostname),
      libvirt: ({ dom }) => dom.getHostname({ flags: 0 }),
      // A program would wait in one that is paused.
      inside: ({ http }) =>
        http.state === 'paused' ? http.hostname : world.shell(http.name, 'cat /proc/sys/kernel/hostname'),
    },
  },
  {
    fact: 'OS type',
    readers: {
      ...documents(({ os }) => os.type.value),
      'ctvirt dominfo': ({ cliText }) => cliText['OS Type'],
      libvirt: ({ dom }) => dom.getOsType(),
      virsh: ({ virsh: lines }) => lines['OS Type'],
    },
  },
  {
    fact: 'snapshots',
    readers: {
      libvirt: ({ dom }) => dom.snapshotNum({ flags: 0 }),
      'libvirt list': async ({ dom }) => (await dom.listAllSnapshots({ needResults: 1, flags: 0 })).length,
      virsh: async ({ http }) =>
        (await virsh(world, 'snapshot-list', http.name, '--name')).split('\n').filter((line) => line !== '')
          .length,
    },
  },
];

async function differencesOf({ fact, readers, of, apart }: Fact, seen: Seen): Promise<string[]> {
  if (of !== undefined && !of(seen)) return [];
  const values: [door: string, value: unknown][] = [];
  for (const [door, reader] of Object.entries(readers)) values.push([door, await reader(seen)]);
  const [[, first] = ['', undefined]] = values;
  const isSame = (value: unknown): boolean =>
    apart !== undefined && typeof value === 'number' && typeof first === 'number'
      ? Math.abs(value - first) <= apart
      : JSON.stringify(value) === JSON.stringify(first);
  if (values.every(([, value]) => isSame(value))) return [];
  return [
    `${seen.http.name}: ${fact}: ${values.map(([door, value]) => `${door} ${JSON.stringify(value)}`).join(', ')}`,
  ];
}

/** Looks of the first test, for the one after it. */
const looks = new Map<string, Seen>();

test('every door says the same of every domain', async (t) => {
  const differences: string[] = [];
  let compared = 0;
  for (const name of Object.keys(subjects)) {
    const seen = await look(world, libvirt, name);
    looks.set(name, seen);
    for (const fact of facts) {
      compared++;
      differences.push(...(await differencesOf(fact, seen)));
    }
  }
  t.diagnostic(`${facts.length} facts of ${Object.keys(subjects).length} domains: ${compared} comparisons`);
  assert.deepEqual(differences, []);
});

test('ctvirt dominfo and virsh dominfo print the same under the same names', () => {
  assert.equal(looks.size, Object.keys(subjects).length);
  for (const [name, { cliText, virsh: lines, http }] of looks) {
    // What moves meanwhile is compared above.
    const common = Object.keys(lines).filter(
      (key) => cliText[key] !== undefined && !['CPU time', 'Used memory'].includes(key),
    );
    assert.ok(common.length >= 9, common.join());
    // libvirt has no word for a domain without a limit, and calls the host's memory that.
    const unlike = http.maxMemoryKiB === null ? { 'Max memory': 'no limit' } : {};
    const expected: Readonly<Record<string, string | undefined>> = { ...lines, ...unlike };
    for (const key of common) assert.equal(cliText[key], expected[key], `${name}: ${key}`);
  }
});

test('what only a running domain can do is refused by every door alike', async () => {
  const dom = await libvirt.domainLookupByName({ name: 'off' });
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    suspend: () => dom.suspend(),
    resume: () => dom.resume(),
    shutdown: () => dom.shutdown(),
    reboot: () => dom.reboot({ flags: 0 }),
    destroy: () => dom.destroy(),
    'set memory': () => dom.setMemory({ memory: 65_536n }),
    'live memory': () => dom.setMemoryFlags({ memory: 65_536n, flags: 1 }),
    hostname: () => dom.getHostname({ flags: 0 }),
    addresses: () => dom.interfaceAddresses({ source: 0, flags: 0 }),
    'file systems': () => dom.getFsinfo({ flags: 0 }),
    'memory statistics': () => dom.memoryStats({ maxStats: 16, flags: 0 }),
    title: () => dom.setMetadata({ type: 1, metadata: 'x', key: null, uri: null, flags: 1 }),
  };
  for (const [name, call] of Object.entries(calls))
    await assert.rejects(call(), (error) => {
      assert.ok(error instanceof RpcError, String(error));
      assert.equal(error.details?.code, errorCodes.operationInvalid, name);
      assert.equal(error.message, 'Requested operation is not valid: domain is not running', name);
      return true;
    });
  for (const what of ['suspend', 'resume', 'shutdown', 'reboot', 'destroy'] as const) {
    await assert.rejects(world.client.domains[what]({ domain: 'off' }), (error) => {
      assert.ok(error instanceof ApiError, String(error));
      assert.deepEqual(
        [error.code, error.message, error.details],
        ['wrong-state', "domain 'off' is not running", { state: 'shutoff' }],
        what,
      );
      return true;
    });
    const local = await world.cli([what, 'off', '--json']);
    const remote = await world.cli(['-c', world.uri('ctvirt'), what, 'off', '--json']);
    assert.equal(local.status, remote.status, `${local.stderr}${remote.stderr}`);
    for (const { stderr } of [local, remote])
      assert.equal(JSON.parse(stderr).error.code, 'wrong-state', stderr);
  }
});

test('what the documents say is what was asked for', async () => {
  const at = await look(world, libvirt, 'running');
  assert.equal(at.http.title, 'A title');
  assert.deepEqual(at.http.addresses, ['192.0.2.21']);
  assert.equal(at.http.template, busybox);
  assert.deepEqual([at.http.maxMemoryKiB, at.stats['balloon.current']], [256 * 1024, 128n * 1024n]);
  assert.equal(at.httpDocument.devices.interfaces?.[0]?.mac?.address, mac);
  assert.ok(isOff(await look(world, libvirt, 'crashed')));
  // A root's room is the same whether it runs or not.
  const disk = async () => (await world.client.domains.info({ domain: 'destroyed' })).disk;
  const atRest = await disk();
  await world.client.domains.start({ domain: 'destroyed' });
  const { limitBytes, limitInodes, usedBytes } = await disk();
  assert.deepEqual([limitBytes, limitInodes], [atRest.limitBytes, atRest.limitInodes]);
  assert.ok(Number(limitBytes) > 40 * 2 ** 20 && Number(limitBytes) <= 48 * 2 ** 20, `${limitBytes}`);
  assert.ok(Math.abs(Number(usedBytes) - Number(atRest.usedBytes)) < 2 ** 20, `${usedBytes}`);
  const changed = await world.client.domains.summary({ domain: 'changed' });
  assert.deepEqual([changed.title, changed.addresses], ['The present', ['192.0.2.22']]);
  await world.client.domains.destroy({ domain: 'changed' });
  const next = await world.client.domains.summary({ domain: 'changed' });
  assert.deepEqual([next.title, next.addresses], ['The next', []]);
});

test('a daemon that comes after another one says the same of what runs', async () => {
  await world.client.domains.start({ domain: 'changed' });
  const dom = await libvirt.domainLookupByName({ name: 'changed' });
  await dom.setMetadata({ type: 1, metadata: 'For now', key: null, uri: null, flags: 1 });
  libvirt.close();
  await world.stop();
  await world.start();
  libvirt = await connect(world.uri('ctvirt'));
  const seen = await look(world, libvirt, 'changed');
  assert.equal(seen.http.title, 'For now');
  const differences = await Promise.all(facts.map((fact) => differencesOf(fact, seen)));
  assert.deepEqual(differences.flat(), []);
});
