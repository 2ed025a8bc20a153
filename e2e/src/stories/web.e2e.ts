// The door for browsers of a daemon on this kernel: opened when somebody is let in, through restarts, squatters and floods.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Terminal } from '@ctvirt/api';
import { domainXml } from '../world/documents.js';
import { hostAddress } from '../world/enclosure.js';
import { makePki } from '../world/pki.js';
import { waitFor } from '../world/wait.js';
import { type Headers, WebDoor } from '../world/web-door.js';
import { daemonProgram, World } from '../world/world.js';

const origin = 'http://127.0.0.1:16580';

let world: World;
let door: WebDoor;
before(async () => {
  world = await World.open();
  await world.run(domainXml({ name: 'web' }));
  door = await WebDoor.open(world.enclosure, `${world.host}/door`, origin);
});
after(async () => {
  await door[Symbol.asyncDispose]();
  await world.eraseAll();
  await world.close();
});

/** Addresses at which somebody waits at the port. */
const listening = async () => {
  const text = await world.enclosure.output('ss', '-Hlnt', 'sport', '=', ':16580');
  return [...text.matchAll(/(\S+):16580\s/g)].map(([, address]) => address).sort();
};
const link = async (...words: string[]) => (await world.ctvirt('web', ...words)).trim();
const listed = async (): Promise<{ id: string; role: string; state: string }[]> =>
  JSON.parse(await world.ctvirt('web', '--list', '--json'));

