// The names of a running container: what is told to it for what differs, and what undoes that.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, parseDomain } from '@ctvirt/xml';
import { LARGEST } from '../../../guest/files.js';
import { domainRecord } from '../../../testing/record.js';
import { nameSteps } from './names.js';

const domainOf = (more: string): Domain =>
  parseDomain(
    `<domain type='lxc'><name>a</name>${more}<devices><filesystem type='template'><source name='t'/><target dir='/'/></filesystem></devices></domain>`,
  ).domain ?? assert.fail();

test('only names that differ are told, and told back', async () => {
  const files = new Map([['/etc/hosts', '127.0.0.1\tlocalhost\n']]);
  const hostnames: string[] = [];
  const inside = async ({
    script,
    words: [word = ''] = [],
    input,
  }: {
    script: string;
    words?: readonly string[];
    input?: string;
  }) => {
    if (script.startsWith('hostname')) hostnames.push(word);
    else if (input !== undefined) files.set(word, input);
    const text = files.get(word);
    if (text === undefined) return '';
    return text.length > LARGEST ? 'other\n' : `text\n${text}`;
  };
  const context = { record: domainRecord({ name: 'a' }), inside };
  const [old, next] = [
    domainOf("<hostname>one</hostname><dns><nameserver address='10.0.0.1'/></dns>"),
    domainOf("<hostname>two</hostname><dns><nameserver address='10.0.0.2'/></dns>"),
  ];
  assert.deepEqual(
    nameSteps(
      old,
      domainOf("<hostname>one</hostname><dns><nameserver address='10.0.0.1'/></dns><title>x</title>"),
      context,
    ),
    [],
  );
  const [step, ...others] = nameSteps(old, next, context);
  assert.equal(others.length, 0);
  await step?.do();
  const told = () => [
    hostnames.at(-1),
    ...['hostname', 'hosts', 'resolv.conf'].map((name) => files.get(`/etc/${name}`)),
  ];
  assert.deepEqual(told(), [
    'two',
    'two\n',
    '127.0.0.1\tlocalhost\n127.0.1.1\ttwo\n',
    'nameserver 10.0.0.2\n',
  ]);
  await step?.undo();
  assert.deepEqual(told(), [
    'one',
    'one\n',
    '127.0.0.1\tlocalhost\n127.0.1.1\tone\n',
    'nameserver 10.0.0.1\n',
  ]);
  const large = '192.0.2.1 nobody\n'.repeat(100_000);
  files.set('/etc/hosts', large);
  await step?.do();
  assert.equal(files.get('/etc/hosts'), large);
});
