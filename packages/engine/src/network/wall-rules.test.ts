// The rules are ones that the kernel takes, by a nft that finds no names of protocols and ports on its host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../host/run.js';
import { ruleset } from './wall-rules.js';

const needsRoot = process.getuid?.() === 0 ? false : 'namespaces of its own are for root';

const onSmallHost = `
for names in /etc/protocols /etc/services; do
  if [ -e $names ]; then mount --bind /dev/null $names; fi
done
nft --file - && nft --stateless list tables
`;

test('a host without netbase has them too', { skip: needsRoot }, async () => {
  const { stdout } = await run(
    ['/usr/bin/unshare', '--net', '--mount', '--', '/bin/sh', '-e', '-c', onSmallHost],
    { input: ruleset('ctvirt-test', []) },
  );
  assert.deepEqual(
    stdout.trim().split('\n'),
    ['inet', 'arp', 'bridge'].map((family) => `table ${family} ctvirt-test`),
  );
});
