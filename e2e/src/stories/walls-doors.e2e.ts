// Doors others knock at: roots and names they made first, clients without end, and words that are none.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { output, run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { Enclosure } from '../world/enclosure.js';
import { waitFor } from '../world/wait.js';
import { daemonProgram, refused, World } from '../world/world.js';

const nobody = 65_534;
const asNobody = ['setpriv', '--reuid', String(nobody), '--regid', String(nobody), '--clear-groups'];

/** A program of somebody else's in the enclosure; resolves when it has said something. */
async function attacker(enclosure: Enclosure, program: string, ...args: string[]): Promise<ChildProcess> {
  const [file = '', ...argv] = enclosure.argv(...asNobody, process.execPath, '-e', program, ...args);
  const child = spawn(file, argv, { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] } });
  await once(child.stdout ?? assert.fail(), 'data');
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

describe('a root that others can write', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp('/tmp/cvroot');
    await chmod(folder, 0o755);
  });
  after(async () => await rm(folder, { recursive: true }));

  const start = (root: string) => run([process.execPath, daemonProgram, '--root', root, '--', 'true']);
  const theirs = async (path: string, mode = 0o755): Promise<void> => {
    await mkdir(path, { recursive: true });
    await chmod(path, mode);
    await chown(path, nobody, nobody);
  };

  test('is refused before anything is read or made there', async () => {
    const cases: [string, (root: string) => Promise<void>][] = [
      ['theirs', async (root) => await theirs(`${root}/etc`)],
      ['parent', async (root) => await theirs(root)],
      [
        'open',
        async (root) => {
          await mkdir(root);
          await chmod(root, 0o777);
        },
      ],
      [
        'file',
        async (root) => {
          await mkdir(`${root}/etc`, { recursive: true });
          await writeFile(`${root}/etc/ctvirtd.conf`, 'unix_sock_rw_perms = "0666"\n');
          await chown(`${root}/etc/ctvirtd.conf`, nobody, nobody);
        },
      ],
      [
        'link',
        async (root) => {
          await mkdir(root);
          await theirs(`${folder}/elsewhere`);
          await symlink(`${folder}/elsewhere`, `${root}/etc`);
        },
      ],
    ];
    for (const [name, prepare] of cases) {
      const root = `${folder}/${name}`;
      await prepare(root);
      const before = readdirSync(root);
      const { status, stderr } = await start(root);
      assert.equal(status, 1, `${name}: ${stderr}`);
      assert.match(
        stderr,
        /can be changed by others than root \(owner \d+, group \d+, mode 0\d+\).*chown/,
        name,
      );
      if (name !== 'file') assert.deepEqual(readdirSync(root), before, `${name}: made something there`);
    }
  });
});

