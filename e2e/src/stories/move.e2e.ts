// A domain goes from one host to another: files, limits and identity along, and at every moment it is exactly one host's.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../world/command.js';
import { domainXml, obedient, templateRoot } from '../world/documents.js';
import { asEarlier } from '../world/earlier-layers.js';
import { lan, routeFor } from '../world/lan.js';
import { layerTold, layerWork } from '../world/layer-work.js';
import { clientFolder, listening, makePki } from '../world/pki.js';
import { noSshd, sshServer } from '../world/ssh-server.js';
import { waitFor } from '../world/wait.js';
import { busybox, refused, World } from '../world/world.js';

let near: World;
let far: World;
before(async () => {
  near = await World.open();
  far = await World.open();
});
afterEach(async () => {
  for (const world of [near, far]) {
    await world.clearKept();
  }
});
after(async () => {
  await near.close();
  await far.close();
});

const name = 'shop';
const limited = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`;
const forms = [
  ['a folder', templateRoot],
  ['an image', limited],
] as const;

const defined = (root: string, more = ''): string =>
  domainXml({ name, program: obedient, filesystems: [root], more });

async function ctvirt(world: World, ...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await world.cli(words);
  assert.equal(status, 0, `${words.join(' ')}: ${stderr}${world.log}`);
  return stdout;
}

const told = layerTold();

const names = async (world: World): Promise<string[]> =>
  (await world.client.domains.list()).map((domain) => domain.name);

/** Which of both hosts has it; that both or none do is what must never be. */
async function keeper(): Promise<World> {
  const holders = [await names(near), await names(far)];
  const having = [near, far].filter((_, at) => holders[at]?.includes(name));
  assert.equal(having.length, 1, `${JSON.stringify(holders)}\n${near.log}\n${far.log}`);
  return having[0] ?? near;
}

for (const [what, root] of forms)
  test(`a domain on ${what} goes to another host and back, with all that it is and has`, async () => {
    const { domain } = await near.define(defined(root, "<memory unit='MiB'>96</memory>"));
    await ctvirt(near, 'start', name);
    await near.shell(name, layerWork);
    const before = await near.shell(name, told);
    const dry = await ctvirt(near, 'migrate', '--dry-run', name, far.uri('ctvirt'));
    assert.match(dry, /can go/);
    assert.deepEqual([await names(near), await names(far)], [[name], []]);
    const said = await ctvirt(near, 'migrate', name, far.uri('ctvirt'));
    assert.match(
      said,
      /is at ctvirt\+unix.* now, running: \d+ files, .* sent \(.* in [\d.]+ s, .* in [\d.]+ s\), was down for [\d.]+ s \([\d.]+ s by the clock there\)/,
    );
    assert.deepEqual([await names(near), await names(far)], [[], [name]]);
    const there = await far.client.domains.summary({ domain: name });
    assert.deepEqual([there.uuid, there.state], [domain.uuid, 'running']);
    assert.equal(await far.shell(name, told), before);
    const [left] = await near.client.roots.list();
    assert.equal(Date.parse(left?.erasedAt ?? '') - Date.parse(left?.keptAt ?? ''), 24 * 3_600_000);
    await far.shell(name, 'echo more >/srv/work/more; rm /srv/work/hers; echo again >/etc/passwd');
    const beganMs = performance.now();
    const report = await far.client.domains.move({ domain: name, body: { to: near.uri('ctvirt') } });
    const tookMs = performance.now() - beganMs;
    // Both are of this host, and say the same but for how long it takes to hear of it.
    for (const downMs of [report.downMs, report.downMsThere])
      assert.ok(downMs !== null && downMs > 0 && downMs < tookMs, JSON.stringify({ ...report, tookMs }));
    assert.equal(
      await near.shell(name, 'cat /srv/work/more /etc/passwd; ls /srv/work/hers 2>&1 | wc -l'),
      'more\nagain\n1',
    );
    // What it left here the first time is older than what it brought.
    assert.deepEqual(await near.client.roots.list(), []);
  });

test('most of it goes while it runs and writes, and nothing of that is lost', async () => {
  const writer = `trap 'exit 0' TERM PWR USR1 USR2 INT; n=0
    while :; do n=$((n+1)); echo $n >>/srv/log; mkdir -p /srv/d; echo $n >/srv/d/$((n%7)); mv /srv/d /srv/e$((n%3)) || rm -r /srv/e?; sleep 0.02; done`;
  await near.run(domainXml({ name, program: ['/bin/sh', '-c', writer], filesystems: [templateRoot] }));
  await near.shell(name, 'head -c 20000000 /dev/urandom >/srv/bulk');
  // What is younger than clocks can tell is sent twice.
  await sleep(2500);
  const logged = near.log.length;
  const report = await near.client.domains.move({ domain: name, body: { to: far.uri('ctvirt') } });
  assert.match(near.log.slice(logged), /ended: /);
  assert.doesNotMatch(near.log.slice(logged), /ended: destroyed/);
  const { passes, bytes } = report;
  assert.ok(passes.length >= 3, JSON.stringify(passes));
  assert.equal(
    passes.reduce((sum, pass) => sum + pass.bytes, 0),
    bytes,
  );
  assert.ok((passes[0]?.bytes ?? 0) > 20e6 && (passes.at(-1)?.bytes ?? 1e9) < 1e6, JSON.stringify(passes));
  const log = (await far.shell(name, 'cat /srv/log')).trim().split('\n').map(Number);
  // The writer there began again.
  const before = log.slice(0, log.indexOf(1, 1));
  assert.deepEqual(
    before,
    before.map((_, at) => at + 1),
  );
  assert.ok(before.length > 20);
});

test('a template that the other host lacks goes first, once, and is what it was', async () => {
  const tree = async (world: World): Promise<string> =>
    execFileSync(
      'find',
      [`${world.root}/lib/templates/${busybox}/rootfs`, '-printf', '%P %y %m %U %G %s %l\\n'],
      { encoding: 'utf8' },
    )
      .split('\n')
      .sort()
      .join('\n');
  const found = async (world: World) =>
    (await world.client.templates.list()).find((one) => one.name === busybox);
  await far.client.templates.remove({ template: busybox });
  // Several who bring it at once find one.
  const many = ['a', 'b', 'c'];
  for (const each of many) await near.define(domainXml({ name: each, filesystems: [templateRoot] }));
  await Promise.all(
    many.map((each) => near.client.domains.move({ domain: each, body: { to: far.uri('ctvirt') } })),
  );
  assert.deepEqual([await names(near), (await names(far)).sort()], [[], many]);
  for (const each of many) await far.erase(each);
  await far.client.templates.remove({ template: busybox });
  for (const each of [name, 'second']) {
    await near.run(domainXml({ name: each, program: obedient, filesystems: [templateRoot] }));
    const dry = await ctvirt(near, 'migrate', '--dry-run', each, far.uri('ctvirt'));
    assert.equal(dry.includes(`with template '${busybox}'`), each === name);
    const { templates } = await near.client.domains.move({ domain: each, body: { to: far.uri('ctvirt') } });
    assert.deepEqual(templates, each === name ? [busybox] : []);
    assert.match(await far.shell(each, 'cat /etc/passwd'), /^root:/);
  }
  const there = await found(far);
  assert.equal(there?.digest, (await found(near))?.digest);
  assert.match(`${there?.notes}`, /from another host/);
  assert.equal(await tree(far), await tree(near));
  // There it has another name: the document says that one.
  for (const { name: root } of await near.client.roots.list()) await near.client.roots.erase({ root });
  await near.client.templates.rename({ template: busybox, body: { name: 'other' } });
  await far.client.domains.move({ domain: name, body: { to: near.uri('ctvirt') } });
  assert.match(await near.client.domains.xml({ domain: name }), /<source name=.other.\/>/);
  await near.erase(name);
  await near.client.templates.rename({ template: 'other', body: { name: busybox } });
});

for (const [what, root] of forms)
  test(`a domain on ${what} takes its snapshots along`, async () => {
    await near.run(defined(root));
    const snapshot = (world: World, ...words: string[]) => ctvirt(world, 'snapshot', ...words);
    await near.shell(name, 'echo first >/srv/text; head -c 3000000 /dev/urandom >/srv/bulk; rm /etc/passwd');
    // What is younger than clocks can tell is sent twice.
    await sleep(2500);
    await snapshot(near, 'create', name, 'one', '--description', 'the first');
    await near.shell(name, 'echo second >/srv/text; rm -r /root; mkdir /root; touch /srv/more');
    await near.client.snapshots.create({
      domain: name,
      body: { name: 'two', expiresAt: '2999-01-01T00:00:00Z' },
    });
    await snapshot(near, 'revert', name, 'one');
    await near.shell(name, 'echo third >/srv/text');
    await snapshot(near, 'create', name, 'three');
    await near.shell(name, 'echo fourth >/srv/text');
    const list = (world: World) => world.client.snapshots.list({ domain: name });
    const before = await list(near);
    assert.deepEqual(
      before.map((one) => [one.name, one.parent, one.isCurrent]),
      [
        ['one', null, false],
        ['two', 'one', false],
        ['three', 'one', true],
      ],
    );
    const differs = await near.client.snapshots.diff({
      domain: name,
      snapshot: 'one',
      against: 'two',
    });
    const { passes } = await near.client.domains.move({ domain: name, body: { to: far.uri('ctvirt') } });
    assert.deepEqual(
      passes.slice(0, 3).map((pass) => pass.snapshot),
      ['one', 'two', 'three'],
    );
    // In an image a file that stayed is the same one.
    if (root === limited) assert.ok((passes[1]?.bytes ?? 1e9) < 1e6, JSON.stringify(passes));
    assert.deepEqual(await list(far), before);
    assert.deepEqual(
      await far.client.snapshots.diff({ domain: name, snapshot: 'one', against: 'two' }),
      differs,
    );
    assert.equal(await far.shell(name, 'cat /srv/text'), 'fourth');
    for (const [one, text] of [
      ['two', 'second'],
      ['one', 'first'],
      ['three', 'third'],
    ] as const) {
      await snapshot(far, 'revert', name, one);
      const told = await far.shell(
        name,
        'cat /srv/text; ls -d /etc/passwd /srv/more 2>/dev/null; stat -c %s /srv/bulk',
      );
      assert.equal(told, `${text}\n${one === 'two' ? '/srv/more\n' : ''}3000000`);
    }
    // And back, onto an older state of the same.
    await far.client.domains.move({ domain: name, body: { to: near.uri('ctvirt') } });
    assert.deepEqual(
      (await list(near)).map((one) => [one.name, one.isCurrent]),
      [
        ['one', false],
        ['two', false],
        ['three', true],
      ],
    );
  });

test('what does not come while it runs is found, and comes once it is off', async () => {
  const slow = `trap 'sleep 3; exit 0' TERM PWR USR1 USR2 INT; while :; do sleep 0.05; done`;
  await near.run(domainXml({ name, program: ['/bin/sh', '-c', slow], filesystems: [templateRoot] }));
  await near.shell(name, 'mkdir /srv/d; echo text >/srv/d/file');
  // What is younger than clocks can tell is sent twice.
  await sleep(2500);
  const roots = `${far.root}/lib/roots`;
  let isLost = false;
  const report = await near.client.domains.move(
    { domain: name, body: { to: far.uri('ctvirt') } },
    {
      onProgress: ({ phase }) => {
        if (isLost || !phase.startsWith('shutting down')) return;
        const [coming = ''] = readdirSync(roots).filter((entry) => entry.startsWith('.new-'));
        rmSync(`${roots}/${coming}/root.layer/upper/srv/d/file`);
        isLost = true;
      },
    },
  );
  assert.ok(isLost);
  assert.equal(await far.shell(name, 'cat /srv/d/file'), 'text');
  assert.ok((report.passes.at(-1)?.bytes ?? 0) > (report.passes.at(-2)?.bytes ?? 0));
  assert.match(near.log, /not all files at \/ came as they are: all are sent again/);
});

test('virsh moves it from daemon to daemon, and not so that both would have it', async () => {
  await near.run(defined(templateRoot));
  const virsh = (...words: string[]) => run(['virsh', '-c', near.uri('lxc'), ...words]);
  for (const [words, why] of [
    [['--p2p', '--live'], /add --persistent --undefinesource/],
    [['--p2p', '--persistent', '--undefinesource', '--dname', 'x'], /--dname: it keeps its name/],
  ] as const) {
    const { status, stderr } = await virsh('migrate', ...words, name, far.uri('lxc'));
    assert.equal(status, 1);
    assert.match(stderr, why);
  }
  const words = ['--p2p', '--live', '--persistent', '--undefinesource'];
  const { status, stderr } = await virsh('migrate', ...words, name, far.uri('lxc'));
  assert.equal(status, 0, stderr);
  assert.deepEqual([await names(near), await names(far)], [[], [name]]);
  assert.equal(await far.state(name), 'running (booted)');
});

test('it is a job at both ends, which either may end, and which tell how long it was down', async () => {
  await near.run(defined(templateRoot));
  await near.shell(name, 'head -c 8000000 /dev/urandom >/srv/bulk');
  const to = far.uri('ctvirt');
  const arrival = async () =>
    (await far.client.jobs.list()).find(({ kind, state }) => kind === 'arrival' && state === 'running');
  const slow = near.client.domains.move({ domain: name, body: { to, bytesPerSecond: 1_000_000 } });
  const refusal = assert.rejects(slow, /ended by who looks after that host|no domain comes by the move/);
  await waitFor('some of it has come', async () => ((await arrival())?.progress?.done ?? 0) > 0);
  const coming = await arrival();
  assert.deepEqual([coming?.kind, coming?.state, coming?.peer], ['arrival', 'running', hostname()]);
  assert.ok((coming?.progress?.total ?? 0) >= 8_000_000, JSON.stringify(coming));
  assert.match(
    await ctvirt(far, 'job', 'list'),
    new RegExp(`shop +arrival +running .* receiving .*, from ${hostname()}`),
  );
  await ctvirt(far, 'job', 'abort', name);
  await refusal;
  await waitFor('it stays', async () => (await near.state(name)) === 'running (booted)');
  assert.deepEqual(await names(far), []);
  const { state, error } = await far.client.jobs.get({ domain: name });
  assert.deepEqual([state, error], ['cancelled', 'interrupted; the domain stays where it was']);
  const { downMs } = await near.client.domains.move({ domain: name, body: { to } });
  const [went, came] = [
    await near.client.jobs.get({ domain: name }),
    await far.client.jobs.get({ domain: name }),
  ];
  assert.deepEqual([went.kind, went.state, went.peer, went.downMs], ['move', 'done', to, downMs]);
  assert.deepEqual([came.kind, came.state], ['arrival', 'done']);
  // Its log is of the host that it is on.
  await waitFor(
    'all of it to be noted',
    async () => (await far.client.life.domain({ domain: name })).length > 2,
  );
  const life = await far.client.life.domain({ domain: name });
  assert.deepEqual(
    life.map(({ event, detail, words }) => [event, detail, words]),
    [
      ['defined', 'added', null],
      ['started', 'booted', null],
      ['job', 'arrival done', hostname()],
    ],
  );
  assert.ok(Math.abs((came.downMs ?? 0) - (went.downMs ?? 0)) < 1000, JSON.stringify([went, came]));
  assert.match(await ctvirt(near, 'job', 'info', name), /Down for: +[\d.]+ s/);
  const { stdout } = await run(['virsh', '-c', far.uri('lxc'), 'domjobinfo', name, '--completed']);
  assert.match(stdout, /Incoming migration[\s\S]*Total downtime: +[\d.]+/);
});

test('what stands in the way is told before anything happens, and leaves it running', async () => {
  await near.run(defined(templateRoot));
  await far.define(domainXml({ name }));
  await refused('exists', near.client.domains.move({ domain: name, body: { to: far.uri('ctvirt') } }));
  await far.erase(name);
  await refused(
    'host-command',
    near.client.domains.move({ domain: name, body: { to: 'ctvirt+unix:///?socket=/nowhere' } }),
  );
  await refused('invalid', near.client.domains.move({ domain: name, body: { to: 'qemu:///system' } }));
  // Who only asks has failed at nothing: neither a list of jobs nor metrics know of it.
  const jobs = await near.client.jobs.list({});
  await refused(
    'host-command',
    near.client.domains.move({ domain: name, body: { to: 'ctvirt+unix:///?socket=/nowhere', dryRun: true } }),
  );
  assert.deepEqual(await near.client.jobs.list({}), jobs);
  // It is known by its digest, and no other will do.
  await far.client.templates.rename({ template: busybox, body: { name: 'other' } });
  execFileSync('tar', ['-cf', `${far.host}/root.tar`, '-C', '/usr/lib', 'os-release']);
  const archive = { source: `${far.host}/root.tar` };
  await far.client.templates.import({ template: busybox, body: archive });
  const dry = await near.client.domains.move({ domain: name, body: { to: far.uri('ctvirt'), dryRun: true } });
  assert.deepEqual([dry.templates, dry.moved], [[], false]);
  await far.client.templates.remove({ template: 'other' });
  await refused('exists', near.client.domains.move({ domain: name, body: { to: far.uri('ctvirt') } }));
  await far.client.templates.remove({ template: busybox });
  await far.client.templates.build({ template: busybox, body: { distribution: 'busybox' } });
  assert.equal(await near.state(name), 'running (booted)');
  await near.client.domains.destroy({ domain: name });
  const { path } = await near.client.domains.mountRoot({ domain: name });
  const left =
    'import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind("one"); open("grows", "w"); os.system("chattr +a grows")';
  execFileSync('python3', ['-c', left, `${near.enclosure.path(path)}/srv`]);
  await near.client.domains.unmountRoot({ domain: name });
  const { state, downMs, findings } = await near.client.domains.move({
    domain: name,
    body: { to: far.uri('ctvirt') },
  });
  assert.deepEqual([state, downMs], ['shutoff', null]);
  assert.deepEqual(
    findings.filter((text) => /socket|chattr/.test(text)),
    ['a socket is not kept: programs make them anew'],
  );
  const there = await far.client.domains.mountRoot({ domain: name });
  const flags = execFileSync('lsattr', [`${far.enclosure.path(there.path)}/srv`], { encoding: 'utf8' });
  assert.match(flags, /^-{5}a\S* \S*\/grows$/m);
  await far.client.domains.unmountRoot({ domain: name });
});

test('one that does not power off stays, and runs', async () => {
  await near.run(
    domainXml({ name, program: ['/bin/sh', '-c', "trap '' TERM PWR; while :; do sleep 1; done"] }),
  );
  await refused(
    'timeout',
    near.client.domains.move({ domain: name, body: { to: far.uri('ctvirt'), stopMs: 500 } }),
  );
  assert.equal(await near.state(name), 'running (booted)');
  assert.deepEqual(await names(far), []);
});

test('its neighbours are told where its addresses are from then on', async () => {
  await using network = await lan(near, far);
  const own = ['192.0.2.7', '2001:db8:5::7'] as const;
  const routed = `<interface type='ethernet'>${own.map((address) => `<ip address='${address}'/>`).join('')}</interface>`;
  const mac = '52:54:00:aa:bb:07';
  const bridged = `<interface type='bridge'><source bridge='br-up'/><mac address='${mac}'/><ip address='198.51.100.8' prefix='24'/></interface>`;
  await near.run(domainXml({ name, program: obedient, filesystems: [templateRoot], interfaces: [routed] }));
  await near.run(
    domainXml({ name: 'wired', program: obedient, filesystems: [templateRoot], interfaces: [bridged] }),
  );
  const jobs = await near.client.jobs.list({});
  const dry = await near.cli(['migrate', '--dry-run', name, far.uri('ctvirt')]);
  assert.match(dry.stdout + dry.stderr, /no link of that host is in the network of 192\.0\.2\.7/);
  assert.deepEqual(await near.client.jobs.list({}), jobs);
  await routeFor(near, far);
  const proxies = (world: World) => world.enclosure.output('ip', '-6', 'neigh', 'show', 'proxy');
  await near.enclosure.output('ip', 'neigh', 'add', 'proxy', own[1], 'dev', 'up0');
  const macOf = async (world: World): Promise<string> =>
    /ether (\S+)/.exec(await world.enclosure.output('ip', 'link', 'show', 'up0'))?.[1] ?? '';
  const known = async (): Promise<string[]> =>
    await Promise.all(
      own.map(async (address) => {
        const said = await network.there('ip', 'neigh', 'show', address);
        return /lladdr (\S+)/.exec(said)?.[1] ?? said;
      }),
    );
  const port = async (): Promise<string> => {
    const said = await network.there('bridge', 'fdb', 'show', 'br', 'lan');
    return new RegExp(`^${mac} dev (\\S+)`, 'm').exec(said)?.[1] ?? said;
  };
  for (const address of [...own, '198.51.100.8'])
    await waitFor(`an answer of ${address}`, () =>
      network.there('busybox', 'ping', '-c1', '-W2', address).then(
        () => true,
        () => false,
      ),
    );
  const [here, elsewhere] = [await macOf(near), await macOf(far)];
  assert.deepEqual([await known(), await port()], [[here, here], 'up1-0']);
  // No request of theirs, and no packet of the container's, is to find it out.
  const quiet = await near.client.domains.move({ domain: name, body: { to: far.uri('ctvirt') } });
  assert.deepEqual(quiet.findings, []);
  await near.client.domains.move({ domain: 'wired', body: { to: far.uri('ctvirt') } });
  assert.deepEqual([await known(), await port()], [[elsewhere, elsewhere], 'up1-1']);
  for (const address of own) await network.there('busybox', 'ping', '-c1', '-W2', address);
  assert.doesNotMatch(await near.enclosure.output('ip', 'route'), /192\.0\.2\.7/);
  assert.deepEqual([await proxies(near), await proxies(far)], ['', `${own[1]} dev up0 proxy \n`]);
  await near.enclosure.output('sysctl', '-qw', 'net.ipv4.conf.up0.proxy_arp=0');
  const { findings } = await far.client.domains.move({ domain: name, body: { to: near.uri('ctvirt') } });
  assert.match(
    findings.join('\n'),
    /not told where 192\.0\.2\.7 is now: no link of this host answers for it/,
  );
});

/** A link between the two hosts, with 192.0.2.1 and 192.0.2.2. */
async function wire(): Promise<AsyncDisposable> {
  const [, pid = ''] = /--net=\/proc\/(\d+)\//.exec(far.enclosure.argv('true').join(' ')) ?? [];
  const link = ['link', 'add', 'mv0', 'type', 'veth', 'peer', 'name', 'mv0', 'netns', pid];
  await near.enclosure.output('ip', ...link);
  for (const [world, address] of [
    [near, '192.0.2.1/24'],
    [far, '192.0.2.2/24'],
  ] as const) {
    await world.enclosure.output('ip', 'address', 'add', address, 'dev', 'mv0');
    await world.enclosure.output('ip', 'link', 'set', 'mv0', 'up');
  }
  return {
    async [Symbol.asyncDispose]() {
      await near.enclosure.output('ip', 'link', 'delete', 'mv0');
    },
  };
}

/** To a URI of the other host, and it is what it was. */
async function goesTo(uri: string): Promise<void> {
  await near.run(defined(templateRoot));
  await near.shell(name, layerWork);
  const before = await near.shell(name, told);
  await ctvirt(near, 'migrate', name, uri);
  assert.deepEqual([await names(near), await names(far)], [[], [name]]);
  assert.equal(await far.shell(name, told), before);
}

test('it goes by ssh from one network to another', { skip: noSshd }, async () => {
  await using _ = await wire();
  using server = await sshServer(far, '192.0.2.2');
  const uri = `ctvirt+ssh://root@192.0.2.2/?socket=${far.root}/run/libvirt-sock&${server.words}`;
  await goesTo(uri).catch((error: unknown) => assert.fail(`${String(error)}\n${server.complaint}`));
});