describe('the door', () => {
  let operator: Headers;

  test('no port until somebody is let in, and then this host alone', async () => {
    assert.deepEqual(await listening(), []);
    const first = await link('--role', 'operator');
    assert.match(first, /^http:\/\/127\.0\.0\.1:16580\/#t=[\w-]{43}$/);
    assert.deepEqual(await listening(), ['127.0.0.1', '[::1]']);
    operator = await door.enter(first);
    await assert.rejects(door.enter(first), /not taken: 401/);
  });

  test('the page is what was built, and names nothing that is elsewhere', async () => {
    const { status, text, headers } = await door.ask('GET', '/domains/web', { accept: 'text/html' });
    assert.equal(status, 200);
    assert.match(String(headers['content-security-policy']), /default-src 'none'; script-src 'self'; /);
    const parts = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
    assert.ok(parts.length >= 2, text);
    for (const path of parts) {
      const part = await door.ask('GET', path, { 'accept-encoding': 'br' });
      const { 'cache-control': kept, 'content-encoding': packing } = part.headers;
      assert.deepEqual([part.status, packing], [200, 'br'], path);
      assert.match(String(kept), /immutable/, path);
    }
    assert.doesNotMatch(text, /(?:src|href)="(?:https?:)?\/\//);
  });

  test('what an operator may, and a viewer may not: nothing is run for him', async () => {
    const viewer = await door.enter(await link('--role', 'viewer'));
    for (const who of [operator, viewer]) {
      const { status, text } = await door.ask('GET', '/v1/domains', who);
      assert.deepEqual([status, JSON.parse(text)[0].name], [200, 'web']);
    }
    assert.equal(await door.run('web', ['/bin/cat', '/proc/1/comm'], operator), 'sleep\n');
    assert.equal(await door.run('web', ['/bin/touch', '/ran'], viewer), 403);
    assert.equal((await door.ask('POST', '/v1/domains/web/destroy', viewer)).status, 403);
    assert.equal(await world.state('web'), 'running (booted)');
    assert.equal(await world.shell('web', 'ls /ran 2>/dev/null; true'), '');
  });

  test('a restarted daemon knows its sessions, by digests that are root’s to read', async () => {
    await world.kill();
    await world.start();
    assert.deepEqual(await listening(), ['127.0.0.1', '[::1]']);
    assert.equal((await door.ask('GET', '/v1/domains', operator)).status, 200);
    const file = `${world.root}/run/web-sessions.json`;
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const [, secret = ''] = operator['x-ctvirt-key']?.split('.') ?? [];
    assert.doesNotMatch(await readFile(file, 'utf8'), new RegExp(secret));
  });

  test('a session that is revoked takes its programs along', async () => {
    const guest = await door.enter(await link());
    const id = guest['x-ctvirt-key']?.split('.')[0] ?? '';
    let opened: () => void;
    const runs = new Promise<void>((resolve) => (opened = resolve));
    const program = door.run('web', ['/bin/sh', '-c', 'echo on; exec sleep 97'], guest, () => opened());
    await Promise.race([runs, program]);
    await world.ctvirt('web', '--revoke', id);
    assert.equal(await program, 'on\n');
    await waitFor('the program to end', async () => !(await world.shell('web', 'ps')).includes('sleep 97'));
    assert.equal((await door.ask('GET', '/v1/domains', guest)).status, 401);
    assert.ok(!(await listed()).some((one) => one.id === id));
  });

  test('a terminal that is kept is shown, taken over and ended from the shell', async () => {
    const shell = async () => {
      let opened: () => void;
      const runs = new Promise<void>((resolve) => (opened = resolve));
      const script = 'echo on; read word; echo "got $word"; exec sleep 96';
      const argv = ['/bin/sh', '-c', script];
      const more = { tty: true, keep: true };
      const page = door.run('web', argv, operator, () => opened(), more);
      await Promise.race([runs, page]);
      return { page };
    };
    const session = operator['x-ctvirt-key']?.split('.')[0] ?? '';
    const known = async (): Promise<Terminal[]> =>
      JSON.parse(await world.ctvirt('terminals', 'web', '--json'));
    const { page } = await shell();
    const [one] = await known();
    assert.deepEqual([one?.session, one?.domain, one?.attached], [session, 'web', true]);
    const id = one?.id.slice(0, 12) ?? '';
    const row = new RegExp(
      `^ ${id} +web +${session} +attached +\\S+Z +\\S+Z +4 B +/bin/sh -c echo on; `,
      'm',
    );
    assert.match(await world.ctvirt('terminals'), row);
    const refused = await world.cli(['terminals', '--attach', id]);
    assert.match(
      refused.stderr,
      new RegExp(`session ${session} looks at terminal ${id}: --force takes it over`),
    );
    const taken = world.startCli(['terminals', '--attach', id, '--force'], 'pipe');
    let out = '';
    taken.stdout?.setEncoding('utf8').on('data', (text) => (out += text));
    taken.stdin?.write('word\n');
    await waitFor('the answer', async () => out.includes('got word'));
    assert.match(out, /^on\n(?:word\r\n)?got word\r\n$/);
    assert.equal(await page, 'on\r\n');
    const left = new Promise((resolve) => taken.once('exit', resolve));
    taken.stdin?.write('\u001d');
    assert.equal(await left, 0);
    await waitFor('it to be left', async () => (await known()).some(({ attached }) => !attached));
    const { page: other } = await shell();
    assert.equal(await world.ctvirt('terminals', '--end', id), `Terminal ${id} of domain 'web' is ended\n`);
    assert.equal((await known()).length, 1);
    await world.ctvirt('terminals', 'web', '--end-all');
    assert.deepEqual(await known(), []);
    assert.equal(await other, 'on\r\n');
    await waitFor('both to end', async () => !(await world.shell('web', 'ps')).includes('sleep 96'));
  });

  test('Slow clients, floods: 1,000 half-open connections, and who is root or has a session is answered', async () => {
    const half = Array.from({ length: 1000 }, () => {
      const socket = door.connect().on('error', () => undefined);
      socket.write('GET /v1/domains HTTP/1.1\r\nhost: 127.0.0.1:16580\r\nx-slow: ');
      return socket;
    });
    try {
      await world.ctvirt('list');
      assert.equal((await door.ask('GET', '/v1/domains', operator)).status, 200);
    } finally {
      for (const socket of half) socket.destroy();
    }
  });

  test('Port squatting by a local user while the daemon is off: no session outlives it, no link is told, and tokens stay', async () => {
    const token = await link('--role', 'metrics');
    await world.stop();
    const [file = '', ...args] = world.enclosure.argv(
      ...['setpriv', '--reuid=65534', '--clear-groups', process.execPath, '--eval'],
      `require('node:net').createServer().listen(16580, '127.0.0.1', () => process.stdout.write('x'))`,
    );
    const squatter = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => squatter.stdout.once('data', resolve));
    const gone = new Promise((resolve) => squatter.once('exit', resolve));
    try {
      await world.start();
      await world.logged(/port 16580 .* no session of before is good any more/);
      const { status, stdout, stderr } = await world.cli(['web']);
      assert.deepEqual([status, stdout], [5, '']);
      assert.match(stderr, new RegExp(`in use by process ${squatter.pid} \\(.*\\) of user 65534: stop that`));
    } finally {
      squatter.kill('SIGKILL');
      await gone;
    }
    await waitFor(
      'the daemon listens again for who has a token',
      async () => (await listening()).length === 2,
    );
    assert.equal((await door.ask('GET', '/metrics', { authorization: `Bearer ${token}` })).status, 200);
    const [{ id, state } = { id: '', state: '' }] = await listed();
    assert.equal(state, 'token');
    await world.ctvirt('web', '--revoke', id);
    const next = await door.enter(await link());
    assert.equal((await door.ask('GET', '/v1/domains', operator)).status, 401);
    assert.equal((await door.ask('DELETE', '/v1/web/session', next)).status, 204);
    assert.deepEqual(await listed(), []);
  });

  test('another address takes a certificate, whose names are the door’s', async () => {
    const conf = `${world.root}/etc/ctvirtd.conf`;
    const place = `web_listen = "${hostAddress.v4}:16580"\n`;
    const pki = `${world.host}/pki`;
    await makePki(pki, { server: 'ca' }, `IP:${hostAddress.v4}`);
    await world.stop();
    await mkdir(`${world.root}/etc`, { recursive: true });
    await writeFile(conf, place);
    const { status, stderr } = await world.enclosure.run([
      process.execPath,
      daemonProgram,
      '--root',
      world.root,
    ]);
    assert.equal(status, 1);
    assert.match(stderr, /name web_cert_file and web_key_file, or listen at 127\.0\.0\.1/);
    await writeFile(
      conf,
      `${place}web_cert_file = "${pki}/server.pem"\nweb_key_file = "${pki}/serverkey.pem"\n`,
    );
    await world.start();
    assert.deepEqual(await listening(), [hostAddress.v4]);
    const authority = await readFile(`${pki}/ca.pem`, 'utf8');
    const outside = `https://${hostAddress.v4}:16580`;
    await using secure = await WebDoor.open(world.enclosure, `${world.host}/secure`, outside);
    const entry = await link('--role', 'viewer');
    assert.ok(entry.startsWith(`${outside}/#t=`), entry);
    const viewer = await secure.enter(entry, authority);
    assert.match(viewer['cookie'] ?? '', /^__Host-ctvirt-[0-9a-f]{8}=/);
    assert.equal((await secure.ask('GET', '/v1/domains', viewer, '', authority)).status, 200);
    const other = { ...viewer, host: '127.0.0.1:16580' };
    assert.equal((await secure.ask('GET', '/v1/domains', other, '', authority)).status, 421);
    await rm(conf);
  });

  test('a proxy that keeps the name by which it was asked is taken for the door, and one that does not is told', async () => {
    const conf = `${world.root}/etc/ctvirtd.conf`;
    const pki = `${world.host}/proxied`;
    await makePki(pki, { server: 'ca' }, `IP:${hostAddress.v4},DNS:ct.example`);
    await world.stop();
    await writeFile(
      conf,
      `web_listen = "${hostAddress.v4}:16580"\nweb_cert_file = "${pki}/server.pem"\nweb_key_file = "${pki}/serverkey.pem"\n`,
    );
    await world.start();
    const authority = await readFile(`${pki}/ca.pem`, 'utf8');
    const behind = `https://${hostAddress.v4}:16580`;
    await using secure = await WebDoor.open(world.enclosure, `${world.host}/behind`, behind);
    const token = new URL(await link('--role', 'viewer')).hash.slice('#t='.length);
    const enter = (headers: Headers) =>
      secure.ask(
        'POST',
        '/v1/web/session',
        { 'content-type': 'application/json', ...headers },
        JSON.stringify({ token }),
        authority,
      );
    // What the browser has in its bar is the proxy at port 443.
    const page = { origin: 'https://ct.example' };
    assert.equal((await enter(page)).status, 403, 'the name was not kept');
    assert.equal((await enter({ ...page, host: 'elsewhere.example' })).status, 421);
    const { status, text, headers } = await enter({ ...page, host: 'ct.example' });
    assert.equal(status, 200, text);
    const [cookie = ''] = headers['set-cookie']?.[0]?.split(';') ?? [];
    const viewer = { host: 'ct.example', cookie, 'x-ctvirt-key': String(JSON.parse(text).key) };
    assert.equal((await secure.ask('GET', '/v1/domains', viewer, '', authority)).status, 200);
    await rm(conf);
  });
});
