// The operations of the engine over a driver in memory: what clients meet, without containers.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainUsage } from '@ctvirt/api';
import fc from 'fast-check';
import { onBehalfOf } from '../asker.js';
import type { Engine } from '../contract.js';
import { autostart } from '../domains/autostart.js';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { EngineError, isFault } from '../errors.js';
import type { HeldAsset } from '../host/held-asset.js';
import { bootId } from '../host/processes.js';
import { RANGE_SIZE } from '../state/id-ranges.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';
import { until } from '../testing/until.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const root = mkdtempSync(join(tmpdir(), 'cvm'));
// A container's root user would have to pass through it.
chmodSync(root, 0o755);
const files = join(root, 'files');
mkdirSync(files);
after(() => rmSync(root, { recursive: true }));

const xmlOf = (name: string, more = ''): string =>
  `<domain type='lxc'><name>${name}</name>${more}<memory unit='MiB'>64</memory><os><type>exe</type></os>` +
  `<devices><filesystem type='mount'><source dir='${files}'/><target dir='/'/></filesystem></devices></domain>`;

/** A daemon; the next one on the same folder finds what runs. */
async function daemon(name: string, driver?: MemoryDriver) {
  const layout = layoutOf(join(root, name));
  const log: string[] = [];
  const own = driver ?? new MemoryDriver({ documentPath: documentPathIn(layout) });
  const { engine, parts } = await openMemoryEngine(
    layout,
    own,
    (level, message) => void log.push(`${level}: ${message}`),
  );
  const told: string[] = [];
  parts.events.listen(({ event, detail, domain }) => void told.push(`${domain.name} ${event} ${detail}`));
  return { engine, parts, driver: own, log, told };
}

async function usageOf(engine: Pick<Engine, 'eachUsage'>): Promise<DomainUsage[]> {
  const all: DomainUsage[] = [];
  for await (const one of engine.eachUsage()) all.push(one);
  return all;
}

/** Fails with this code. */
const fails = (code: Parameters<typeof isFault>[1], what: RegExp) => (error: unknown) =>
  isFault(error, code) && what.test(error.message);