test('it goes by TLS, to who has a certificate of the same authority, and from nobody else', async () => {
  await using _ = await wire();
  const pki = `${far.host}/pki`;
  await makePki(pki, { server: 'ca', client: 'ca', stranger: 'otherca' }, 'IP:192.0.2.2');
  writeFileSync(`${far.root}/etc/ctvirtd.conf`, listening(pki, '192.0.2.2', 16599));
  await far.stop();
  await far.start();
  try {
    const uriOf = async (who: string): Promise<string> =>
      `ctvirt+tls://192.0.2.2:16599/?pkipath=${await clientFolder(pki, who)}`;
    await near.define(defined(templateRoot));
    const to = await uriOf('stranger');
    await refused('host-command', near.client.domains.move({ domain: name, body: { to } }));
    assert.deepEqual([await names(near), await names(far)], [[name], []]);
    await near.erase(name);
    await goesTo(await uriOf('client'));
  } finally {
    writeFileSync(`${far.root}/etc/ctvirtd.conf`, '');
    await far.stop();
    await far.start();
  }
});

for (const [what, root] of forms)
  test(`a domain on ${what} with ids of the host takes those of its new range`, async () => {
    await near.define(defined(root));
    await asEarlier(near, name);
    // Before it: its range there is another one.
    await far.define(domainXml({ name: 'before' }));
    await near.client.domains.start({ domain: name });
    await near.shell(name, layerWork);
    await near.client.snapshots.create({ domain: name, body: { name: 'first' } });
    const before = await near.shell(name, told);
    await near.client.domains.move({ domain: name, body: { to: far.uri('ctvirt') } });
    assert.equal(await far.shell(name, told), before);
    await far.shell(name, 'rm /srv/work/hers');
    await ctvirt(far, 'snapshot', 'revert', name, 'first');
    assert.equal(await far.shell(name, told), before);
  });

