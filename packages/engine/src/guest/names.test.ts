// What a container is told of its own name, whatever its files said before.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Present } from './files.js';
import { type GuestNames, guestNames, hostsNaming } from './names.js';

const base: GuestNames = {
  hostname: 'web01.example.org',
  isAsked: true,
  nameservers: [],
  searches: [],
};
const file = (text: string): Present => ({ text, isOpen: true });

function textOf(
  names: GuestNames,
  name: string,
  present: Present,
  more: { made?: Present; hostname?: Present } = {},
) {
  const found = guestNames(names).find((each) => each.name === name);
  return found?.text({
    present,
    made: more.made ?? 'missing',
    beside: () => more.hostname ?? file(`${names.hostname}\n`),
  });
}

test('a name that was asked for is written over any other; one that was made up only where there is none', () => {
  for (const present of ['missing', 'other', file(''), file('mine\n')] as const)
    assert.equal(textOf(base, 'hostname', present), 'web01.example.org\n');
  const madeUp = { ...base, isAsked: false };
  const rows: readonly [Present, Present, boolean][] = [
    ['missing', 'missing', true],
    [file(' \n'), file('busybox\n'), true],
    [file('busybox\n'), file('busybox\n'), true],
    [file('mine\n'), file('busybox\n'), false],
    [file('mine\n'), 'missing', false],
    ['other', 'missing', false],
  ];
  for (const [present, made, isWritten] of rows)
    assert.equal(
      textOf(madeUp, 'hostname', present, { made }),
      isWritten ? 'web01.example.org\n' : undefined,
    );
});

test('a name that was made up gives way to the next one', () => {
  const names = { ...base, isAsked: false, earlier: ['cust4', 'm\u00fcller'] };
  assert.equal(textOf(names, 'hostname', file('cust4\n')), 'web01.example.org\n');
  assert.equal(textOf(names, 'hostname', file('m\u00c3\u00bcller\n')), 'web01.example.org\n');
  assert.equal(textOf(names, 'hostname', file('cust5\n')), undefined);
});

test('hosts has the name that hostname has, and is not made of a link', () => {
  const localhost = file('127.0.0.1\tlocalhost\n');
  assert.equal(textOf(base, 'hosts', 'other'), undefined);
  assert.equal(
    textOf(base, 'hosts', localhost),
    '127.0.0.1\tlocalhost\n127.0.1.1\tweb01.example.org web01\n',
  );
  assert.match(textOf(base, 'hosts', localhost, { hostname: file('mine\n') }) ?? '', /^127\.0\.1\.1\tmine$/m);
  assert.match(textOf(base, 'hosts', localhost, { hostname: 'other' }) ?? '', /web01\.example\.org web01$/m);
  assert.match(textOf(base, 'hosts', 'missing') ?? '', /^127\.0\.0\.1\tlocalhost\n127\.0\.1\.1\tweb01/);
});

test('resolv.conf is written where the document has something for it', () => {
  assert.equal(textOf(base, 'resolv.conf', 'missing'), undefined);
  const dns = { ...base, nameservers: ['10.0.0.1', '10.0.0.2'], searches: ['a.org', 'b.org'] };
  assert.equal(
    textOf(dns, 'resolv.conf', 'missing'),
    'search a.org b.org\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n',
  );
});

test('the line for the own name', () => {
  const local = '127.0.0.1\tlocalhost\n';
  const rows: readonly [string, string, string][] = [
    ['', 'web', '127.0.1.1\tweb\n'],
    ['127.0.0.1 localhost', 'web', '127.0.0.1 localhost\n127.0.1.1\tweb\n'],
    [`${local}::1 localhost\n`, 'web.a.org', `${local}127.0.1.1\tweb.a.org web\n::1 localhost\n`],
    // Of an earlier name, as it was written here or by an installer.
    [`${local}127.0.1.1\told.a.org old\n`, 'new', `${local}127.0.1.1\tnew\n`],
    [`${local}127.0.1.1 old\n`, 'new', `${local}127.0.1.1\tnew\n`],
    // Somebody's own.
    [`${local}127.0.1.1 old alias more\n`, 'new', `${local}127.0.1.1\tnew\n127.0.1.1 old alias more\n`],
    [`${local}10.0.0.5 web.a.org web\n`, 'web.a.org', `${local}10.0.0.5 web.a.org web\n`],
    [`${local}10.0.0.5 WEB\n`, 'web', `${local}10.0.0.5 WEB\n`],
    [`${local}# web\n`, 'web', `${local}127.0.1.1\tweb\n# web\n`],
    [local, 'localhost', local],
    [local, 'two words', local],
  ];
  for (const [text, name, expected] of rows) assert.equal(hostsNaming(text, name), expected, text);
});

test('any hosts file names the host afterwards, keeps every line of others, and is not changed a second time', () => {
  const word = fc.stringMatching(/^[a-z0-9.]{1,12}$/);
  const line = fc.oneof(
    fc.tuple(fc.ipV4(), word, word, word).map((words) => words.join(' ')),
    fc.constant('# a remark'),
    fc.constant(''),
  );
  fc.assert(
    fc.property(
      fc.array(line),
      fc.stringMatching(/^[a-z][a-z0-9]{0,8}(\.[a-z]{1,4}){0,2}$/),
      (lines, name) => {
        const text = `${lines.join('\n')}\n`;
        const once = hostsNaming(text, name);
        assert.ok(once.split('\n').some((each) => each.split(/\s+/).slice(1).includes(name)));
        for (const each of lines) assert.ok(once.split('\n').includes(each), each);
        assert.equal(hostsNaming(once, name), once);
      },
    ),
  );
});
