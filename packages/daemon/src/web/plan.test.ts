// Where browsers come in by the settings, by which names, and what is refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '@ctvirt/engine';
import { parseSettings } from '../settings.js';
import { webPlan } from './plan.js';

const planOf = (text: string, warnings: unknown[] = []) =>
  webPlan(parseSettings(text, 'ctvirtd.conf'), { warn: (text: unknown) => void warnings.push(text) });
const refused = (text: string, words: RegExp) =>
  assert.throws(
    () => planOf(text),
    (error) => isFault(error, 'invalid') && words.test(error.message),
    text,
  );

test('by default this host alone, and only while somebody may come in', () => {
  const { addresses, port, url, isLocal, isAlways, isTls, isOwnName } = planOf('');
  assert.deepEqual([addresses, port], [['127.0.0.1', '::1'], 16_580]);
  assert.deepEqual([url, isLocal, isAlways, isTls], ['http://127.0.0.1:16580', true, false, false]);
  for (const name of ['127.0.0.1', '::1', 'localhost']) assert.ok(isOwnName(name), name);
  for (const name of ['evil.test', 'localhost.evil.test', '127.0.0.2', '0.0.0.0', '::'])
    assert.ok(!isOwnName(name), name);
});

test('another place of this host needs no certificate, any other does', () => {
  const own = planOf('web_listen = "[::1]:580"\n');
  assert.deepEqual([own.url, own.isAlways, own.isLocal], ['http://[::1]:580', true, true]);
  assert.ok(planOf('web_listen = "127.0.0.9:580"\n').isOwnName('127.0.0.9'));
  for (const place of [
    '0.0.0.0:16580',
    '[::]:16580',
    '192.0.2.1:443',
    '[::ffff:192.0.2.1]:443',
    '128.0.0.1:80',
  ])
    refused(`web_listen = "${place}"\n`, /name web_cert_file and web_key_file/);
  refused('web_cert_file = "/x"\n', /go together/);
  refused(
    'web_listen = "192.0.2.1:443"\nweb_cert_file = "/x"\nweb_key_file = "/x"\n',
    /\/x, which TLS needs/,
  );
  for (const place of [
    '16580',
    '192.0.2.1',
    'localhost:80',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '::1:80',
    '[1.2.3.4]:80',
  ])
    refused(`web_listen = "${place}"\n`, /web_listen must be a text such as/);
});

test('with a certificate the names are its own', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        '/CN=host7',
      ],
      ...['-addext', 'subjectAltName=DNS:host7.example,DNS:*.web.example,IP:192.0.2.1', '-days', '2'],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  chmodSync(key, 0o644);
  const conf = `web_listen = "[::]:443"\nweb_cert_file = "${cert}"\nweb_key_file = "${key}"\n`;
  const warnings: unknown[] = [];
  const { url, isTls, isLocal, isOwnName } = planOf(conf, warnings);
  assert.deepEqual([url, isTls, isLocal], ['https://host7.example:443', true, false]);
  for (const name of ['host7.example', 'a.web.example', '192.0.2.1']) assert.ok(isOwnName(name), name);
  for (const name of ['host7', 'localhost', '127.0.0.1', '192.0.2.2', 'a.b.web.example'])
    assert.ok(!isOwnName(name), name);
  assert.match(String(warnings), /every user of this host can read the private key/);
  writeFileSync(cert, 'none');
  refused(conf, /web_cert_file has no certificate/);
});
