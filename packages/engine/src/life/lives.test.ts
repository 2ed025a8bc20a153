// What happened to domains is known to the next daemon, whatever becomes of its file.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { onBehalfOf } from '../asker.js';
import { Lives } from './lives.js';

const uuid = '11111111-2222-3333-4444-555555555555';
const web = { record: { name: 'web', uuid } };

class Host {
  readonly folder: string;
  readonly logged: string[] = [];
  readonly defined = new Set([uuid]);
  now = new Date('2026-11-30T12:00:00Z');

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'ctvirt-lives-'));
    t.after(() => rmSync(this.folder, { recursive: true }));
  }

  /** The next daemon. */
  open(): Lives {
    return new Lives({
      folder: this.folder,
      log: (level, message) => this.logged.push(`${level}: ${message}`),
      isDefined: (one) => this.defined.has(one),
      now: () => this.now,
    });
  }

  get file(): string {
    return join(this.folder, `${uuid}.log`);
  }
}

const told = (lives: Lives) => lives.of(uuid).map(({ event, detail, by }) => [event, detail, by]);

test('the next daemon knows what happened, who asked for it, and what the domain was called', async (t) => {
  const host = new Host(t);
  const first = host.open();
  await onBehalfOf(
    () => 'somebody',
    async () => first.note(web, { event: 'started', detail: 'booted' }),
  );
  first.note(web, { event: 'stopped', detail: 'crashed', words: 'killed by SIGSEGV' });
  assert.deepEqual(told(first).length, 2, 'before it is written down');
  await first.close();
  first.note({ record: { name: 'shop', uuid } }, { event: 'defined', detail: 'renamed', words: 'web' });
  await first.close();
  assert.deepEqual(host.open().of(uuid), [
    {
      ...{ at: '2026-11-30T12:00:00.000Z', until: null, event: 'started', detail: 'booted', name: 'web' },
      ...{ by: 'somebody', words: null, refused: null, job: null },
    },
    {
      ...{ at: '2026-11-30T12:00:00.000Z', until: null, event: 'stopped', detail: 'crashed', name: 'web' },
      ...{ by: null, words: 'killed by SIGSEGV', refused: null, job: null },
    },
    {
      ...{ at: '2026-11-30T12:00:00.000Z', until: null, event: 'defined', detail: 'renamed', name: 'shop' },
      ...{ by: null, words: 'web', refused: null, job: null },
    },
  ]);
});

test('what is noted waits for no disk, and is told once while it is being written down', async (t) => {
  const lives = new Host(t).open();
  for (let each = 0; each < 50; each++) {
    lives.note(web, { event: 'started', detail: String(each) });
    assert.equal(lives.of(uuid).length, each + 1);
    if (each % 7 === 0) await new Promise(setImmediate);
  }
  await lives.close();
  assert.equal(lives.of(uuid).length, 50);
});

test('a line that was not written to its end is left out, and harms none that comes after it', async (t) => {
  const host = new Host(t);
  const first = host.open();
  first.note(web, { event: 'started', detail: 'booted' });
  await first.close();
  const line = readFileSync(host.file);
  for (const torn of [
    line.subarray(0, 30),
    Buffer.alloc(64),
    Buffer.from('{"at":1}\n[]\nnull\n"\ud800'),
    line.subarray(0, -1),
  ]) {
    appendFileSync(host.file, torn);
    const next = host.open();
    next.note(web, { event: 'stopped', detail: 'shutdown' });
    await next.close();
  }
  const events = host
    .open()
    .of(uuid)
    .map(({ event }) => event);
  assert.equal(events.filter((event) => event === 'stopped').length, 1, 'the same line in one moment is one');
  assert.equal(events[0], 'started');
});

test('a clock that is set back changes no order', async (t) => {
  const host = new Host(t);
  const lives = host.open();
  lives.note(web, { event: 'started', detail: 'booted' });
  host.now = new Date('2026-11-29T12:00:00Z');
  lives.note(web, { event: 'stopped', detail: 'shutdown' });
  await lives.close();
  assert.deepEqual(
    host
      .open()
      .of(uuid)
      .map(({ event, at }) => [event, at.slice(0, 10)]),
    [
      ['started', '2026-11-30'],
      ['stopped', '2026-11-29'],
    ],
  );
});

