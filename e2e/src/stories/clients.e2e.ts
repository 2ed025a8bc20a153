// Clients of libvirt as Debian has them: virsh and libvirt-python over the daemon's sockets and TLS, and hostile ones.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatVirshTable, nativeInput, virshRows, wordsOf } from '../world/clients-virsh.js';
import { type Outcome, run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { clientFolder, listening, makePki } from '../world/pki.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
const bridge = 'clients0';
before(async () => {
  world = await World.open();
});
after(() => world.close());

const uri = (scheme = 'ctvirt', more = ''): string => world.uri(scheme, more);

const plainOptions = { env: { LC_ALL: 'C', HOME: '/nonexistent' } } as const;

function virsh(args: readonly string[], place = uri()): Promise<Outcome> {
  return run(['virsh', '-c', place, ...args], plainOptions);
}

async function python(script: string, ...args: readonly string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(`../../src/world/clients-${script}.py`, import.meta.url));
  const { status, stdout, stderr } = await run(['/usr/bin/python3', path, ...args], {
    ...plainOptions,
    timeoutMs: 60_000,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test('every virsh command of the table does what the table says', async (t) => {
  const ip = (...words: readonly string[]) => world.enclosure.output('ip', 'link', ...words);
  await ip('add', bridge, 'type', 'bridge');
  await ip('set', bridge, 'up');
  const linked = (name: string): string =>
    domainXml({
      name,
      interfaces: [
        `<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='${bridge}'/><ip address='192.0.2.5' prefix='24'/></interface>`,
      ],
      more: "<memory unit='KiB'>262144</memory><vcpu>2</vcpu>",
    });
  await world.run(linked('ct'));
  await world.define(domainXml({ name: 'off', more: "<memory unit='KiB'>262144</memory><vcpu>2</vcpu>" }));
  const inputs: Readonly<Record<string, string>> = {
    // libvirt takes a document without a UUID for that of a new domain, each time.
    PLAIN: domainXml({ name: 'plain', more: '<uuid>0f7ab6ee-6a3b-4b8c-9a55-30b1b1e1c0de</uuid>' }),
    NATIVE: nativeInput,
  };
  const { uuid } = await world.client.domains.summary({ domain: 'ct' });
  for (const [at, row] of virshRows.entries()) {
    const file = `${world.host}/input-${at}`;
    if (row.input !== undefined) await writeFile(file, inputs[row.input] ?? row.input);
    const { status, stdout, stderr } = await virsh(wordsOf(row.command, { file, uuid }));
    const said = `virsh ${row.command}\n${stdout}${stderr}`;
    assert.equal(status === 0, row.refused === undefined, said);
    if (row.prints !== undefined) assert.match(stdout + stderr, row.prints, said);
  }
  t.diagnostic(`${virshRows.length} commands`);
  await ip('delete', bridge);
  // What undefine had kept was not the transient one's to erase.
  await world.client.roots.erase({ root: 'plain~1' });
  await world.clear();
});

test('the table in docs/reference is the one that was run', () => {
  if (process.env['CTVIRT_CLIENTS_WRITE'] === '1') return; // it is about to be written
  const path = new URL('../../../docs/reference/virsh.md', import.meta.url);
  assert.equal(readFileSync(path, 'utf8'), formatVirshTable(), 'run npm run test:clients -- --write');
});

test('a running container runs where any of its processors may', async () => {
  await world.run(domainXml({ name: 'pinned', more: '<vcpu>2</vcpu>' }));
  const allowed = async (): Promise<string> =>
    (await world.shell('pinned', 'grep Cpus_allowed_list /proc/1/status')).replace(/^\S+\s+/, '').trim();
  const before = await allowed();
  const pin = async (vcpu: string, list: string): Promise<void> => {
    const { status, stderr } = await virsh(['vcpupin', 'pinned', vcpu, list]);
    assert.equal(status, 0, stderr);
  };
  await pin('0', '0');
  assert.equal(await allowed(), before);
  await pin('1', '0');
  assert.equal(await allowed(), '0');
  await pin('1', 'r');
  assert.equal(await allowed(), before);
  await world.clear();
});

test('libvirt-python: life, lookups, events, typed parameters, streams and error codes', async () => {
  await world.define(
    domainXml({ name: 'py', program: ['/bin/sh'], more: "<memory unit='KiB'>262144</memory>" }),
  );
  const seen = (await python('life', uri())) as {
    events: unknown[][];
    console: string;
    codes: Record<string, number>;
    lookups: string[];
    parameters: Record<string, number>;
  };
  assert.deepEqual(seen.events, [
    ['lifecycle', 'started', true],
    ['tunable', { 'cputune.cpu_shares': 333 }],
    ['balloon', 200_000],
    ['metadata', 1],
    ['lifecycle', 'suspended', true],
    ['lifecycle', 'resumed', true],
    ['lifecycle', 'stopped', false],
    ['lifecycle', 'undefined', false],
  ]);
  assert.deepEqual(seen.lookups, ['py', 'py', 'py']);
  assert.equal(seen.parameters['cpu_shares'], 333);
  assert.match(seen.console, /six times seven is 42/);
  assert.deepEqual(seen.codes, {
    absent: 42,
    'absent by UUID': 42,
    'absent by id': 42,
    'already running': 55,
    'not running': 55,
    'value out of range': 8,
    'no metadata': 80,
    'broken XML': 35,
    'unknown procedure': 3,
    'read only': 29,
  });
  await world.client.roots.erase({ root: 'py~1' });
});

test('a domain that is to end with its connection ends with it', async () => {
  await world.define(domainXml({ name: 'leased' }));
  await virsh(['start', 'leased', '--autodestroy']);
  await world.waitForState('leased', 'shutoff (destroyed)');
  await world.clear();
});

test('each scheme shows its type; the read-only socket starts nothing', async () => {
  await world.define(domainXml({ name: 'looked-at' }));
  await world.define(domainXml({ name: '777', type: 'openvz' }));
  const names = async (scheme: string): Promise<string> =>
    (await virsh(['list', '--all', '--name'], uri(scheme))).stdout.trim();
  assert.equal(await names('lxc'), 'looked-at');
  assert.equal(await names('openvz'), '777');
  assert.equal(await names('vserver'), '');
  assert.equal(await names('ctvirt'), '777\nlooked-at');
  for (const refused of [
    await virsh(['start', 'looked-at'], uri('ctvirt', '-ro')),
    await virsh(['--readonly', 'start', 'looked-at']),
  ]) {
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /operation forbidden: read only access prevents virDomainCreate/);
  }
  assert.equal(await world.state('looked-at'), 'shutoff (unknown)');
  await world.clear();
});

test('TLS lets in who has a certificate of its authority, and no others', async () => {
  const pki = `${world.host}/pki`;
  await makePki(pki, { server: 'ca', client: 'ca', stranger: 'otherca' }, 'DNS:localhost,IP:127.0.0.1');
  await writeFile(`${world.root}/etc/ctvirtd.conf`, listening(pki, '127.0.0.1', 16599));
  await world.stop();
  await world.start();
  const asWho = async (name: string): Promise<Outcome> => {
    const folder = await clientFolder(pki, name);
    const place = `ctvirt+tls://localhost:16599/system?pkipath=${folder}`;
    return await world.enclosure.run(['virsh', '-c', place, 'hostname'], plainOptions);
  };
  const known = await asWho('client');
  assert.equal(known.status, 0, known.stderr);
  assert.equal((await asWho('stranger')).status, 1);
  await writeFile(`${world.root}/etc/ctvirtd.conf`, '');
  await world.stop();
  await world.start();
});

const header = (...words: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * words.length);
  for (const [at, word] of words.entries()) bytes.writeUInt32BE(word >>> 0, 4 * at);
  return bytes;
};
const remoteProgram = 0x20008086;

/** What a client must not send; each is the start of a connection. */
const hostile: Readonly<Record<string, Buffer>> = {
  'a frame of length 0': header(0),
  'a frame shorter than its header': header(8, remoteProgram),
  'a frame of 4 GiB': header(0xffffffff, remoteProgram, 1, 66, 0, 0, 0),
  'a frame over the limit': header(40_000_000, remoteProgram, 1, 66, 0, 0, 0),
  'a frame that never ends': header(60_000, remoteProgram, 1, 66, 0, 0, 0),
  'an unknown program': header(28, 0xdeadbeef, 1, 1, 0, 0, 0),
  'a wrong version': header(28, remoteProgram, 9, 66, 0, 0, 0),
  'a negative procedure': header(28, remoteProgram, 1, -5, 0, 0, 0),
  'an unknown type': header(28, remoteProgram, 1, 66, 99, 0, 0),
  'a call before open': header(28, remoteProgram, 1, 273, 0, 0, 0),
  'a string of negative length': header(40, remoteProgram, 1, 1, 0, 0, 0, 1, -1, 0),
  'a stream nobody opened': header(32, remoteProgram, 1, 201, 3, 7, 2, 0),
  'no protocol at all': Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(100)),
};

