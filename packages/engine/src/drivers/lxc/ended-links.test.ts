// What a monitor writes of a link: read by its digits, and by the command that makes it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { endedCommand, endedLinks, endedPath, hostNetwork, parseEnded } from './ended-links.js';

const folder = mkdtempSync(join(tmpdir(), "cv it's "));
after(() => rmSync(folder, { recursive: true }));
const inQuotes = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

test('the command writes what is read, with words after it or without', async () => {
  // So that something has passed it.
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.send('x', 9, '127.0.0.1', resolve));
  socket.close();
  for (const more of ['', ' web net down veth lo'])
    execFileSync('/bin/sh', ['-c', `exec ${endedCommand(endedPath(folder, 'u-1'), 'lo', inQuotes)}${more}`]);
  const found = endedLinks(folder);
  assert.deepEqual(
    found.map(({ uuid, link }) => [uuid, link]),
    [1, 2].map(() => ['u-1', `${hostNetwork()} 1`]),
  );
  assert.equal(new Set(found.map(({ path }) => path)).size, 2);
  assert.ok(found.every(({ passed }) => passed.inBytes > 0n && passed.inBytes === passed.outBytes));
});

test('numbers are exact, and what is not written to its end is not there yet', () => {
  const text =
    '[{"ifindex":7,"ifname":"cv1.0","stats64":{"rx":{"bytes":18446744073709551615,"packets":3,"errors":0},"tx":{"bytes":9007199254740993,"packets":5,"errors":0}}}]\n';
  assert.deepEqual(parseEnded(text), {
    index: 7,
    passed: { inBytes: 9007199254740993n, inPackets: 5n, outBytes: 18446744073709551615n, outPackets: 3n },
  });
  for (const cut of [0, 1, 60, text.length - 1]) assert.equal(parseEnded(text.slice(0, cut)), undefined);
  writeFileSync(join(folder, 'odd'), 'x');
  mkdirSync(join(folder, 'folder'));
  assert.equal(endedLinks(folder).length, readdirSync(folder).length - 2);
});
