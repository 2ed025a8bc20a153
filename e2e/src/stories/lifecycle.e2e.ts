// A domain's life: what it is on the host, how it ends and comes back, and what stays of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { run } from '../world/command.js';
import { domainXml, sleeping, templateRoot } from '../world/documents.js';
import { asEarlier } from '../world/earlier-layers.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const infoOf = (domain: string) => world.client.domains.info({ domain });
const stateOf = (domain: string) => world.state(domain);
const initOf = async (domain: string): Promise<number> =>
  (await infoOf(domain)).initPid ?? assert.fail('not running');

/** Writes a line to /log, then runs `then`: the number of lines is the number of starts. */
const counting = (then: string) => ['/bin/sh', '-c', `echo started >> /log; ${then}`];
const once = (first: string) => counting(`[ $(wc -l < /log) -gt 1 ] || { ${first}; }; exec sleep infinity`);
const starts = async (domain: string) => Number(await world.shell(domain, 'wc -l < /log'));

test('a container has a user namespace with ids of its own, and its init is process 1', async () => {
  const seen = new Set<number>();
  for (const name of ['one', 'two', 'three']) {
    await world.run(domainXml({ name }));
    const { idMap, initPid } = await infoOf(name);
    assert.ok(idMap !== null && initPid !== null);
    assert.equal(idMap.count, 65536);
    assert.ok(!seen.has(idMap.start), `${name} has the ids of another domain`);
    seen.add(idMap.start);
    const [, inside, outside, count] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)/.exec(await readFile(`/proc/${initPid}/uid_map`, 'utf8')) ?? [];
    assert.deepEqual([inside, outside, count].map(Number), [0, idMap.start, idMap.count]);
    assert.notEqual(await readlink(`/proc/${initPid}/ns/user`), await readlink('/proc/self/ns/user'));
    assert.match(await readFile(`/proc/${initPid}/status`, 'utf8'), /^NSpid:\s+\d+\s+1$/m);
    assert.equal(
      await world.shell(name, 'id -u; tr "\\0" " " < /proc/1/cmdline'),
      `0\n${sleeping.join(' ')} `.trimEnd(),
    );
  }
  const { owned } = await world.client.check.list();
  assert.equal(owned.filter(({ kind }) => kind === 'id-range').length, 3);
});

test('what runs of a domain whose record is lost keeps its ids to itself, and goes with check --clean', async () => {
  await world.run(domainXml({ name: 'lost' }));
  const { idMap } = await infoOf('lost');
  const init = await initOf('lost');
  await world.kill();
  const lib = `${world.root}/lib`;
  await rename(`${lib}/domains/lost`, `${world.host}/record`);
  await rename(`${lib}/roots/lost`, `${world.host}/files`);
  await world.start();
  await world.run(domainXml({ name: 'next' }));
  assert.notEqual((await infoOf('next')).idMap?.start, idMap?.start);
  await world.client.check.clean();
  assert.deepEqual((await world.client.check.list()).stray, []);
  // Who has taken over its orphan collects it in its own time.
  await waitFor('init to be gone', () =>
    readFile(`/proc/${init}/status`, 'utf8').then(
      () => false,
      () => true,
    ),
  );
});

test('every answer is as its schema says and no more, of a domain that runs and of one that is off', async () => {
  await world.run(domainXml({ name: 'runs' }));
  await world.define(domainXml({ name: 'off' }));
  // The client of these stories refuses what no schema names.
  const { client } = world;
  for (const domain of ['runs', 'off'])
    for (const answer of await Promise.all([
      client.domains.summary({ domain }),
      client.domains.info({ domain }),
      client.domains.parameters({ domain }),
      client.beancounters.show({ domain }),
      client.quota.show({ domain }),
    ]))
      assert.ok(answer);
  assert.equal((await client.domains.list()).length, 2);
  assert.equal((await client.beancounters.list()).length, 1);
  assert.equal((await client.guarantees.delivered()).length, 1);
  const [profile] = await client.profiles.list();
  assert.ok(profile);
  assert.equal((await client.guarantees.show({ profile: profile.name })).domains.length, 1);
  assert.deepEqual((await client.templates.list())[0]?.usedBy.toSorted(), ['off', 'runs']);
  assert.deepEqual((await client.check.list()).stray, []);
  assert.equal((await client.host.facts()).domains, 2);
});