test('a domain is defined, runs, is looked at, and goes', options, async () => {
  const { engine, driver, told } = await daemon('life');
  const { domain } = await engine.define(xmlOf('a'));
  assert.equal(domain.state, 'shutoff');
  assert.throws(() => engine.counters('a'), fails('wrong-state', /not running/));
  await engine.start('a');
  const info = await engine.info('a');
  assert.deepEqual([info.state, info.vcpus, info.maxMemoryKiB, info.initPid], ['running', 2, 65536, null]);
  assert.equal(engine.find({ id: driver.run('a').id })?.name, 'a');
  assert.match(await engine.xml('a'), new RegExp(`id='${driver.run('a').id}'`));
  assert.doesNotMatch(await engine.xml('a', { inactive: true }), / id='/);
  await assert.rejects(engine.exec('a', { argv: ['true'] }), fails('unsupported', /in memory/));
  await engine.suspend('a');
  await assert.rejects(engine.exec('a', { argv: ['true'] }), fails('wrong-state', /paused/));
  await engine.resume('a');
  await engine.destroy('a');
  await engine.undefine('a');
  assert.deepEqual(engine.list(), []);
  assert.throws(() => engine.summary('a'), fails('not-found', /no domain/));
  assert.deepEqual(
    told.map((line) => line.split(' ')[1]),
    ['defined', 'started', 'suspended', 'resumed', 'stopped', 'undefined'],
  );
});

test('what happened to a domain is known to the next daemon, in one order and by whom', options, async () => {
  const first = await daemon('lives');
  const { engine, driver } = first;
  const asSomebody = <T>(operation: () => T): T => onBehalfOf(() => 'somebody', operation);
  await asSomebody(() => engine.define(xmlOf('a')));
  await asSomebody(() => engine.start('a'));
  await engine.suspend('a');
  await engine.resume('a');
  await asSomebody(() => engine.set('a', { values: { NUMPROC: '77' } }, { live: false, stored: true }));
  driver.run('a').end('crash');
  await until(() => engine.summary('a').state === 'shutoff', 'it runs still');
  await engine.rename('a', 'b');
  await engine.close();
  const next = await daemon('lives', driver);
  const { uuid } = next.engine.summary('b');
  const changed = (await next.engine.xml('b')).replaceAll("'77'", "'99'");
  await asSomebody(() => next.engine.define(changed));
  await next.engine.define(await next.engine.xml('b'));
  const at = new Date().toISOString();
  next.parts.keeper.hit(uuid, { atMs: Date.parse(at), resource: 'numproc', rise: 3, failcnt: 3 });
  const told = next.engine.life('b');
  assert.deepEqual(
    told.map(({ event, detail, name, by, words, refused }) => [event, detail, name, by, words, refused]),
    [
      ['defined', 'added', 'a', 'somebody', null, null],
      ['started', 'booted', 'a', 'somebody', null, null],
      ['suspended', 'paused', 'a', null, null, null],
      ['resumed', 'unpaused', 'a', null, null, null],
      ['changed', 'config', 'a', 'somebody', 'NUMPROC=77', null],
      ['stopped', 'crashed', 'a', null, 'crash', null],
      ['defined', 'renamed', 'b', null, 'a', null],
      ['defined', 'updated', 'b', 'somebody', 'NUMPROC=99', null],
      ['beancounter', 'numproc', 'b', null, null, 3],
    ],
  );
  assert.deepEqual(next.engine.life('b', { last: 1 }), told.slice(-1));
  assert.deepEqual(
    next.engine.life('b', { since: at }).map(({ event }) => event),
    ['beancounter'],
  );
  assert.throws(() => next.engine.life('b', { since: 'noon' }), fails('invalid', /since: 'noon' is no time/));
  await next.engine.undefine('b');
  assert.throws(() => next.engine.life('b'), fails('not-found', /no domain/));
  await next.engine.close();
  assert.deepEqual(readdirSync(join(root, 'lives', 'lib', 'lives')), []);
});

test('a document has the hardware address of each link, stored and running', options, async () => {
  const { engine } = await daemon('macs');
  const links = "<interface type='ethernet'><ip address='192.0.2.201'/></interface>";
  await engine.define(xmlOf('a').replace('</devices>', `${links}</devices>`));
  const address = / {6}<mac address='[0-9a-f:]{17}'\/>/;
  const [own] = address.exec(await engine.xml('a')) ?? assert.fail('no address');
  await engine.start('a');
  for (const inactive of [false, true])
    assert.equal(address.exec(await engine.xml('a', { inactive }))?.[0], own);
  await engine.destroy('a');
});

test(
  'shutdown waits for the end, as long as it is told to, and reboot for the next start',
  options,
  async () => {
    const { engine, driver } = await daemon('ask');
    await engine.define(xmlOf('a'));
    await engine.start('a');
    await assert.rejects(
      engine.shutdown('a', { waitMs: 20 }),
      fails('timeout', /did not do so within 0.02 s/),
    );
    const off = engine.shutdown('a', { waitMs: 10_000 });
    await until(() => driver.run('a').asked.length > 1, 'it is not asked to power off');
    driver.run('a').end('poweroff');
    assert.equal((await off).state, 'shutoff');
    await engine.start('a');
    const back = engine.reboot('a', { waitMs: 10_000 });
    await until(() => driver.run('a').asked.length > 0, 'it is not asked to reboot');
    driver.run('a').end('reboot');
    assert.equal((await back).state, 'running');
    await assert.rejects(engine.shutdown('b', { waitMs: 10_000 }), fails('not-found', /'b'/));
  },
);

test('a shutdown that was given up behind a job is not asked for later', options, async () => {
  const { engine, driver, parts } = await daemon('given-up');
  await engine.define(xmlOf('a'));
  await engine.start('a');
  let end = (): void => undefined;
  const copying = new Promise<void>((resolve) => {
    end = resolve;
  });
  const copy = parts.turns.take('a', () => copying);
  await assert.rejects(engine.shutdown('a', { waitMs: 20 }), fails('timeout', /within 0.02 s/));
  end();
  await copy;
  await parts.turns.take('a', async () => undefined);
  assert.deepEqual(driver.run('a').asked, []);
});

test('who only reads does not wait for a job', options, async () => {
  const { engine, parts } = await daemon('job');
  await engine.define(xmlOf('a'));
  const entry = parts.registry.find('a');
  await engine.start('a');
  let end = (): void => undefined;
  const copying = new Promise<void>((resolve) => {
    end = resolve;
  });
  const copy = parts.jobs.run(entry, 'clone', () => parts.turns.take('a', () => copying));
  const read = Promise.all([engine.quota('a'), engine.info('a'), engine.xml('a'), engine.parameters('a')]);
  assert.ok(await Promise.race([read, sleep(60_000, undefined, { ref: false })]));
  end();
  await copy;
});

test('a transient domain is gone after its end, and after a start that fails', options, async () => {
  const { engine, driver, parts } = await daemon('transient');
  driver.fault = { error: new Error('no room'), isBegun: true };
  await assert.rejects(engine.create(xmlOf('a')), /no room/);
  assert.deepEqual(engine.list(), []);
  await engine.create(xmlOf('a'));
  await assert.rejects(engine.setAutostart('a', { autostart: true }), fails('wrong-state', /transient/));
  await assert.rejects(
    engine.amend('a', { live: false, stored: true }, (domain) => domain),
    fails('wrong-state', /persistent config/),
  );
  await engine.destroy('a');
  await parts.queue.idle();
  assert.deepEqual(engine.list(), []);
});

test(
  'who looks at a domain that is just going is told that it is gone, and at all, of the others',
  options,
  async () => {
    const { engine, parts } = await daemon('going');
    await engine.define(xmlOf('b'));
    await engine.create(xmlOf('a'));
    const { store } = parts;
    const remove = store.remove.bind(store);
    const found: unknown[] = [];
    store.remove = async (name) => {
      await remove(name);
      const looks = [
        engine.xml(name),
        engine.xml(name, { inactive: true }),
        engine.document(name),
        engine.info(name),
        engine.parameters(name),
        engine.beancounters(name),
        engine.forwards(name),
      ];
      for (const look of await Promise.allSettled(looks))
        found.push(look.status === 'rejected' && isFault(look.reason, 'not-found') ? 'gone' : look);
      found.push((await usageOf(engine)).map((one) => one.name));
    };
    await engine.destroy('a');
    await parts.queue.idle();
    assert.deepEqual(found, [...Array.from({ length: 7 }, () => 'gone'), ['b']]);
  },
);

test(
  'a hook that takes a start back is what is told, of a transient domain and of one that restarts',
  options,
  async () => {
    const { engine, driver, parts, log } = await daemon('taken-back');
    const hook = join(parts.layout.hooks, 'lxc');
    writeFileSync(hook, '#!/bin/sh\n[ "$2" != started ] || { echo "not here" >&2; exit 1; }\n', {
      mode: 0o755,
    });
    await assert.rejects(engine.create(xmlOf('a')), fails('host-command', /not here/));
    assert.deepEqual(engine.list(), []);
    rmSync(hook);
    await engine.create(xmlOf('b', '<on_poweroff>restart</on_poweroff>'));
    driver.fault = { error: new Error('no room'), isBegun: true };
    driver.run('b').end('poweroff');
    await until(() => engine.list().length === 0, 'it is there still');
    assert.match(log.join('\n'), /'b' could not be restarted: Error: no room/);
    assert.doesNotMatch(log.join('\n'), /after the end/);
  },
);

test(
  'who waits for a domain hears that it is gone, and no less of one that only changes its name',
  options,
  async () => {
    const { engine, driver } = await daemon('awaited');
    await engine.define(xmlOf('a'));
    const running = engine.wait('a', { for: 'running', timeoutMs: 10_000 });
    await engine.rename('a', 'b');
    await engine.start('b');
    assert.deepEqual([(await running).name, (await running).state], ['b', 'running']);
    const stopped = engine.wait('b', { for: 'stopped', timeoutMs: 10_000 });
    await engine.undefine('b');
    driver.run('b').end('poweroff');
    assert.equal((await stopped).state, 'shutoff');
    await engine.define(xmlOf('c'));
    const never = engine.wait('c', { for: 'running', timeoutMs: 10_000 });
    await engine.undefine('c');
    await assert.rejects(never, fails('not-found', /'c' was undefined meanwhile/));
  },
);

test('a transient domain is told of by its run, and one that is defined then is new', options, async () => {
  const { engine, parts, told } = await daemon('unstored');
  const ended = async () => {
    await engine.destroy('a');
    await parts.queue.idle();
    return told.splice(0).map((line) => line.split(' ').slice(1, 3).join(' '));
  };
  await engine.create(xmlOf('a'));
  assert.deepEqual(await ended(), ['started booted', 'stopped destroyed']);
  await engine.create(xmlOf('a'));
  await engine.define(xmlOf('a'));
  await engine.define(xmlOf('a'));
  assert.deepEqual(await ended(), [
    'started booted',
    'defined added',
    'defined updated',
    'stopped destroyed',
  ]);
  await engine.start('a');
  await engine.undefine('a');
  assert.deepEqual(await ended(), ['started booted', 'undefined removed', 'stopped destroyed']);
});

test('a parameter is set in what runs, in what is stored, in both or in neither', options, async () => {
  const { engine, driver, told } = await daemon('set');
  await engine.define(xmlOf('a'));
  const stored = { live: false, stored: true };
  await assert.rejects(
    engine.setParameters('a', { numproc: '50' }, { live: true, stored: false }),
    fails('wrong-state', /--config/),
  );
  await assert.rejects(engine.setParameters('a', { numfoo: '50' }, stored), fails('invalid', /numfoo/i));
  // Neither asked for: what is off has only what is stored.
  const rows = await engine.setParameters('a', { numproc: '50' }, { live: false, stored: false });
  assert.deepEqual(
    rows.map(({ key, value }) => [key, value]),
    [['NUMPROC', '50']],
  );
  await engine.start('a');
  const processesOf = async (inactive: boolean) =>
    (await engine.parameters('a', { inactive })).find(({ key }) => key === 'NUMPROC')?.value;
  await engine.setParameters('a', { numproc: '60' }, { live: false, stored: false });
  assert.deepEqual([await processesOf(false), await processesOf(true)], ['60', '50']);
  await engine.setParameters('a', { numproc: '70' }, { live: true, stored: true });
  assert.deepEqual([await processesOf(false), await processesOf(true)], ['70', '70']);
  driver.changeFault = new Error('the kernel refuses');
  await assert.rejects(engine.setParameters('a', { numproc: '80' }, { live: true, stored: true }), /refuses/);
  assert.deepEqual([await processesOf(false), await processesOf(true)], ['70', '70'], 'whole or not at all');
  assert.equal(told.filter((line) => line === 'a changed parameters').length, 2);
});

test(
  'who looks at a domain that is just renamed or undefined sees it, or that it is gone',
  options,
  async () => {
    const { engine } = await daemon('looks');
    for (let round = 0; round < 20; round++) {
      const { uuid } = (await engine.define(xmlOf('a'))).domain;
      let isOver = false;
      const looking = async (): Promise<void> => {
        const isHere = (error: unknown): void =>
          assert.ok(isOver && isFault(error, 'not-found'), String(error));
        while (!isOver) {
          const looks = [engine.xml(uuid), engine.info(uuid), engine.document(uuid), engine.parameters(uuid)];
          await Promise.all([...looks.map((look) => look.catch(isHere)), usageOf(engine)]);
        }
      };
      const all = Promise.all([looking(), looking()]);
      for (const name of ['b', 'c', 'd']) await engine.rename(uuid, name);
      const gone = engine.undefine(uuid);
      isOver = true;
      await Promise.all([gone, all]);
    }
  },
);

test('words that no document can hold are refused as such', options, async () => {
  const { engine } = await daemon('words');
  const request = { name: 'a', template: 't' };
  for (const said of [
    { name: 'a\u001b' },
    { description: '\u001b' },
    { template: 't\u001b' },
    { profile: '\u001b' },
  ])
    for (const dryRun of [true, false])
      await assert.rejects(
        engine.defineFrom({ ...request, ...said }, { dryRun }),
        fails('invalid', /control char|U\+001B/),
        JSON.stringify(said),
      );
  assert.deepEqual(engine.list(), []);
});

test('a refusal of words names what it is about, and not in its sentence alone', options, async () => {
  const { engine } = await daemon('about');
  await engine.define(xmlOf('a'));
  const request = { name: 'b', template: 't' };
  for (const [said, about] of [
    [{ name: 'a/b' }, { name: 'a/b' }],
    [{ name: ' a' }, { name: ' a' }],
    [{ values: { PHYSPAGES: 'lots' } }, { key: 'PHYSPAGES' }],
    [{ values: { diskspace: 'lots' } }, { key: 'DISKSPACE' }],
    [{ addAddresses: ['192.168.1.300'] }, { address: '192.168.1.300' }],
    [{ template: 'nosuch' }, { name: 'nosuch' }],
  ] as const)
    await assert.rejects(engine.defineFrom({ ...request, ...said }, { dryRun: true }), { details: about });
});

test('limits of block I/O that no container starts with are refused at every door', options, async () => {
  const { engine } = await daemon('slow');
  const low = (name: string, value: string): string =>
    `<metadata><ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'><ctvirt:parameter name='${name}' value='${value}'/></ctvirt:beancounters></metadata>`;
  await engine.define(xmlOf('a'));
  for (const [name, few, enough] of [
    ['iolimit', '1', '64K'],
    ['iopslimit', '1', '5'],
  ] as const) {
    const refused = fails('invalid', new RegExp(name, 'i'));
    await assert.rejects(engine.define(xmlOf('b', low(name, few))), refused);
    const stored = { live: false, stored: true };
    await assert.rejects(engine.setParameters('a', { [name]: few }, stored), refused);
    for (const value of [enough, '0', 'unlimited'])
      await engine.setParameters('a', { [name]: value }, stored);
    await engine.define(xmlOf('c', low(name, enough)));
  }
});

test('a limit beyond what the host has is told to whoever defines or sets it, once', options, async () => {
  const { engine, log } = await daemon('beyond');
  const isBeyond = ({ message }: { message: string }): boolean => /limits nothing/.test(message);
  assert.ok(!(await engine.define(xmlOf('a'))).findings.some(isBeyond));
  const stored = { live: false, stored: true };
  // From some number on OpenVZ counts no more: that is no limit, as the word for it is.
  for (const ram of ['1G', '9999T', '9999T', 'unlimited', '99999999T'])
    await engine.setParameters('a', { ram }, stored);
  assert.deepEqual(log.length, 2, log.join('\n'));
  assert.match(log[0] ?? '', /^warn: domain 'a': a limit of \d+ MiB of memory limits nothing/);
  assert.equal(log[1], "warn: domain 'a': ram '99999999T' is more than can be counted, and limits nothing");
  const huge = xmlOf('b', "<memtune><hard_limit unit='TiB'>9999</hard_limit></memtune>");
  const [finding] = (await engine.define(huge)).findings.filter(isBeyond);
  assert.equal(finding?.path, '/domain/memtune/hard_limit');
});

test('marked domains are started once in each boot of the host', options, async () => {
  const { engine, parts, driver, log } = await daemon('marked');
  await engine.define(xmlOf('a'));
  await engine.define(xmlOf('b'));
  await engine.define(xmlOf('c'));
  await engine.setAutostart('a', { autostart: true });
  await engine.setAutostart('b', { autostart: true });
  driver.fault = { error: new Error('no room'), isBegun: true };
  await autostart(engine.start, parts);
  const [started = '', ...others] = driver.left;
  assert.ok(
    ['a', 'b'].includes(started) && others.length === 0,
    'one that fails does not keep the other off',
  );
  assert.match(log.join('\n'), /domain '[ab]' could not be started: Error: no room/);
  assert.equal(readFileSync(join(parts.layout.run, 'autostarted'), 'utf8'), bootId());
  await engine.destroy(started);
  await autostart(engine.start, parts);
  assert.deepEqual(driver.left, []);
  const next = await daemon('marked', driver);
  assert.deepEqual(
    next.engine.list().map(({ name, autostart: isMarked }) => `${name} ${isMarked}`),
    ['a true', 'b true', 'c false'],
  );
});

test('what is told of a domain is told by its name, whatever that is on disk', options, async () => {
  const { engine, parts } = await daemon('names');
  for (const name of ['.', '..', '-h', 'a b']) await engine.define(xmlOf(name));
  const { owned, stray } = await parts.assets.check();
  assert.deepEqual(stray, []);
  for (const kind of ['folder', 'id-range'])
    assert.deepEqual(owned.flatMap((one) => (one.kind === kind ? [one.owner] : [])).sort(), [
      '-h',
      '.',
      '..',
      'a b',
    ]);
});

/** A document with a map of its own. */
const mapOf = (target: number, count = RANGE_SIZE): string =>
  `<idmap><uid start='0' target='${target}' count='${count}'/><gid start='0' target='${target}' count='${count}'/></idmap>`;

test(
  'a map without ranges is none, and one without a root for the container is refused',
  options,
  async () => {
    const { engine, parts } = await daemon('maps');
    await engine.define(xmlOf('empty', '<idmap/>'));
    assert.equal(parts.registry.find('empty').record.ids?.count, RANGE_SIZE);
    await engine.start('empty');
    const range = (kind: string, start: number): string =>
      `<${kind} start='${start}' target='100000' count='10'/>`;
    for (const [ranges, kind] of [
      [range('uid', 10) + range('gid', 0), 'uid'],
      [range('uid', 0) + range('gid', 1), 'gid'],
      [range('uid', 0), 'gid'],
    ] as const)
      await assert.rejects(engine.define(xmlOf('rootless', `<idmap>${ranges}</idmap>`)), {
        code: 'invalid',
        message: new RegExp(`maps no ${kind} 0`),
      });
    await engine.define(
      xmlOf(
        'rooted',
        `<idmap>${range('uid', 10)}${range('uid', 0).replace('100000', '200000')}${range('gid', 0)}</idmap>`,
      ),
    );
  },
);

test('nobody is leased ids that a document names, and who shares some is told so', options, async () => {
  const { engine, parts, driver } = await daemon('ids');
  const startOf = (name: string): number => parts.registry.find(name).record.ids?.start ?? assert.fail(name);
  const remarksOn = async (xml: string): Promise<string[]> =>
    (await engine.define(xml)).findings
      .filter(({ code }) => code === 'shared-ids')
      .map(({ path, message }) => `${path} ${/domain '\w+'( and 1 more)?/.exec(message)?.[0]}`);
  assert.deepEqual(await remarksOn(xmlOf('first')), []);
  const next = startOf('first') + RANGE_SIZE;
  assert.deepEqual(await remarksOn(xmlOf('im', mapOf(next + 1000))), []);
  assert.deepEqual(await remarksOn(xmlOf('nx')), []);
  assert.equal(startOf('nx'), next + 2 * RANGE_SIZE);
  // A map is compared with those of others, and with what they leased; both sides are told.
  const both = (who: string): string[] => [`/domain/idmap/uid[1] ${who}`, `/domain/idmap/gid[1] ${who}`];
  assert.deepEqual(await remarksOn(xmlOf('twin', mapOf(next + 1000))), both("domain 'im'"));
  assert.deepEqual(await remarksOn(xmlOf('im', mapOf(next + 1000))), both("domain 'twin'"));
  await engine.undefine('twin');
  assert.deepEqual(await remarksOn(xmlOf('im', mapOf(startOf('nx') + 1, 1))), both("domain 'nx'"));
  assert.deepEqual(await remarksOn(xmlOf('nx')), ["/domain domain 'im'", "/domain domain 'im'"]);
  // A run has the map it was started with, whatever is stored meanwhile.
  const free = startOf('nx') + RANGE_SIZE;
  await engine.define(xmlOf('im', mapOf(free)));
  await engine.start('im');
  await engine.define(xmlOf('im', mapOf(free + RANGE_SIZE)));
  await engine.define(xmlOf('ny'));
  assert.equal(startOf('ny'), free + 2 * RANGE_SIZE);
  await engine.destroy('im');
  assert.equal(parts.ids.sharers('', 'uid', { first: free, count: RANGE_SIZE }), undefined);
  // The next daemon knows them, of records of older versions, too.
  const path = join(parts.store.folder('im'), 'record.json');
  for (const without of [[], ['mapped']]) {
    const record: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(
      path,
      JSON.stringify(record, (key, value) => (without.includes(key) ? undefined : value)),
    );
    const later = await daemon('ids', driver);
    assert.equal(later.parts.ids.sharers('', 'gid', { first: free + RANGE_SIZE, count: 1 }), "domain 'im'");
  }
});

test(
  'in any order of definitions, changes and ends nobody is leased what another one has',
  options,
  async () => {
    const { engine, parts } = await daemon('orders');
    const first = 0x80000000;
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.record({
      name,
      what: fc.constantFrom('plain', 'plain', 'map', 'map', 'undefine', 'start', 'destroy'),
      /** Halves of ranges after the latest lease. */
      at: fc.nat(5),
    });
    let latest = first;
    const heldBy = (own: string): { first: number; count: number }[] =>
      [...parts.registry.entries()].flatMap(({ record, shown }) => {
        if (record.name === own) return [];
        const leased = record.ids === null ? [] : [{ first: record.ids.start, count: record.ids.count }];
        return [...leased, ...[record, shown].flatMap((one) => one?.mapped?.uid ?? [])];
      });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        for (const one of steps) {
          const entry = parts.registry.byName(one.name);
          const more = one.what === 'map' ? mapOf(latest + (one.at * RANGE_SIZE) / 2 + 17) : '';
          const isNew = entry === undefined;
          if (one.what === 'undefine') await engine.undefine(one.name).catch(() => undefined);
          else if (one.what === 'start') await engine.start(one.name).catch(() => undefined);
          else if (one.what === 'destroy') await engine.destroy(one.name).catch(() => undefined);
          else await engine.define(xmlOf(one.name, more)).catch(() => undefined);
          const ids = parts.registry.byName(one.name)?.record.ids;
          if (!isNew || ids === undefined || ids === null) continue;
          latest = ids.start;
          for (const held of heldBy(one.name))
            assert.ok(
              held.first >= ids.start + ids.count || ids.start >= held.first + held.count,
              `${one.name} was leased ${ids.start}, which another one has: ${JSON.stringify(held)}`,
            );
        }
        for (const { record, running } of [...parts.registry.entries()]) {
          if (running !== undefined) await engine.destroy(record.name);
          if (parts.registry.byName(record.name) !== undefined) await engine.undefine(record.name);
        }
        await parts.queue.idle();
        assert.deepEqual([...parts.registry.mapped()], [], 'nothing is named by nobody');
      }),
      { numRuns: 25 },
    );
  },
);