test('a file is bounded, and the newest lines are those that are kept', async (t) => {
  const host = new Host(t);
  const lives = host.open();
  const words = 'x'.repeat(5000);
  for (let each = 0; each < 1000; each++) {
    lives.note(web, { event: 'unstarted', detail: String(each), words });
    if (each % 10 === 0) await lives.close();
  }
  await lives.close();
  const sizes = readdirSync(host.folder).map((name) => statSync(join(host.folder, name)).size);
  assert.ok(sizes.length === 2 && sizes.every((size) => size < 160 * 1024), String(sizes));
  const kept = lives.of(uuid).map(({ detail }) => Number(detail));
  assert.ok(kept.length >= 100, String(kept.length));
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, at) => 1000 - kept.length + at),
  );
});

test('a disk that takes nothing is told of once, and nothing is lost when it goes again', async (t) => {
  const host = new Host(t);
  // What cannot be opened for writing, whoever asks; the disk without room is a story of its own.
  mkdirSync(host.file);
  const lives = host.open();
  const other = { record: { name: 'other', uuid: 'another' } };
  host.defined.add('another');
  mkdirSync(join(host.folder, 'another.log'));
  for (let each = 0; each < 300; each++) {
    lives.note(web, { event: 'started', detail: String(each) });
    lives.note(other, { event: 'started', detail: String(each) });
    if (each % 50 === 0) await lives.close();
  }
  await lives.close();
  assert.deepEqual(
    host.logged.map((line) => line.slice(0, 5)),
    ['warn:'],
  );
  for (const path of [host.file, join(host.folder, 'another.log')]) rmSync(path, { recursive: true });
  lives.note(web, { event: 'stopped', detail: 'shutdown' });
  await lives.close();
  assert.deepEqual(
    host.logged.map((line) => line.slice(0, 5)),
    ['warn:', 'info:'],
  );
  const next = host.open();
  assert.equal(next.of(uuid).length, 201, 'what it could keep in memory');
  assert.equal(next.of('another').length, 200);
});

test('one file that takes nothing keeps none of the others back, and is told of once', async (t) => {
  const host = new Host(t);
  host.defined.add('another');
  const lives = host.open();
  mkdirSync(host.file);
  for (let each = 0; each < 5; each++)
    for (const one of [uuid, 'another']) {
      lives.note({ record: { name: 'web', uuid: one } }, { event: 'started', detail: String(each) });
      await lives.close();
    }
  assert.deepEqual(
    host.logged.map((line) => line.slice(0, 5)),
    ['warn:'],
  );
  assert.equal(host.open().of('another').length, 5);
  rmSync(host.file, { recursive: true });
  lives.note({ record: { name: 'web', uuid: 'another' } }, { event: 'stopped', detail: 'shutdown' });
  await lives.close();
  assert.equal(host.logged.length, 2);
  assert.equal(host.open().of(uuid).length, 5);
});

test('it is erased with its domain, and is not that of the next one of its UUID', async (t) => {
  const host = new Host(t);
  const lives = host.open();
  lives.note(web, { event: 'defined', detail: 'added' });
  await lives.close();
  lives.note(web, { event: 'stopped', detail: 'shutdown' });
  lives.forget(uuid);
  assert.deepEqual(told(lives), []);
  lives.note(web, { event: 'defined', detail: 'again' });
  assert.deepEqual(told(lives), [['defined', 'again', null]]);
  await lives.close();
  assert.deepEqual(told(host.open()), [['defined', 'again', null]]);
  lives.forget(uuid);
  host.defined.clear();
  lives.note(web, { event: 'job', detail: 'move done' });
  await lives.close();
  assert.deepEqual(readdirSync(host.folder), []);
  appendFileSync(`${host.file}.1`, 'left by a killed daemon\n');
  host.open();
  assert.deepEqual(readdirSync(host.folder), []);
});