describe('a lock that only root can take', () => {
  test('somebody else who holds names hinders no daemon, an older daemon is noticed', async () => {
    const root = await mkdtemp('/tmp/cvlock');
    await chmod(root, 0o711);
    const enclosure = await Enclosure.create();
    const hold =
      "require('net').createServer().listen('\\0ctvirtd:' + process.argv[1], () => console.log('held'))";
    const start = (env = {}) =>
      run(enclosure.argv(process.execPath, daemonProgram, '--root', root, '--', 'echo', 'ran'), { env });
    try {
      const squatter = await attacker(enclosure, hold, `${root}/run`);
      const { status, stdout, stderr } = await start();
      assert.equal(`${status} ${stdout}`, '0 ran\n', stderr);
      assert.match(stderr, /ready on/);
      await ended(squatter);

      const [file = '', ...argv] = enclosure.argv(process.execPath, '-e', hold, `${root}/run`);
      const elder = spawn(file, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(elder.stdout, 'data');
      const beside = await start();
      assert.equal(beside.stdout, 'ran\n');
      assert.doesNotMatch(beside.stderr, /ready on/, 'it served beside an older daemon');
      await ended(elder);
    } finally {
      await enclosure.close();
      await rm(root, { recursive: true });
    }
  });
});

describe('clients without end', () => {
  let world: World;
  before(async () => {
    world = await World.open();
    await world.stop();
    const pki = `${world.root}/etc`;
    await output([
      ...[
        'openssl',
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', '/CN=localhost', '-keyout', `${pki}/key.pem`, '-out', `${pki}/cert.pem`],
    ]);
    const conf = `listen_tls = 1
listen_addr = "127.0.0.1"
key_file = "${pki}/key.pem"
cert_file = "${pki}/cert.pem"
ca_file = "${pki}/cert.pem"
unix_sock_ro_perms = "0666"
max_clients = 300
max_anonymous_clients = 60
`;
    await writeFile(`${world.root}/etc/ctvirtd.conf`, conf);
    await world.start();
  });
  after(async () => await world.close());

  /** Opens so many connections, says what is given on each, and keeps them; its input's end is its own. */
  const crowd = `
const net = require('net');
const [target, count, text] = process.argv.slice(1);
const where = target.startsWith('/') ? { path: target } : { host: '127.0.0.1', port: Number(target) };
let tried = 0;
for (let n = 0; n < Number(count); n++) {
  const done = () => ++tried === Number(count) && console.log('there');
  const socket = net.connect(where, () => { socket.write(Buffer.from(text, 'hex')); done(); });
  socket.on('error', done);
}
process.stdin.resume().on('end', () => process.exit());
`;
  const descriptors = (): number => readdirSync(`/proc/${world.daemonPid}/fd`).length;
  const memoryKiB = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${world.daemonPid}/status`, 'utf8'))?.[1]);

  test('2,000 each that say nothing or half a frame leave room for everybody else', async () => {
    const before = { descriptors: descriptors(), memoryKiB: memoryKiB() };
    const half = '000000500000';
    const attackers = await Promise.all([
      attacker(world.enclosure, crowd, '16514', '2000', ''),
      attacker(world.enclosure, crowd, '16514', '2000', '160301'),
      attacker(world.enclosure, crowd, `${world.root}/run/libvirt-sock-ro`, '2000', ''),
      attacker(world.enclosure, crowd, `${world.root}/run/libvirt-sock-ro`, '2000', half),
    ]);
    const during = { descriptors: descriptors(), memoryKiB: memoryKiB() };
    assert.ok(during.descriptors - before.descriptors < 400, JSON.stringify({ before, during }));
    assert.ok(during.memoryKiB - before.memoryKiB < 80 * 1024, JSON.stringify({ before, during }));
    assert.equal((await world.cli(['list', '--all'])).status, 0);
    const virsh = ['virsh', '-c', world.uri('lxc'), 'list'];
    const readOnly = [
      'virsh',
      '-r',
      '-c',
      world.uri('lxc').replace('libvirt-sock', 'libvirt-sock-ro'),
      'list',
    ];
    for (const argv of [virsh, readOnly, [...asNobody, ...readOnly]])
      await output(world.enclosure.argv(...argv));
    await Promise.all(attackers.map(ended));
    await waitFor('the descriptors to be free again', () => descriptors() <= before.descriptors + 2);
    assert.doesNotMatch(world.log, /EMFILE|\bfault/);
  });
});

describe('words', () => {
  let world: World;
  before(async () => {
    world = await World.open();
  });
  after(async () => await world.close());

  test('that hold line breaks are refused at every door, with their place, and nothing is made', async () => {
    const link = (inside: string) => `<interface type='ethernet'>${inside}</interface>`;
    const documents = [
      { more: '<hostname>a&#10;b</hostname>' },
      { more: "<dns><nameserver address='fe80::1%a&#10;search evil'/></dns>" },
      { interfaces: [link("<guest dev='a&#10;b'/>")] },
      { interfaces: [link("<guest dev='sixteen-letters-'/>")] },
      { interfaces: ["<interface type='bridge'><source bridge='a&#10;lxc.hook.start=x'/></interface>"] },
      { filesystems: ["<filesystem type='mount'><source dir='/a&#10;b'/><target dir='/'/></filesystem>"] },
    ];
    const file = `${world.host}/words.xml`;
    for (const parts of documents) {
      const xml = domainXml({ name: 'words', ...parts });
      const { details } = await refused('invalid', world.define(xml));
      assert.ok(details !== undefined);
      await writeFile(file, xml);
      for (const verb of [['define'], ['xml', 'validate']]) {
        const { status, stdout, stderr } = await world.cli([...verb, file]);
        assert.notEqual(status, 0);
        assert.match(
          stdout + stderr,
          /words\.xml:\d+:\d+: error: .*(without control characters|name|blanks|IP address)/,
          xml,
        );
      }
      const virsh = await run(world.enclosure.argv('virsh', '-c', world.uri('lxc'), 'define', file));
      assert.notEqual(virsh.status, 0);
    }
    assert.deepEqual(await world.client.domains.list(), []);
  });

  test('an argument may have lines, and a title anything, but no terminal hears of it', async () => {
    const script = "trap 'exit 0' TERM\nwhile :; do\n\tsleep 0.1\ndone";
    const title = '\u009b2Jcleared \u202eexe.gnp';
    const xml = domainXml({
      name: 'lines',
      program: ['/bin/sh', '-c', script],
      more: `<title>${title}</title>`,
    });
    await world.run(xml);
    const command = await world.shell('lines', 'cat /proc/1/cmdline');
    assert.equal(command.split('\0')[2], script);
    const { stdout } = await world.cli(['list', '--title']);
    assert.match(stdout, /cleared .*exe\.gnp/);
    assert.doesNotMatch(stdout, /[\u0080-\u009f\u202e]/);
    const json = await world.cli(['list', '--json']);
    assert.ok(JSON.stringify(JSON.parse(json.stdout)).includes(title));
    await world.erase('lines');
  });

  test('an id map with ids of the host is remarked at define and at start', async () => {
    const more =
      "<idmap><uid start='0' target='0' count='65536'/><gid start='0' target='0' count='65536'/></idmap>";
    const { findings } = await world.define(domainXml({ name: 'root', more }));
    assert.deepEqual(
      findings.map(({ code, path }) => [code, path]),
      [
        ['shared-ids', '/domain/idmap/uid[1]'],
        ['shared-ids', '/domain/idmap/gid[1]'],
      ],
    );
    const { status, stderr } = await world.cli(['start', 'root']);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /warning: domain 'root': user 0 of the container is root's user on the host/);
    await world.erase('root');
  });

  test('what a map names is leased to nobody, and who shares ids is told so on both sides', async () => {
    await world.define(domainXml({ name: 'first' }));
    const startOf = async (domain: string): Promise<number> =>
      (await world.client.domains.info({ domain })).idMap?.start ?? assert.fail(domain);
    const idsOf = async (domain: string) =>
      (await world.client.domains.info({ domain })).walls.find(({ name }) => name === 'ids');
    const mapOf = (target: number): string =>
      `<idmap><uid start='0' target='${target}' count='65536'/><gid start='0' target='${target}' count='65536'/></idmap>`;
    const mapped = (name: string, target: number): string => domainXml({ name, more: mapOf(target) });
    const next = (await startOf('first')) + 65_536;
    await world.run(mapped('im', next + 1000));
    await world.run(domainXml({ name: 'nx' }));
    assert.equal(await startOf('nx'), next + 2 * 65_536);
    for (const name of ['im', 'nx']) assert.equal((await idsOf(name))?.state, 'up');
    const { findings } = await world.define(mapped('late', await startOf('nx')));
    assert.deepEqual(
      findings.map(({ code, message }) => [code, /domain '(\w+)'/.exec(message)?.[1]]),
      [
        ['shared-ids', 'nx'],
        ['shared-ids', 'nx'],
      ],
    );
    for (const [name, other] of [
      ['nx', 'late'],
      ['late', 'nx'],
    ] as const) {
      const wall = await idsOf(name);
      assert.equal(wall?.state, 'loosened');
      assert.match(wall.how, new RegExp(`those of domain '${other}' as well`));
    }
    for (const name of ['first', 'im', 'nx', 'late']) await world.erase(name);
  });
});