test('hostile clients are shown out while others are served', async () => {
  await world.run(domainXml({ name: 'served' }));
  const path = `${world.root}/run/libvirt-sock`;
  const before = await connections();
  for (let round = 0; round < 20; round++) {
    const sockets = Object.values(hostile).map((bytes) => {
      const socket = connectSocket({ path });
      socket.on('error', () => undefined); // the daemon may hang up first
      socket.resume().write(bytes);
      return socket;
    });
    if (round % 5 === 0) {
      const { status, stdout, stderr } = await virsh(['domstate', 'served']);
      assert.equal(status, 0, stderr);
      assert.equal(stdout.trim(), 'running');
    }
    for (const socket of sockets) socket.destroy();
  }
  // Half-open: it says nothing more, and is not listened to for ever.
  const silent = Array.from({ length: 50 }, () => connectSocket({ path }).on('error', () => undefined));
  assert.equal((await virsh(['list', '--name'])).stdout.trim(), 'served');
  for (const socket of silent) socket.destroy();
  await waitFor('the connections to be gone', async () => (await connections()) <= before + 2);
  await world.clear();
});

async function connections(): Promise<number> {
  // Of other files the daemon opens some in its own time, such as counters of what runs.
  const { stdout } = await run(['ls', '-l', `/proc/${world.daemonPid}/fd`]);
  return stdout.split('\n').filter((line) => line.includes('socket:')).length;
}