test('either daemon is killed at any moment of a move, and one host alone has the domain', async (context) => {
  await near.run(defined(templateRoot));
  await near.shell(name, layerWork);
  await near.client.snapshots.create({ domain: name, body: { name: 'first' } });
  const rounds = Number(process.env['CTVIRT_MOVE_ROUNDS'] ?? 12);
  for (let round = 0; round < rounds; round++) {
    const from = await keeper();
    const to = from === near ? far : near;
    const killed = round % 2 === 0 ? from : to;
    const moved = from.client.domains
      .move({ domain: name, body: { to: to.uri('ctvirt') } })
      .then(() => 'moved', String);
    const afterMs = Math.round(Math.random() * 3000);
    await sleep(afterMs);
    await killed.kill();
    await killed.start();
    const outcome = await moved;
    const isSettled = async (): Promise<boolean> => {
      const [here, there] = [await names(near), await names(far)];
      if ([...here, ...there].filter((one) => one === name).length !== 1) return false;
      const world = here.includes(name) ? near : far;
      const isOver = (one: World): boolean =>
        !one.files().some((file) => /\/(moving\.json|\.coming-|\.new-)/.test(file) && !file.includes('~'));
      return (await world.state(name)).startsWith('running') && isOver(near) && isOver(far);
    };
    await waitFor(
      `round ${round} to be settled (${killed === from ? 'source' : 'target'} killed after ${afterMs} ms: ${outcome})`,
      isSettled,
      90_000,
    ).catch(async (error: unknown) =>
      assert.fail(
        `${String(error)}\n${await names(near)}|${await names(far)}\n${near.files()}\n${far.files()}\n${near.log}\n${far.log}`,
      ),
    );
    context.diagnostic(
      `${killed === from ? 'source' : 'target'} killed after ${afterMs} ms: ${outcome}, at the ${(await keeper()) === to ? 'target' : 'source'}`,
    );
    const world = await keeper();
    assert.equal(await world.shell(name, 'cat /srv/work/hers'), 'hers');
    const snapshots = await world.client.snapshots.list({ domain: name });
    assert.deepEqual(
      snapshots.map((one) => [one.name, one.isCurrent]),
      [['first', true]],
    );
  }
});
