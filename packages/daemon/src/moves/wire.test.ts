// Cookies of other programs, and questions that no ctvirtd asks, are none.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MoveQuestion } from '@ctvirt/api';
import { EngineError } from '@ctvirt/engine';
import { libvirtError } from '@ctvirt/rpc';
import {
  answerIn,
  codeInFault,
  fromCookie,
  offerIn,
  questionIn,
  streamFault,
  streamIn,
  toCookie,
} from './wire.js';

const offer = {
  ...{ version: 1, job: 'a', xml: '<domain/>', ctid: null, autostart: false, start: true },
  layers: [{ target: '/', template: 't', digest: 'd' }],
};
const questions: readonly MoveQuestion[] = [
  { step: 'look', offer },
  { step: 'reserve', offer: { ...offer, order: 3, delaySeconds: 4 } },
  { step: 'snapshot', job: 'a', record: '{}', xml: '<domain/>', isCurrent: true, lists: [] },
  { step: 'prepare', job: 'a', lists: [{ target: '/', files: 3, hash: 'h' }] },
  { step: 'given', job: 'a', downMs: null },
  { step: 'over', job: 'a' },
];

test('what is asked arrives as it was', () => {
  for (const question of questions) assert.deepEqual(questionIn(toCookie({ question })), question);
  const template = { job: 'a', template: 't', digest: 'd', record: '{}', files: 1, hash: 'h' };
  const copy = { job: 'a', target: '/', copy: { form: 'btrfs-1', number: 2 } };
  for (const stream of [{ job: 'a', target: '/srv' }, { job: 'a', target: '/', whole: true }, copy, template])
    assert.deepEqual(streamIn(toCookie(stream)), stream);
});

test('whatever is missing, more, or of another kind makes it none', () => {
  for (const question of questions) {
    for (const key of Object.keys(question)) {
      const left: unknown = Object.fromEntries(Object.entries(question).filter(([one]) => one !== key));
      assert.equal(questionIn(cookieOf({ question: left })), undefined, key);
      assert.equal(questionIn(cookieOf({ question: { ...question, [key]: { x: 1 } } })), undefined, key);
    }
    assert.equal(questionIn(cookieOf({ question: { ...question, more: 1 } })), undefined);
  }
  for (const content of [null, 1, 'look', [], {}, { question: null }, { question: [] }])
    assert.equal(questionIn(cookieOf(content)), undefined);
  for (const content of [
    { job: 1, target: '/' },
    { job: 'a' },
    { job: '', target: '/' },
    { job: 'a', target: '/', copy: { form: 'btrfs-1', number: 0 } },
    { job: 'a', template: 't' },
  ])
    assert.equal(streamIn(cookieOf(content)), undefined);
});

test('what a client carries from the source to the target is no question', () => {
  const cookie = toCookie({ offer });
  assert.deepEqual([offerIn(cookie), questionIn(cookie), streamIn(cookie)], [offer, undefined, undefined]);
  assert.equal(offerIn(toCookie({ question: { step: 'look', offer } })), undefined);
  assert.equal(offerIn(cookieOf({ offer: { ...offer, more: 1 } })), undefined);
});

test('what is answered is taken as it is promised, or not at all', () => {
  const answer = { findings: ['x'], lacking: ['t'], state: 'running', downMs: null } as const;
  for (const answered of [{ answer }, { answer: { findings: [] } }, { error: { code: 'a', message: 'b' } }])
    assert.deepEqual(answerIn(toCookie(answered)), answered);
  for (const content of [
    { answer: {} },
    { answer: { findings: null } },
    { answer: { findings: [1] } },
    { answer: { findings: [], lacking: 't' } },
    { answer: { findings: [], state: 'gone' } },
    { error: null },
    { error: { code: 1, message: 'b' } },
    { error: { code: 'a' } },
  ])
    assert.equal(answerIn(cookieOf(content)), undefined, JSON.stringify(content));
});

test("another program's cookie is none", () => {
  for (const text of ['', '{', '[]', 'null', '"x"', '<qemu-migration/>', '\0'])
    for (const read of [fromCookie, answerIn, offerIn, questionIn, streamIn])
      assert.equal(read(Buffer.from(text)), undefined, text);
});

const cookieOf = (content: unknown): Buffer => Buffer.from(JSON.stringify({ 'ctvirt-move': content }));

test('the error that ends a stream keeps its code', () => {
  assert.equal(codeInFault(streamFault(new EngineError('no-space', 'full'))), 'no-space');
  assert.equal(streamFault(new EngineError('no-space', 'full')).message, 'full');
  for (const fault of [streamFault(new Error('x')), libvirtError('rpc', 'rpc', 'x', { str3: 'other' })])
    assert.equal(codeInFault(fault), undefined);
});
