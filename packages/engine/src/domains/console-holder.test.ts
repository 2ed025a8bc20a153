// One has a console at a time; who insists takes it over, and who loses it is told by whom.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.js';
import { ConsoleHolders } from './console-holder.js';

const domain = { name: 'web', uuid: '8509a1d4-1569-4467-8b37-4e433a1ac7b1' };
const quiet = () => undefined;
const console = async () => ({ stream: new PassThrough() });
const asking = (by: string, force = false) => ({ by, force });

test('a second one is told who has it, and since when, and has it when that one goes', async () => {
  const holders = new ConsoleHolders(quiet);
  const { stream } = await holders.hold(domain, asking('virsh'), console);
  await assert.rejects(holders.hold(domain, asking('ctvirt'), console), (error) => {
    assert.ok(error instanceof EngineError);
    assert.equal(error.code, 'in-use');
    assert.match(error.message, /^virsh has had the console of domain 'web' since \d\d:\d\d:\d\d: --force /);
    return true;
  });
  await holders.hold({ ...domain, uuid: 'another' }, asking('ctvirt'), console);
  stream.destroy();
  await holders.hold(domain, asking('ctvirt'), console);
});

test('who insists has it, and who had it is told', async () => {
  const holders = new ConsoleHolders(quiet);
  const { stream } = await holders.hold(domain, asking('virsh'), console);
  const lost = once(stream, 'error');
  const next = await holders.hold(domain, asking('ctvirt', true), console);
  const [loss] = await lost;
  assert.ok(loss instanceof EngineError);
  assert.equal(loss.message, "ctvirt has taken over the console of domain 'web'");
  assert.ok(!next.stream.destroyed);
});

test('who is still opening it loses it, too; of many who insist at once one has it', async () => {
  const holders = new ConsoleHolders(quiet);
  const slowly = async () => {
    await sleep(50);
    const opened = await console();
    opened.stream.on('error', quiet);
    return opened;
  };
  const all = await Promise.all(
    ['a', 'b', 'c', 'd'].map((by) => holders.hold(domain, asking(by, true), slowly)),
  );
  await sleep(100);
  assert.equal(all.filter(({ stream }) => !stream.destroyed).length, 1);
});

test('an open that fails keeps nobody out, and what liblxc has not given back yet is waited for', async () => {
  const holders = new ConsoleHolders(quiet);
  const failing = async (): Promise<never> => {
    throw new EngineError('internal', 'no terminal');
  };
  await assert.rejects(holders.hold(domain, asking('virsh'), failing), /no terminal/);
  let tries = 0;
  await holders.hold(domain, asking('virsh'), async () => {
    if (++tries < 4) throw new EngineError('busy', 'denied');
    return await console();
  });
  assert.equal(tries, 4);
});