test(
  'what goes by itself while it is removed is gone, and what stays keeps nothing else',
  options,
  async () => {
    const gone = Object.assign(new Error('ENODEV: no such device, write'), { code: 'ENODEV' });
    const stuck = new EngineError('busy', 'somebody has it open');
    const there = new Map<string, (what: string) => void>([
      ['vanishing', (what) => void there.delete(what)],
      ['stuck', () => undefined],
      ['last', (what) => void there.delete(what)],
    ]);
    const errors = new Map([
      ['vanishing', gone],
      ['stuck', stuck],
    ]);
    class Holding extends MemoryDriver {
      override assets(): HeldAsset[] {
        return [...there].map(([what, go]) => ({
          ...{ kind: 'cgroup', what, owner: null },
          remove: async () => {
            go(what);
            if (errors.has(what)) throw errors.get(what);
          },
        }));
      }
    }
    const documentPath = documentPathIn(layoutOf(join(root, 'strays')));
    const { engine } = await daemon('strays', new Holding({ documentPath }));
    await assert.rejects(engine.clean(), stuck);
    assert.deepEqual([...there.keys()], ['stuck']);
    there.set('vanishing', (what) => void there.delete(what)).delete('stuck');
    assert.deepEqual(await engine.clean(), [{ kind: 'cgroup', what: 'vanishing', owner: null }]);
    await engine.close();
  },
);