test('what runs in a container has the umask of any system, whatever the daemon keeps to itself', async () => {
  const umask = async (pid: number) =>
    /^Umask:\s+(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  await world.run(domainXml({ name: 'open' }));
  assert.equal(await umask(await initOf('open')), '0022');
  assert.equal(await world.shell('open', 'umask'), '0022');
  const session = await world.client.domains.exec({
    domain: 'open',
    open: { argv: ['/bin/sh', '-c', 'umask'], tty: true },
  });
  let typed = '';
  for await (const chunk of session.stdout) typed += String(chunk);
  assert.equal(typed.trim(), '0022');
  assert.equal(await umask(world.daemonPid), '0077');
});

test('programs share memory and have queues without an init that mounts them, counted and limited', async () => {
  await world.run(domainXml({ name: 'shares', more: "<memory unit='MiB'>64</memory>" }));
  assert.equal(await world.shell('shares', 'stat -c %a /dev/shm'), '1777');
  assert.match(
    await world.shell('shares', 'grep -E " /dev/(shm|mqueue) " /proc/mounts'),
    /^tmpfs \/dev\/shm tmpfs rw,nosuid,nodev\S*,size=32768k,.*\nmqueue \/dev\/mqueue mqueue rw,nosuid,nodev,noexec/,
  );
  const { stdout, stderr } = await world.exec(
    'shares',
    '/bin/sh',
    '-c',
    'yes | dd bs=64k of=/dev/shm/most; wc -c < /dev/shm/most',
  );
  assert.match(stderr, /No space left/);
  assert.equal(stdout.trim(), String(32 << 20));
});

test('ids are not given away while files have them', async () => {
  await world.define(domainXml({ name: 'owner' }));
  await asEarlier(world, 'owner');
  await world.client.domains.start({ domain: 'owner' });
  await world.shell('owner', 'touch /mine');
  const { idMap } = await infoOf('owner');
  await world.client.domains.destroy({ domain: 'owner' });
  await world.client.domains.undefine({ domain: 'owner' });
  await world.stop();
  await world.start();
  await world.define(domainXml({ name: 'other' }));
  assert.notEqual((await infoOf('other')).idMap?.start, idMap?.start);
  await world.client.roots.erase({ root: 'owner~1' });
});

test('files outlive the definition unless undefine erases them, and its UUID has them back', async () => {
  const uuid = '0f7ab6ee-6a3b-4b8c-9a55-30b1b1e1c0df';
  const xml = domainXml({ name: 'kept', more: `<uuid>${uuid}</uuid>` });
  await world.run(xml);
  await world.shell('kept', 'echo precious > /file');
  await world.erase(); // nothing: only to show that it erases what it is told
  await world.client.domains.destroy({ domain: 'kept' });
  const { stderr } = await world.cli(['undefine', 'kept']);
  assert.match(stderr, /its files are kept as root 'kept~1'; .*root erase kept~1/);
  await refused('not-found', infoOf('kept'));
  for (const words of [['check'], ['check', '--clean']])
    assert.match((await world.cli(words)).stderr, /no stray.*root erase/);
  const { owned } = await world.client.check.list();
  assert.ok(owned.some(({ owner }) => owner === 'kept~1 (kept)'));
  const codes = async () => (await world.define(xml)).findings.map(({ code }) => code);
  assert.deepEqual(await codes(), ['kept-files']);
  assert.match(world.log, /'kept': its files are those that were kept as 'kept~1' when it was undefined/);
  assert.deepEqual(await codes(), [], 'told once');
  await world.client.domains.start({ domain: 'kept' });
  assert.equal(await world.shell('kept', 'cat /file'), 'precious');
  assert.equal((await infoOf('kept')).uuid, uuid);
  await world.erase('kept');
  await world.run(xml);
  assert.notEqual((await world.exec('kept', 'cat', '/file')).status, 0);
});

test('destroy is not shutdown, and neither erases anything', async () => {
  await world.run(domainXml({ name: 'ends', program: [] }));
  await world.shell('ends', 'echo here > /file');
  const { state, reason } = await world.client.domains.shutdown({ domain: 'ends', waitMs: 20_000 });
  assert.equal(`${state} (${reason})`, 'shutoff (shutdown)');
  await world.client.domains.start({ domain: 'ends' });
  assert.equal(await world.shell('ends', 'cat /file'), 'here');
  await world.client.domains.destroy({ domain: 'ends' });
  assert.equal(await stateOf('ends'), 'shutoff (destroyed)');
  await refused('wrong-state', world.client.domains.destroy({ domain: 'ends' }));
});

test('reboot starts it again by default', async () => {
  await world.run(domainXml({ name: 'reboots', program: [] }));
  const before = await initOf('reboots');
  await world.client.domains.reboot({ domain: 'reboots', waitMs: 20_000 });
  assert.equal(await stateOf('reboots'), 'running (booted)');
  assert.notEqual(await initOf('reboots'), before);
});

test('on_reboot=destroy: a reboot ends it', async () => {
  await world.run(domainXml({ name: 'no-reboot', program: [], more: '<on_reboot>destroy</on_reboot>' }));
  await world.client.domains.reboot({ domain: 'no-reboot' });
  await world.waitForState('no-reboot', 'shutoff (shutdown)', 20_000);
});

test('on_poweroff=restart: it comes back; by default it stays off', async () => {
  await world.run(
    domainXml({ name: 'returns', program: once('exit 0'), more: '<on_poweroff>restart</on_poweroff>' }),
  );
  await waitFor('the second start', async () => (await starts('returns').catch(() => 0)) === 2);
  await world.run(domainXml({ name: 'stays', program: once('exit 0') }));
  await world.waitForState('stays', 'shutoff (shutdown)');
});

test('on_crash=restart: it comes back; by default it is crashed', async () => {
  await world.run(
    domainXml({ name: 'recovers', program: once('exit 3'), more: '<on_crash>restart</on_crash>' }),
  );
  await waitFor('the second start', async () => (await starts('recovers').catch(() => 0)) === 2);
  await world.run(domainXml({ name: 'crashes', program: once('exit 3') }));
  await world.waitForState('crashes', 'shutoff (crashed)');
  await world.run(domainXml({ name: 'killed' }));
  process.kill(await initOf('killed'), 'SIGKILL');
  await world.waitForState('killed', 'shutoff (crashed)');
});

test('one that crashes again and again stays off', async () => {
  await world.run(
    domainXml({ name: 'hopeless', program: counting('exit 1'), more: '<on_crash>restart</on_crash>' }),
  );
  await world.logged(/'hopeless' ended 6 times within a minute and stays off/, 30_000);
  await world.waitForState('hopeless', 'shutoff (crashed)');
});

test('destroy and undefine get at a domain that ends as soon as it starts', async () => {
  const program = ['/bin/sh', '-c', 'exit 0'];
  for (const name of ['brief-1', 'brief-2', 'brief-3']) {
    await world.run(domainXml({ name, program, more: '<on_poweroff>restart</on_poweroff>' }));
    await Promise.allSettled([
      world.client.domains.destroy({ domain: name }),
      world.client.domains.undefine({ domain: name, storage: true }),
    ]);
  }
  await waitFor('them to be gone', async () => (await world.client.domains.list()).length === 0);
});

test('an init that is killed before it runs: the start ends, and the next one succeeds', async () => {
  const domain = (await world.define(domainXml({ name: 'hapless' }))).domain.name;
  const monitorFile = `${world.root}/run/domains/${domain}/monitor.pid`;
  for (let tries = 0; tries < 20; tries++) {
    let isOver = false;
    let isKilled = false;
    const start = world.client.domains.start({ domain }).catch(() => undefined);
    const over = start.then(() => (isOver = true));
    // Somewhere between the first moment it is there and the last before it runs.
    for (let turns = tries; !isOver; await new Promise(setImmediate)) {
      const init = firstChildOf(monitorFile);
      if (init === undefined || turns-- > 0) continue;
      isKilled = tryKill(init);
      break;
    }
    await waitFor('the start to end', () => isOver);
    await over;
    if (!isKilled) await world.client.domains.destroy({ domain });
    // The engine itself waits 10 s for a monitor that does not follow its init.
    await waitFor('its end', async () => /^shutoff/.test(await stateOf(domain)));
  }
  await world.client.domains.start({ domain });
  assert.equal(await stateOf(domain), 'running (booted)');
});

test('a domain whose name is the number of another one’s run is the one that is meant, by every client', async () => {
  await world.run(domainXml({ name: 'alpha', type: 'openvz' }));
  await world.run(domainXml({ name: 'beta' }));
  const summary = (domain: string) => world.client.domains.summary({ domain });
  const ctid = String((await summary('alpha')).ctid);
  const id = String((await summary('beta')).id);
  const virsh = async (...words: readonly string[]) => {
    const { status, stdout, stderr } = await run(['virsh', '-c', world.uri('ctvirt'), ...words]);
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };
  for (const [name, type] of [
    [ctid, 'lxc'],
    [id, 'openvz'],
  ] as const) {
    const { domain } = await world.define(domainXml({ name, type }));
    assert.equal((await summary(name)).uuid, domain.uuid);
    assert.equal(await virsh('domuuid', name), domain.uuid);
    await world.client.domains.start({ domain: domain.uuid });
    assert.match(await virsh('destroy', name), new RegExp(name));
    await virsh('autostart', domain.uuid);
    const undefined_ = await world.cli(['undefine', domain.uuid, '--storage']);
    assert.match(undefined_.stdout, new RegExp(`Domain '${name}' has been undefined`), undefined_.stderr);
    await refused('not-found', summary(domain.uuid));
  }
  for (const name of ['alpha', 'beta']) {
    const { state, autostart, persistent } = await summary(name);
    assert.deepEqual([state, autostart, persistent], ['running', false, true]);
    assert.equal(await virsh('domname', String((await summary(name)).id)), name);
  }
});

test('the daemon ends and starts again: containers go on, and their end is noticed after', async () => {
  await world.run(domainXml({ name: 'goes-on' }));
  const init = await initOf('goes-on');
  await world.stop();
  process.kill(init, 0);
  await world.start();
  assert.equal(await stateOf('goes-on'), 'running (booted)');
  assert.equal(await initOf('goes-on'), init);
  assert.equal(await world.shell('goes-on', 'echo alive'), 'alive');
  process.kill(init, 'SIGKILL');
  await world.waitForState('goes-on', 'shutoff (crashed)');
});

test('a daemon whose log nobody reads any more goes on, and stops tidily', async () => {
  world.deafen();
  const name = await world.run(domainXml({ name: 'unheard' }));
  await world.client.domains.destroy({ domain: name });
  await world.stop();
  assert.ok(!existsSync(world.socket), 'its socket stays behind');
  await world.start();
  assert.equal(await stateOf(name), 'shutoff (destroyed)');
});

test('what ends while the daemon is down is noticed with its reason, and its document obeyed', async () => {
  const flagged = (then: string) =>
    counting(
      `[ $(wc -l < /log) -gt 1 ] || { while [ ! -e /go ]; do sleep 0.1; done; ${then}; }; exec sleep infinity`,
    );
  await world.run(domainXml({ name: 'poweroff', program: flagged('exit 0') }));
  await world.run(domainXml({ name: 'crash', program: flagged('exit 7') }));
  await world.run(domainXml({ name: 'killed' }));
  await world.run(
    domainXml({ name: 'back-off', program: flagged('exit 0'), more: '<on_poweroff>restart</on_poweroff>' }),
  );
  await world.run(
    domainXml({ name: 'back-crash', program: flagged('exit 7'), more: '<on_crash>restart</on_crash>' }),
  );
  await world.run(domainXml({ name: 'stays' }));
  const names = ['poweroff', 'crash', 'back-off', 'back-crash'];
  const pids = await Promise.all([...names, 'killed', 'stays'].map(initOf));
  // The flags come after the daemon has gone: by way of the containers' own view of their roots.
  const roots = pids.map((pid) => `/proc/${pid}/root/go`);
  await world.stop();
  const { writeFile } = await import('node:fs/promises');
  for (const [index] of names.entries()) await writeFile(roots[index] ?? '', '');
  process.kill(pids[4] ?? 0, 'SIGKILL');
  await waitFor('them to end', () => pids.slice(0, 5).every((pid) => !isAlive(pid)));
  await world.start();
  await world.waitForState('poweroff', 'shutoff (shutdown)');
  await world.waitForState('crash', 'shutoff (crashed)');
  await world.waitForState('killed', 'shutoff (crashed)');
  await world.waitForState('back-off', 'running (booted)');
  await world.waitForState('back-crash', 'running (booted)');
  assert.equal(await stateOf('stays'), 'running (booted)');
  assert.equal(await initOf('stays'), pids[5]);
});

test('suspend stops every process until resume, whatever the daemon does meanwhile', async () => {
  const program = ['/bin/sh', '-c', 'while :; do echo tick >> /ticks; sleep 0.02; done'];
  await world.run(domainXml({ name: 'pauses', program }));
  const ticks = async () => (await readFile(`/proc/${await initOf('pauses')}/root/ticks`, 'utf8')).length;
  await waitFor('ticks', async () => (await ticks().catch(() => 0)) > 0);
  await world.client.domains.suspend({ domain: 'pauses' });
  assert.equal(await stateOf('pauses'), 'paused (user)');
  const still = await ticks();
  await refused('wrong-state', world.exec('pauses', 'true'));
  await refused('wrong-state', world.client.domains.suspend({ domain: 'pauses' }));
  await world.stop();
  await world.start();
  assert.equal(await stateOf('pauses'), 'paused (user)');
  assert.equal(await ticks(), still);
  await world.client.domains.resume({ domain: 'pauses' });
  await waitFor('more ticks', async () => (await ticks()) > still);
  await world.client.domains.suspend({ domain: 'pauses' });
  await world.client.domains.destroy({ domain: 'pauses' });
  assert.equal(await stateOf('pauses'), 'shutoff (destroyed)');
});

test('autostart: once in each boot of the host', async () => {
  await world.define(domainXml({ name: 'early' }));
  await world.define(domainXml({ name: 'late' }));
  await world.client.domains.autostart({ domain: 'early', body: { autostart: true } });
  await world.stop();
  await world.start();
  assert.equal(await stateOf('early'), 'shutoff (unknown)', 'this boot has had its autostart');
  await world.stop();
  // The folder for sockets is empty after a boot.
  await rm(`${world.root}/run`, { recursive: true });
  await world.start();
  await world.waitForState('early', 'running (booted)');
  assert.equal((await world.client.domains.summary({ domain: 'late' })).state, 'shutoff');
  assert.equal((await world.client.domains.summary({ domain: 'early' })).autostart, true);
});

test('undefine of a running domain: it goes on and is gone when it ends', async () => {
  for (const storage of [false, true]) {
    await world.run(domainXml({ name: 'leaving' }));
    await world.client.domains.undefine({ domain: 'leaving', storage });
    const { state, persistent } = await world.client.domains.summary({ domain: 'leaving' });
    assert.deepEqual({ state, persistent }, { state: 'running', persistent: false });
    await world.stop();
    await world.start();
    await world.client.domains.destroy({ domain: 'leaving' });
    await refused('not-found', stateOf('leaving'));
    const kept = (await world.client.check.list()).owned.filter(({ owner }) => owner?.startsWith('leaving'));
    assert.equal(kept.length > 0, !storage);
    if (!storage) await world.client.roots.erase({ root: 'leaving~1' });
  }
});

test('create: a domain that is gone, files and all, when it ends', async () => {
  const xml = domainXml({ name: 'passing' });
  const { domain } = await world.client.domains.define({ body: xml, transient: true });
  assert.equal(domain.state, 'running');
  assert.equal(domain.persistent, false);
  await refused(
    'wrong-state',
    world.client.domains.autostart({ domain: 'passing', body: { autostart: true } }),
  );
  await refused('exists', world.client.domains.define({ body: xml, transient: true }));
  await world.stop();
  await world.start();
  assert.equal(await stateOf('passing'), 'running (booted)');
  process.kill(await initOf('passing'), 'SIGKILL');
  await waitFor('it to go', async () => (await world.client.domains.list()).length === 0);
  const impossible = domainXml({ name: 'passing', program: ['/no/such/init'] });
  await refused('host-command', world.client.domains.define({ body: impossible, transient: true }));
  assert.deepEqual(await world.client.domains.list(), []);
});

test('a new definition keeps identity and files, and takes effect at the next start', async () => {
  const before = (await world.define(domainXml({ name: 'changes', more: '<hostname>before</hostname>' })))
    .domain;
  await world.client.domains.start({ domain: 'changes' });
  await world.shell('changes', 'echo mine > /file');
  const { idMap } = await infoOf('changes');
  const changed = (await world.define(domainXml({ name: 'changes', more: '<hostname>after</hostname>' })))
    .domain;
  assert.equal(changed.uuid, before.uuid);
  assert.deepEqual((await infoOf('changes')).idMap, idMap);
  assert.equal(await world.shell('changes', 'hostname'), 'before');
  assert.match(await world.client.domains.xml({ domain: 'changes' }), /<hostname>before</);
  assert.match(await world.client.domains.xml({ domain: 'changes', inactive: true }), /<hostname>after</);
  await world.client.domains.destroy({ domain: 'changes' });
  await world.client.domains.start({ domain: 'changes' });
  assert.equal(await world.shell('changes', 'hostname; cat /file'), 'after\nmine');
  const otherUuid = '<uuid>11111111-2222-4333-8444-555555555555</uuid>';
  await refused('exists', world.define(domainXml({ name: 'changes', more: otherUuid })));
  const otherRoot = [
    templateRoot.replace('</filesystem>', "<space_hard_limit unit='M'>64</space_hard_limit></filesystem>"),
  ];
  await refused('exists', world.define(domainXml({ name: 'changes', filesystems: otherRoot })));
});

test('a document without a UUID is that of the domain of its name for ctvirt, which says so, and a new one for libvirt', async () => {
  const file = `${world.host}/again.xml`;
  await writeFile(file, domainXml({ name: 'again', more: '<title>first</title>' }));
  assert.match((await world.cli(['define', file])).stdout, /^Domain 'again' defined from /);
  const { uuid } = await world.client.domains.summary({ domain: 'again' });
  await writeFile(file, domainXml({ name: 'again', more: '<title>second</title>' }));
  const virsh = () => run(['virsh', '-c', world.uri('ctvirt'), 'define', file]);
  const { status, stderr } = await virsh();
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`domain 'again' already exists with uuid ${uuid}`));
  assert.equal((await world.client.domains.summary({ domain: 'again' })).title, 'first');
  assert.match(
    (await world.cli(['define', file])).stdout,
    /^Domain 'again' is there already, and changed from /,
  );
  const { title, uuid: same } = await world.client.domains.summary({ domain: 'again' });
  assert.deepEqual([title, same], ['second', uuid]);
  await writeFile(file, domainXml({ name: 'again', more: `<uuid>${uuid}</uuid><title>third</title>` }));
  assert.equal((await virsh()).status, 0);
});

