// Transports: URIs, sockets and their rights, TLS with certificates on both sides, other programs.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { connect } from '../client/connection.js';
import { RpcError } from '../errors.js';
import { makeCertificates, noOpenssl } from '../testing/certificates.js';
import { startTiny } from '../testing/tiny-hypervisor.js';
import { listenTls, listenUnix } from './listen.js';
import { sshArguments } from './process.js';
import { parseUri } from './uri.js';

function withCode(code: RpcError['code']): (error: unknown) => boolean {
  return (error) => error instanceof RpcError && error.code === code;
}

test('URIs are taken apart as libvirt does', () => {
  const cases: [string, Partial<ReturnType<typeof parseUri>>][] = [
    ['qemu:///system', { transport: 'unix', driver: 'qemu', name: 'qemu:///system' }],
    ['lxc+unix:///system?socket=/run/x', { transport: 'unix', name: 'lxc:///system' }],
    ['remote+unix:///', { transport: 'unix', name: '' }],
    ['qemu://host/system', { transport: 'tls', host: 'host', name: 'qemu:///system' }],
    ['qemu+tcp://[::1]:123/system', { transport: 'tcp', host: '::1', port: 123 }],
    ['qemu+ssh://joe%20b@host/session', { transport: 'ssh', user: 'joe b', host: 'host', path: '/session' }],
    ['openvz+unix:///system?socket=/a&colour=red&mode=direct', { name: 'openvz:///system?colour=red' }],
    ['x+ext:///y?command=/bin/nc&name=z:///', { transport: 'ext', name: 'z:///' }],
    ['test:///default', { path: '/default', name: 'test:///default' }],
  ];
  for (const [text, expected] of cases) {
    const uri = parseUri(text);
    for (const [key, value] of Object.entries(expected))
      assert.equal(uri[key as keyof typeof uri], value, text);
  }
  assert.equal(parseUri('lxc+unix:///?socket=%2Fa%20b').options.get('socket'), '/a b');
  for (const text of [
    '',
    'qemu',
    '/run/x',
    'qemu+unix://host/system',
    'x+tcp://h:0/',
    'x+tcp://h:70000/',
    'x:///?socket=%zz',
  ])
    assert.throws(() => parseUri(text), withCode('invalid'), text);
  assert.throws(() => parseUri('qemu+libssh://h/'), withCode('unsupported'));
});

test('any text is a URI or an RpcError', () => {
  const pieces = fc.constantFrom(
    'qemu',
    '+',
    'ssh',
    '://',
    '/',
    '?',
    '&',
    '=',
    'socket',
    '%2F',
    '%',
    '@',
    ':',
    '[',
    '::1',
    ']',
    '9',
    '#',
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        assert.ok(parseUri(text).driver.length > 0);
      } catch (error) {
        assert.ok(error instanceof RpcError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test("a unix socket is its owner's alone unless opened, and replaces only what is dead", async () => {
  await using tiny = await startTiny(1);
  assert.equal(statSync(tiny.socket).mode & 0o777, 0o600);
  await assert.rejects(listenUnix(tiny.server, { path: tiny.socket }), withCode('connect'));
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-listen-'));
  const path = join(folder, 'sock');
  const first = await listenUnix(tiny.server, { path, mode: 0o660 });
  assert.equal(statSync(path).mode & 0o777, 0o660);
  await first.close();
  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  await assert.rejects(listenUnix(tiny.server, { path: file }), withCode('connect'));
  assert.equal(statSync(file).size, 8);
  rmSync(folder, { recursive: true });
});

describe('TLS', { skip: noOpenssl }, () => {
  test('lets in whom the authority has signed, and nobody else', async () => {
    using pki = makeCertificates();
    await using tiny = await startTiny(2);
    const listener = await listenTls(tiny.server, { host: '127.0.0.1', port: 0, ca: pki.ca, ...pki.server });
    const uri = `lxc+tls://127.0.0.1:${listener.port}/system`;
    {
      await using connection = await connect(uri, { tls: { ca: pki.ca, ...pki.client } });
      assert.equal((await connection.listAllDomains()).length, 2);
      await using byPath = await connect(`${uri}?pkipath=${pki.folder}`);
      assert.equal(await byPath.getType(), 'LXC');
    }
    await assert.rejects(connect(uri, { tls: { ca: pki.ca, ...pki.stranger } }), withCode('connect'));
    await assert.rejects(connect(uri, { tls: { ca: pki.ca } }), withCode('connect'));
    await assert.rejects(connect(uri, { tls: { ...pki.client } }), withCode('connect'));
    await assert.rejects(connect(uri.replace('tls', 'tcp')), (error) => error instanceof RpcError);
    await listener.close();
    assert.equal(tiny.server.clientCount, 0);
  });

  test('lets in only the names that are allowed', async () => {
    using pki = makeCertificates();
    await using tiny = await startTiny(1);
    const place = { host: '127.0.0.1', port: 0, ca: pki.ca, ...pki.server };
    const listener = await listenTls(tiny.server, { ...place, allowedNames: ['admin'] });
    const uri = `lxc+tls://127.0.0.1:${listener.port}/system`;
    await assert.rejects(connect(uri, { tls: { ca: pki.ca, ...pki.client } }), withCode('connect'));
    await listener.close();
  });
});

test('ssh gets its arguments as a list, and the remote shell quoted ones', () => {
  const plain = parseUri('qemu+ssh://root@host:22/system?keyfile=/k&no_tty=1');
  assert.deepEqual(sshArguments(plain, true), [
    ...['-T', '-e', 'none', '-p', '22', '-l', 'root', '-i', '/k', '-o', 'BatchMode=yes', '--', 'host'],
    ...['virt-ssh-helper', '-r', 'qemu:///system'],
  ]);
  const odd = parseUri("qemu+ssh://host/system?socket=/tmp/a%20b'%3Breboot");
  assert.deepEqual(sshArguments(odd, false).slice(-3), ['nc', '-U', `'/tmp/a b'\\'';reboot'`]);
});

test('other programs carry a connection, and their complaints explain its end', async () => {
  await using tiny = await startTiny(1);
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-relay-'));
  const program = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, 0o700);
    return path;
  };
  const relay = `const s=require('net').connect(process.argv[process.argv.length-1]);process.stdin.pipe(s);s.pipe(process.stdout);`;
  const netcat = program('nc', `#!${process.execPath}\n${relay}\n`);
  // What sshd does with a command: hands it to the login's shell as one string.
  const ssh = program('ssh', '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift 2\nexec sh -c "$*"\n');
  const uri = `lxc+ssh://far/system?command=${ssh}&netcat=${netcat}&socket=${tiny.socket}`;
  {
    await using connection = await connect(uri);
    assert.equal(await connection.getHostname(), 'tiny.example');
  }
  const failing = program('fail', '#!/bin/sh\necho no route to far >&2\nexit 255\n');
  await assert.rejects(connect(`lxc+ssh://far/system?command=${failing}`), /no route to far/);
  await assert.rejects(connect('lxc+ext:///system?command=/nonexistent'), withCode('connect'));
  await assert.rejects(connect('lxc+ext:///system'), withCode('invalid'));
  rmSync(folder, { recursive: true });
});
