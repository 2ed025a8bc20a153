// The spinner: nothing in the first second, nothing where nobody looks, nothing left behind.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { describeProgress, ProgressDisplay, ProgressLines } from './progress-display.js';

function watch(t: TestContext, isTTY: boolean, isWanted = true) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const output = Object.assign(new PassThrough().setEncoding('utf8'), { isTTY, columns: 40 });
  const display = new ProgressDisplay(output, 'importing debian', isWanted);
  return { display, tick: (ms: number) => t.mock.timers.tick(ms), seen: () => String(output.read() ?? '') };
}

test('what is over within a second is not mentioned', (t) => {
  const { display, tick, seen } = watch(t, true);
  tick(999);
  display.clear();
  tick(5000);
  assert.equal(seen(), '');
});

test('what takes longer shows its phase and how far it is, and goes without a trace', (t) => {
  const { display, tick, seen } = watch(t, true);
  tick(1000);
  assert.equal(seen(), '\r\x1b[K⠋ importing debian');
  display.update({ phase: 'unpacking', done: 1, total: 2 });
  tick(100);
  const line = seen();
  assert.match(line, /: unpacking █/);
  assert.ok([...line.slice(4)].length < 40, 'no longer than the terminal is wide');
  display.clear();
  assert.equal(seen(), '\r\x1b[K');
});

test('without a terminal, or where quiet was asked for, nothing is drawn', (t) => {
  const { tick, seen } = watch(t, false);
  tick(5000);
  assert.equal(seen(), '');
});

test('a bar stays within its bounds', () => {
  assert.match(describeProgress({ phase: 'x', done: 5, total: 2 }), / 100 %$/);
  assert.match(describeProgress({ phase: 'x', done: -1, total: 2 }), / 0 %$/);
  assert.equal(describeProgress({ phase: 'x', done: 1, total: 0 }), ': x');
});

test('how long the rest takes stands beside how far it is, where it is known', () => {
  const left = (leftMs: number): string =>
    describeProgress({ phase: 'copy', done: 1, total: 2, leftMs }).replace(/^.* 50 %/, '');
  assert.deepEqual([900, 59_000, 61_500, 7_260_000].map(left), [
    ', 1s left',
    ', 59s left',
    ', 1m 2s left',
    ', 2h 1m left',
  ]);
});

test('in lines, each phase is told, and each tenth of one, wherever they go', () => {
  const output = Object.assign(new PassThrough().setEncoding('utf8'), { isTTY: false });
  const lines = new ProgressLines(output, 'importing debian');
  for (const done of [0, 1, 9, 10, 11, 95, 100]) lines.update({ phase: 'unpack', done, total: 100 });
  lines.update({ phase: 'build: installing\u001b[0m packages', done: 0 });
  lines.clear();
  const parts = ['unpack 0 %', 'unpack 10 %', 'unpack 90 %', 'unpack 100 %'];
  const seen = String(output.read()).split('\n');
  assert.deepEqual(
    seen.slice(0, 4),
    parts.map((part) => `importing debian: ${part}`),
  );
  assert.ok(!seen.join().includes('\u001b'));
});
