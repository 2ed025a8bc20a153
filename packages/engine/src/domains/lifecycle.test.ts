// The states of domains over a driver in memory: what an end leads to, whoever was there to see it.
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Domain, parseDomain } from '@ctvirt/xml';
import { asker, onBehalfOf } from '../asker.js';
import type { Ending } from '../drivers/driver.js';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { EngineError } from '../errors.js';
import { Admission } from '../guarantees/admission.js';
import { claimOf } from '../lifecycle/claim.js';
import { type Entry, Registry } from '../registry/registry.js';
import { layoutOf } from '../state/layout.js';
import { KeyedQueue } from '../state/queue.js';
import type { DomainRecord } from '../state/record.js';
import { DomainStore } from '../state/store.js';
import { domainRecord } from '../testing/record.js';
import { Lifecycle } from './lifecycle.js';

const root = mkdtempSync(join(tmpdir(), 'cvl'));
after(() => rmSync(root, { recursive: true }));
const layout = layoutOf(root);
const facts = { pageSize: 4096, hostCpus: 2 };

const xmlOf = (name: string, more: string) =>
  `<domain type='lxc'><name>${name}</name>${more}<devices><filesystem type='mount'><source dir='/x'/><target dir='/'/></filesystem></devices></domain>`;

const recordOf = (name: string, more: Partial<DomainRecord>): DomainRecord => domainRecord({ name, ...more });

/** One domain on one host; `again` is the next daemon there. */
class Host {
  readonly events: string[] = [];
  readonly noted: string[] = [];
  readonly logged: string[] = [];
  readonly hooked: string[] = [];
  /** The hook that does not let it start. */
  refusedBy = '';
  /** What its runs write to their consoles. */
  said = '';
  readonly #xml: string;
  #queue = new KeyedQueue();
  readonly registry = new Registry();
  lifecycle: Lifecycle;
  entry: Entry;

