// What the kernel counts of links, against links made for it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInOwnNetwork } from '../testing/own-namespace.js';
import { GoneLinks, linkCount, linkCounts, linkCountsOf, networkOf } from './link-counts.js';

const ip = (...args: string[]) => execFileSync('/sbin/ip', args);
const [one, two] = ['cvta', 'cvtb'];

if (isInOwnNetwork(import.meta.url)) {
  test('all links of this network are counted as /proc has them', () => {
    const lo = linkCounts().find(({ name }) => name === 'lo');
    const [, line = ''] = /^ *lo:(.*)$/m.exec(readFileSync('/proc/net/dev', 'utf8')) ?? [];
    const [bytes = '0'] = line.trim().split(/\s+/);
    assert.ok(lo !== undefined && lo.index === 1 && lo.rx.bytes <= BigInt(bytes), JSON.stringify(line));
  });

  test("a process' network is looked into, and this one is where it goes on", () => {
    const before = networkOf('self');
    assert.deepEqual(
      linkCountsOf(process.pid).map(({ name }) => name),
      linkCounts().map(({ name }) => name),
    );
    assert.equal(networkOf('self'), before);
    assert.equal(networkOf(2 ** 22 + 1), undefined);
  });

  test('a link that goes is told with all that passed it, and nothing else is', () => {
    using gone = new GoneLinks();
    gone.open();
    ip('link', 'add', one, 'type', 'veth', 'peer', 'name', two);
    try {
      for (const name of [one, two]) ip('link', 'set', name, 'up');
      assert.deepEqual(gone.take(), [], 'links that come are no news');
    } finally {
      const now = linkCounts().find(({ name }) => name === one);
      ip('link', 'delete', one);
      const told = gone.take()?.find(({ name }) => name === one);
      assert.equal(told?.index, now?.index);
      assert.ok((told?.tx.packets ?? -1n) >= (now?.tx.packets ?? 0n));
    }
  });

  test('the other end of a pair tells from another network what it has sent', async () => {
    const keeper = spawn('/usr/bin/unshare', ['--net', '/bin/sleep', 'infinity']);
    const ended = once(keeper, 'exit');
    try {
      const { pid = 0 } = keeper;
      while (networkOf(pid) === networkOf('self')) await sleep(5);
      using gone = new GoneLinks();
      gone.open();
      ip('link', 'add', one, 'type', 'veth', 'peer', 'name', two, 'netns', String(pid));
      const there = linkCount(one);
      const inside = linkCountsOf(pid).find(({ name }) => name === two);
      assert.ok(there?.peer?.endsWith(` ${inside?.index}`), JSON.stringify(there?.peer));
      assert.equal(linkCount(two), undefined);
      execFileSync('/usr/bin/nsenter', [`--net=/proc/${pid}/ns/net`, '/sbin/ip', 'link', 'delete', two]);
      const told = gone.take();
      assert.deepEqual(
        told?.map(({ name, elsewhere }) => [name, elsewhere]),
        [
          [two, there?.peer],
          [one, undefined],
        ],
      );
    } finally {
      keeper.kill();
      await ended;
    }
  });
}