test('our own client shows and starts domains of a foreign libvirtd', async () => {
  const builtRpc = (path: string) =>
    import(new URL(`../../../packages/rpc/dist/${path}`, import.meta.url).href);
  const { startLibvirtd } = await builtRpc('testing/libvirtd.js');
  const { connect } = await builtRpc('index.js');
  await using daemon = await startLibvirtd();
  // Its test driver forgets what was done once nobody is connected.
  await using held = await connect(daemon.uri);
  assert.equal(await held.getType(), 'TEST');
  const ctvirt = (...words: readonly string[]): Promise<Outcome> => world.cli(['-c', daemon.uri, ...words]);
  assert.match((await ctvirt('list')).stdout, /1\s+test\s+running/);
  assert.match((await ctvirt('dumpxml', 'test')).stdout, /<domain type='test' id='1'>/);
  assert.equal((await ctvirt('start', 'test')).status, 1);
  assert.equal((await ctvirt('destroy', 'test')).status, 0);
  assert.match((await ctvirt('list', '--all')).stdout, /-\s+test\s+shut off/);
  assert.equal((await ctvirt('start', 'test')).status, 0);
  assert.equal((await ctvirt('domstate', 'test')).stdout.trim(), 'running');
  assert.equal((await ctvirt('dominfo', 'absent')).status, 3);
  assert.equal((await ctvirt('template', 'list')).status, 9);
});