test('limits of space of a root that is the host’s are told as recorded, when they are set and when they are asked for', async () => {
  const folder = `${world.host}/root`;
  await mkdir(folder);
  const root = `<filesystem type='mount'><source dir='${folder}'/><target dir='/'/></filesystem>`;
  await world.define(domainXml({ name: 'lying', type: 'openvz', filesystems: [root] }));
  const { status, stderr } = await world.cli(['set', 'lying', '--diskspace', '1G', '--numproc', '50']);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /DISKSPACE is recorded alone: the root, of type mount, is as large as its source/);
  assert.doesNotMatch(stderr, /NUMPROC/);
  assert.match((await world.cli(['params', 'lying'])).stdout, /^ diskspace +\S+ +recorded /m);
});

test('a limit raised by a new definition holds from the next start', async () => {
  const limited = (mebibytes: number) =>
    domainXml({
      name: 'grows',
      filesystems: [
        templateRoot.replace(
          '</filesystem>',
          `<space_hard_limit unit='M'>${mebibytes}</space_hard_limit></filesystem>`,
        ),
      ],
    });
  await world.run(limited(32));
  assert.notEqual((await world.exec('grows', 'fallocate', '-l', '60M', '/large')).status, 0);
  await world.define(limited(100));
  await world.client.domains.destroy({ domain: 'grows' });
  await world.client.domains.start({ domain: 'grows' });
  await world.shell('grows', 'rm -f /large; fallocate -l 60M /large');
  assert.notEqual((await world.exec('grows', 'fallocate', '-l', '60M', '/larger')).status, 0);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // no such process
  }
}

/** The first child of the process that a pid file names, while there is one. */
function firstChildOf(pidFile: string): number | undefined {
  try {
    const pid = readFileSync(pidFile, 'utf8').trim();
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return child === undefined || child === '' ? undefined : Number(child);
  } catch {
    return undefined; // not there yet, or gone
  }
}

function tryKill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // gone by itself
  }
}
