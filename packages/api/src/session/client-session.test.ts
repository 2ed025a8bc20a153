// A session's client, on a wire that is none: when it is left, and what is left of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { ApiError } from '../errors.js';
import { SessionTalk } from './client-session.js';
import { encodeJson, encodeNumber } from './frame.js';

function talkOf(signal?: AbortSignal) {
  let ends = 0;
  const talk = new SessionTalk(
    { send: () => undefined, end: () => ends++ },
    { write: () => undefined, end: () => undefined },
    signal,
  );
  return { talk, ends: () => ends };
}

const interrupted = (error: unknown) => error instanceof ApiError && error.code === 'interrupted';

test('a signal leaves the session, and nothing listens to it once that is over', async () => {
  const endings: Readonly<Record<string, (talk: SessionTalk) => void>> = {
    'the program ends': (talk) => talk.receive(encodeNumber('exited', 0)),
    'the daemon refuses': (talk) => talk.receive(encodeJson('failed', { code: 'not-found', message: 'm' })),
    'no answer of a daemon': (talk) => talk.receive(new TextEncoder().encode('garbage that is no frame')),
    'the wire breaks': (talk) => talk.lose('it broke'),
    'we leave': (talk) => talk.close(),
  };
  for (const [how, end] of Object.entries(endings)) {
    const { signal } = new AbortController();
    const { talk } = talkOf(signal);
    assert.equal(getEventListeners(signal, 'abort').length, 1, how);
    end(talk);
    assert.equal(getEventListeners(signal, 'abort').length, 0, how);
  }
  const leaving = new AbortController();
  const { talk, ends } = talkOf(leaving.signal);
  leaving.abort();
  await assert.rejects(talk.exited, interrupted);
  assert.equal(ends(), 1);
});
