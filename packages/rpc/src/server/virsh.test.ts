// The server with a real, unmodified virsh.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificates, noOpenssl } from '../testing/certificates.js';
import { findProgram, noVirsh } from '../testing/libvirtd.js';
import { startTiny, type TinyHypervisor } from '../testing/tiny-hypervisor.js';
import { until } from '../testing/until.js';
import { listenTcp, listenTls } from '../transport/listen.js';

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

function start(uri: string, args: string[]) {
  const program = findProgram('virsh');
  assert.ok(program);
  return spawn(program, ['-c', uri, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: '/nonexistent' },
  });
}

/** What virsh 11 says of itself, before it connects, where no polkit is installed. */
const noPolkit = /^Authorization not available\. Check if polkit service is running.*$/m;

async function run(uri: string, ...args: string[]): Promise<Ran> {
  const child = start(uri, args);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const [status] = await once(child, 'close');
  return { status, stdout: stdout.trim(), stderr: stderr.replace(noPolkit, '').trim() };
}

const uriOf = (tiny: TinyHypervisor) => `lxc+unix:///system?socket=${tiny.socket}`;

describe('virsh', { skip: noVirsh }, () => {
  test('connects and asks for versions', async () => {
    await using tiny = await startTiny(1);
    const { status, stdout } = await run(uriOf(tiny), 'version', '--daemon');
    assert.equal(status, 0);
    assert.match(
      stdout,
      // The API is the client's, whichever libvirt that is of.
      /Using API: LXC \d+\.\d+\.\d+\nRunning hypervisor: LXC 1\.2\.3\nRunning against daemon: 9\.0\.0/,
    );
    assert.equal((await run(uriOf(tiny), 'hostname')).stdout, 'tiny.example');
  });

  test('lists domains, a thousand too', async () => {
    await using tiny = await startTiny(1000);
    const { status, stdout, stderr } = await run(uriOf(tiny), 'list', '--all');
    assert.deepEqual([status, stderr], [0, '']);
    const lines = stdout.split('\n').slice(2);
    assert.equal(lines.length, 1000);
    assert.ok(lines.some((line) => /^ 1 +ct0 +running$/.test(line)));
    assert.ok(lines.some((line) => /^ - +ct1 +shut off$/.test(line)));
    const { stdout: names } = await run(uriOf(tiny), 'list', '--inactive', '--name');
    assert.equal(names.split('\n').length, 500);
  });

  test('shows a domain', async () => {
    await using tiny = await startTiny(2);
    const { status, stdout } = await run(uriOf(tiny), 'dominfo', 'ct0');
    assert.equal(status, 0);
    const fields = Object.fromEntries(stdout.split('\n').map((line) => line.split(/: +/, 2)));
    assert.equal(fields.Name, 'ct0');
    assert.equal(fields['OS Type'], 'exe');
    assert.equal(fields.State, 'running');
    assert.equal(fields['CPU(s)'], '2');
    assert.equal(fields['CPU time'], '12.3s');
    assert.equal(fields['Max memory'], '131072 KiB');
    assert.equal(fields['Managed save'], 'no');
    assert.equal(
      (await run(uriOf(tiny), 'dumpxml', 'ct0')).stdout,
      "<domain type='lxc'><name>ct0</name></domain>",
    );
    assert.match((await run(uriOf(tiny), 'schedinfo', 'ct0')).stdout, /cpu_shares +: 1024/);
  });

  test('prints errors as it does with libvirtd', async () => {
    await using tiny = await startTiny(2);
    const absent = await run(uriOf(tiny), 'dominfo', 'absent');
    assert.equal(absent.status, 1);
    assert.equal(absent.stderr, "error: failed to get domain 'absent'");
    const unknown = await run(uriOf(tiny), 'sysinfo');
    assert.equal(unknown.status, 1);
    assert.match(
      unknown.stderr,
      /error: this function is not supported by the connection driver: virConnectGetSysinfo$/,
    );
    const forbidden = await run(uriOf(tiny), '--readonly', 'suspend', 'ct0');
    assert.equal(forbidden.status, 1);
    assert.match(forbidden.stderr, /operation forbidden: read only access prevents virDomainSuspend$/);
    const socket = await run(`lxc+unix:///system?socket=${tiny.readOnlySocket}`, 'suspend', 'ct0');
    assert.match(socket.stderr, /operation forbidden: read only access prevents virDomainSuspend$/);
  });

  test('starts and destroys', async () => {
    await using tiny = await startTiny(2);
    assert.equal((await run(uriOf(tiny), 'start', 'ct1')).stdout, "Domain 'ct1' started");
    assert.equal((await run(uriOf(tiny), 'domid', 'ct1')).stdout, '4711');
    assert.equal((await run(uriOf(tiny), 'destroy', 'ct1')).stdout, "Domain 'ct1' destroyed");
  });

  test('receives events and leaves cleanly', async () => {
    await using tiny = await startTiny(2);
    const child = start(uriOf(tiny), ['event', '--event', 'lifecycle', '--timeout', '120']);
    let stdout = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    const closed = once(child, 'close');
    const event = {
      dom: { name: 'ct0', uuid: '00000000-0000-4000-8000-000000000000', id: 1 },
      event: 2,
      detail: 0,
    };
    // Until it listens.
    await until(() => {
      tiny.server.publish('domain', 'lifecycle', event);
      return stdout !== '';
    }, 'virsh hears of nothing');
    const [status] = await closed;
    assert.equal(status, 0);
    assert.match(stdout, /event 'lifecycle' for domain 'ct0': Started Booted/);
  });

  test('takes a screenshot through a stream', async () => {
    await using tiny = await startTiny(1);
    const { status, stdout } = await run(uriOf(tiny), 'screenshot', 'ct0', '--file', '/dev/null');
    assert.equal(status, 0);
    assert.match(stdout, /type of image\/x-tiny/);
  });

  test('keeps a long call alive with pings of its own', async () => {
    const slow = { connectGetSysinfo: () => sleep(5500).then(() => ({ sysinfo: '<sysinfo/>' })) };
    await using tiny = await startTiny(1, { handlers: slow });
    const { status, stdout } = await run(
      uriOf(tiny),
      '--keepalive-interval',
      '1',
      '--keepalive-count',
      '3',
      'sysinfo',
    );
    assert.deepEqual([status, stdout], [0, '<sysinfo/>']);
  });

  test('reaches it by TLS, with a certificate only', { skip: noOpenssl }, async () => {
    using pki = makeCertificates();
    await using tiny = await startTiny(3);
    const place = { host: '127.0.0.1', port: 0, ca: pki.ca, ...pki.server };
    const listener = await listenTls(tiny.server, place);
    const uri = `lxc+tls://127.0.0.1:${listener.port}/system?pkipath=${pki.folder}`;
    assert.equal((await run(uri, 'list', '--name')).stdout, 'ct0\nct2');
    const refused = await run(uri.replace(pki.folder, '/nonexistent'), 'list');
    assert.equal(refused.status, 1);
    await listener.close();
  });

  test('reaches it by TCP', async () => {
    await using tiny = await startTiny(3);
    const listener = await listenTcp(tiny.server, { host: '127.0.0.1', port: 0 });
    const { status, stdout } = await run(`lxc+tcp://127.0.0.1:${listener.port}/system`, 'list', '--name');
    assert.deepEqual([status, stdout], [0, 'ct0\nct2']);
    await listener.close();
  });
});