  constructor(
    readonly record: DomainRecord = recordOf('d', {}),
    more = '',
    readonly driver = new MemoryDriver(),
  ) {
    this.#xml = xmlOf(record.name, more);
    const store = new DomainStore(layout);
    mkdirSync(store.folder(record.name), { recursive: true });
    const { registry } = this;
    this.entry = registry.add(record, 'shutoff', record.lastReason);
    this.lifecycle = new Lifecycle({
      driver,
      store,
      registry,
      queue: this.#queue,
      admission: new Admission({
        policy: 'off',
        reserveBytes: 0,
        capacity: () => assert.fail('nobody asks'),
        running: async () => [],
        warn: () => undefined,
      }),
      networkLinks: {
        place: async (_entry, domain) => domain,
        chooserFor: async () => () => [],
        tell: async () => undefined,
        shadowed: async () => [],
      },
      consoleLogs: { read: (_uuid, run) => ({ run, text: this.said, truncated: false }) },
      hooks: {
        ask: async (_subject, operation) => {
          this.hooked.push(operation);
          if (this.refusedBy === operation) throw new EngineError('host-command', `${operation} refused`);
        },
        tell: async (_subject, operation) => {
          this.hooked.push(operation);
        },
      },
      rootMounts: { refuse: () => undefined },
      refuseStart: () => undefined,
      heldMark: ({ record: { name } }) => join(store.folder(name), 'held'),
      ofRun: async () => domainOf(this.#xml),
      stored: async () => ({ xml: this.#xml, domain: domainOf(this.#xml) }),
      claim: (domain) => claimOf(domain, facts),
      emit: (event, detail) => this.events.push(`${event} ${detail}`),
      lives: {
        note: (_entry, { event, detail }) => this.noted.push(`${event} ${detail}, by ${asker() ?? 'nobody'}`),
      },
      log: (level, message) => this.logged.push(`${level}: ${message}`),
      takeBack: async () => false,
      forget: async (entry) => {
        this.events.push('forgotten');
        registry.remove(entry);
      },
    });
  }

  get state(): string {
    return `${this.entry.state} ${this.entry.reason}`;
  }

  /** In turn, as the engine does. */
  do(operation: (entry: Entry) => Promise<void>): Promise<void> {
    return this.#queue.run(this.record.name, () => operation(this.entry));
  }

  start(): Promise<void> {
    return this.do((entry) => this.lifecycle.start(entry));
  }

  async end(cause: Ending['cause']): Promise<void> {
    this.driver.run(this.record.name).end(cause);
    await this.settled();
  }

  /** Until nothing happens by itself any more. */
  async settled(): Promise<void> {
    for (let turns = 0; turns < 20; turns++) await turn();
    await this.#queue.idle();
  }

  async again(said = ''): Promise<Host> {
    this.lifecycle.close();
    const next = new Host(this.record, this.#more, this.driver);
    next.said = said;
    await next.lifecycle.recover();
    await next.settled();
    return next;
  }

  get #more(): string {
    return /<\/name>(.*)<devices>/.exec(this.#xml)?.[1] ?? '';
  }
}

function domainOf(xml: string): Domain {
  const { domain } = parseDomain(xml);
  return domain ?? assert.fail('no domain');
}

test('it starts, is told so, and ends of its own wish', async () => {
  const host = new Host();
  await host.start();
  assert.equal(host.state, 'running booted');
  assert.equal(host.entry.id, host.driver.run('d').id);
  await host.end('poweroff');
  assert.equal(host.state, 'shutoff shutdown');
  assert.deepEqual(host.events, ['started booted', 'stopped shutdown']);
  assert.equal(host.entry.id, null);
  assert.deepEqual(host.driver.left, []);
});

test('who asked for a start asked for no end that comes by itself, and one that fails is noted', async () => {
  const host = new Host(recordOf('d', {}), '<on_reboot>restart</on_reboot>');
  await onBehalfOf(
    () => 'somebody',
    async () => {
      await host.start();
      await host.do((entry) => host.lifecycle.ask(entry, 'reboot'));
      host.refusedBy = 'start';
      await host.end('reboot');
      await assert.rejects(host.start(), /start refused/);
    },
  );
  assert.deepEqual(host.noted, [
    'asked reboot, by somebody',
    'unstarted failed, by nobody',
    'unstarted failed, by somebody',
  ]);
});

/** By what its document wants at such an end: what follows. */
const ends: readonly [more: string, cause: Ending['cause'], state: string, events: readonly string[]][] = [
  ['', 'crash', 'shutoff crashed', ['stopped crashed']],
  ['', 'reboot', 'running booted', ['stopped shutdown', 'started rebooted']],
  ['<on_reboot>destroy</on_reboot>', 'reboot', 'shutoff shutdown', ['stopped shutdown']],
  [
    '<on_poweroff>restart</on_poweroff>',
    'poweroff',
    'running booted',
    ['stopped shutdown', 'started booted'],
  ],
  ['<on_crash>restart</on_crash>', 'crash', 'running booted', ['stopped crashed', 'started booted']],
  ['<on_crash>coredump-restart</on_crash>', 'crash', 'running booted', ['stopped crashed', 'started booted']],
  ['<on_crash>preserve</on_crash>', 'crash', 'shutoff crashed', ['stopped crashed']],
  ['<on_reboot>restart</on_reboot>', 'unstarted', 'shutoff failed', ['stopped failed']],
];
for (const [more, cause, state, events] of ends) {
  test(`${more || 'nothing said'}: ${cause}`, async () => {
    const host = new Host(recordOf('d', {}), more);
    await host.start();
    await host.end(cause);
    assert.equal(host.state, state);
    assert.deepEqual(host.events.slice(1), events);
  });
  test(`${more || 'nothing said'}: ${cause} while no daemon is there`, async () => {
    const host = new Host(recordOf('d', {}), more);
    await host.start();
    host.lifecycle.close();
    host.driver.run('d').end(cause);
    const next = await host.again();
    assert.equal(next.state, state);
    assert.deepEqual(next.events, events);
  });
}

for (const over of ['goes on', 'has ended'] as const)
  test(`passwords that a killed daemon had set are not set again where the run ${over}`, async () => {
    const credentials = { passwords: { root: '$6$a' }, sshKeys: {} };
    const host = new Host(recordOf('d', { credentials }));
    await host.start();
    assert.equal(host.entry.record.credentials, undefined);
    if (over === 'has ended') {
      host.lifecycle.close();
      await host.end('poweroff');
    }
    // It has the record as it was before the start.
    const next = await host.again();
    assert.equal(next.entry.record.credentials, undefined);
  });

test('what crashes again and again stays off, what reboots does not', async () => {
  const crashing = new Host(recordOf('d', {}), '<on_crash>restart</on_crash>');
  await crashing.start();
  for (let ended = 0; crashing.entry.state === 'running'; ended++) {
    assert.ok(ended < 10, 'it never stays off');
    await crashing.end('crash');
  }
  assert.match(crashing.logged.join('\n'), /ended 6 times within a minute and stays off/);
  // Another of its name begins afresh.
  crashing.entry.record = recordOf('d', { uuid: '00000000-0000-4000-8000-000000000002' });
  await crashing.start();
  await crashing.end('crash');
  assert.equal(crashing.state, 'running booted');
  const rebooting = new Host();
  await rebooting.start();
  for (let ended = 0; ended < 4; ended++) await rebooting.end('reboot');
  assert.equal(rebooting.state, 'running booted');
});

test('destroy is no crash, whatever its document says, and is kept by the next daemon', async () => {
  const host = new Host(recordOf('d', {}), '<on_crash>restart</on_crash>');
  await host.start();
  await host.do((entry) => host.lifecycle.destroy(entry));
  await host.settled();
  assert.equal(host.state, 'shutoff destroyed');
  assert.deepEqual(host.events, ['started booted', 'stopped destroyed']);
  await host.start();
  host.lifecycle.close();
  await host.driver.run('d').kill(Promise.resolve());
  const next = await host.again();
  assert.equal(next.state, 'shutoff destroyed');
});

test('what does not end when it is killed is told, and its end whenever it comes', async () => {
  const host = new Host();
  await host.start();
  host.driver.run('d').isHung = true;
  await assert.rejects(
    host.do((entry) => host.lifecycle.destroy(entry)),
    { code: 'timeout' },
  );
  assert.equal(host.state, 'running booted');
  await host.end('crash');
  assert.equal(host.state, 'shutoff crashed');
});

test('a start that is refused leaves the reason of the last end, one that fails has its own', async () => {
  const host = new Host(recordOf('d', { lastReason: 'destroyed' }));
  host.driver.fault = { error: new Error('refused'), isBegun: false };
  await assert.rejects(host.start(), /refused/);
  assert.equal(host.state, 'shutoff destroyed');
  host.driver.fault = { error: new Error('failed'), isBegun: true };
  await assert.rejects(host.start(), /failed/);
  assert.equal(host.state, 'shutoff failed');
  await host.start();
  assert.equal(host.state, 'running booted');
});

test('one that is over before anybody looks ends like any other', async () => {
  const host = new Host();
  host.driver.isBrief = true;
  await host.start();
  await host.settled();
  assert.equal(host.state, 'shutoff shutdown');
  assert.deepEqual(host.events, ['started booted', 'stopped shutdown']);
});

test('between an end and the next start it is not running: a shutdown is its last, nothing else is taken', async () => {
  for (const last of ['shutdown', 'destroy'] as const) {
    const host = new Host();
    await host.start();
    for (let ended = 0; ended < 6; ended++) await host.end('reboot');
    assert.equal(host.state, 'running booted');
    await assert.rejects(
      host.do((entry) => host.lifecycle.suspend(entry)),
      { code: 'wrong-state' },
    );
    await host.do((entry) => host.lifecycle.ask(entry, 'reboot'));
    assert.deepEqual(host.driver.run('d').asked, [], 'nobody is there to be asked');
    await host.do((entry) =>
      last === 'destroy' ? host.lifecycle.destroy(entry) : host.lifecycle.ask(entry, 'poweroff'),
    );
    await host.settled();
    assert.equal(host.state, last === 'destroy' ? 'shutoff destroyed' : 'shutoff shutdown');
    host.lifecycle.close();
  }
});

test('one that rebooted while no daemon was there comes back, transient or not, however short it lives', async () => {
  const host = new Host(recordOf('d', { persistent: false }));
  await host.start();
  host.lifecycle.close();
  host.driver.run('d').end('reboot');
  host.driver.isBrief = true;
  const next = await host.again();
  assert.deepEqual(next.events.slice(-2), ['stopped shutdown', 'forgotten']);
  assert.equal(next.events.filter((event) => event === 'forgotten').length, 1);
  assert.doesNotMatch(next.logged.join('\n'), /error/);
  assert.ok(next.events.includes('started rebooted'), next.events.join());
});

test('an address that another one has ends a start before anything runs', async () => {
  const host = new Host();
  const other = host.registry.add(
    recordOf('other', { uuid: '00000000-0000-4000-8000-000000000002', addresses: ['10.0.0.9'] }),
    'shutoff',
    'unknown',
  );
  host.registry.replace(host.entry, { ...host.entry.record, addresses: ['10.0.0.9'] });
  host.registry.replace(other, other.record);
  await assert.rejects(host.start(), { code: 'exists' });
  assert.equal(host.state, 'shutoff unknown');
  assert.deepEqual(host.driver.left, []);
});

test('a transient domain is gone with its run, also if that ended unseen', async () => {
  const transient = recordOf('d', { persistent: false });
  const host = new Host(transient);
  await host.start();
  await host.end('poweroff');
  assert.deepEqual(host.events, ['started booted', 'stopped shutdown', 'forgotten']);
  const other = new Host(transient);
  await other.start();
  other.lifecycle.close();
  other.driver.run('d').end('crash');
  assert.ok((await other.again()).events.includes('forgotten'));
});

test('the next daemon finds it as it is: running, or paused', async () => {
  const host = new Host();
  await host.start();
  const { id } = host.entry;
  assert.equal((await host.again()).state, 'running booted');
  host.driver.run('d').isFrozen = true;
  const next = await host.again();
  assert.equal(next.state, 'paused user');
  assert.equal(next.entry.id, id);
  await next.do((entry) => next.lifecycle.resume(entry));
  assert.equal(next.state, 'running unpaused');
});

test('how it ended is remembered, and what it said is told of one that ended soon', async () => {
  const host = new Host();
  host.said = 'no disk\n\ngiving up\n';
  await host.start();
  host.driver.run('d').end('crash', 'init ended with status 3');
  await host.settled();
  assert.equal(host.entry.record.lastEnd?.how, 'init ended with status 3');
  assert.match(
    host.logged.join('\n'),
    /warn: .* ended soon after its start \(init .* 3\): no disk \| giving up/,
  );
  await host.start();
  await host.do((entry) => host.lifecycle.destroy(entry));
  assert.equal(host.entry.record.lastEnd?.how, 'destroyed');
  assert.equal(host.logged.filter((line) => line.includes('soon after')).length, 1);
  host.driver.fault = { error: new Error('no room'), isBegun: true };
  await assert.rejects(host.start());
  assert.deepEqual([host.entry.record.lastEnd?.how, host.state], ['no room', 'shutoff failed']);
});

test('of one that ended while no daemon ran nobody says that it was soon', async () => {
  const host = new Host();
  host.said = 'up and well\n';
  await host.start();
  host.lifecycle.close();
  host.driver.run('d').end('crash', 'the monitor of the container was ended');
  const next = await host.again('up and well\n');
  assert.equal(next.state, 'shutoff crashed');
  assert.doesNotMatch(next.logged.join('\n'), /soon after/);
});

test('hooks are told of each run, and of a restart as of an end and a start', async () => {
  const host = new Host(undefined, '<on_reboot>restart</on_reboot>');
  await host.start();
  const [begun, over] = [
    ['prepare', 'start', 'started'],
    ['stopped', 'release'],
  ];
  assert.deepEqual(host.hooked.splice(0), begun);
  await host.end('reboot');
  assert.deepEqual(host.hooked.splice(0), [...over, ...begun]);
  await host.again().then((next) => assert.deepEqual(next.hooked, ['reconnect']));
  await host.do((entry) => host.lifecycle.destroy(entry));
  assert.deepEqual(host.hooked, over);
});

for (const [operation, hooked] of [
  ['prepare', ['prepare']],
  ['start', ['prepare', 'start', 'release']],
  ['started', ['prepare', 'start', 'started', 'stopped', 'release']],
] as const)
  test(`a hook that refuses at ${operation} leaves nothing running`, async () => {
    const host = new Host();
    host.refusedBy = operation;
    await assert.rejects(host.start(), { message: `${operation} refused` });
    await host.settled();
    assert.match(host.state, /^shutoff/);
    assert.deepEqual([host.driver.left, host.hooked], [[], hooked]);
  });

/** Operations on a domain, by what they need of it. */
const refusals: readonly [name: string, wanted: string, (host: Host) => Promise<void>][] = [
  ['destroy', 'off', (host) => host.do((entry) => host.lifecycle.destroy(entry))],
  ['suspend', 'off', (host) => host.do((entry) => host.lifecycle.suspend(entry))],
  ['resume', 'off', (host) => host.do((entry) => host.lifecycle.resume(entry))],
  ['reboot', 'off', (host) => host.do(async (entry) => host.lifecycle.ask(entry, 'reboot'))],
  ['start', 'running', (host) => host.start()],
  ['resume', 'running', (host) => host.do((entry) => host.lifecycle.resume(entry))],
  ['suspend', 'paused', (host) => host.do((entry) => host.lifecycle.suspend(entry))],
  ['shutdown', 'paused', (host) => host.do(async (entry) => host.lifecycle.ask(entry, 'poweroff'))],
];
for (const [name, state, operation] of refusals)
  test(`${name} of one that is ${state} is refused, and changes nothing`, async () => {
    const host = new Host();
    if (state !== 'off') await host.start();
    if (state === 'paused') await host.do((entry) => host.lifecycle.suspend(entry));
    const [before, told] = [host.state, host.events.length];
    await assert.rejects(operation(host), { code: 'wrong-state' });
    assert.equal(host.state, before);
    assert.equal(host.events.length, told);
  });
