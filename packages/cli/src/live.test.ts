// top and history as a person meets them: a table that is live until it is left, whichever way, and the terminal as before.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '@ctvirt/api/testing';
import { domainXml, withDaemon } from './testing/harness.js';

const program = fileURLToPath(new URL('./main.js', import.meta.url));
const [OPEN, CLOSE] = ['\x1b[?1049h', '\x1b[?1049l'];

describe('ctvirt top and history', () => {
  const daemon = withDaemon();
  const { ctvirt } = daemon;

  test('top prints the table once where nobody looks, and its data for programs', async () => {
    await ctvirt('create --transient -', { input: domainXml('topped') });
    const { status, out } = await ctvirt('top');
    assert.equal(status, 0);
    assert.match(out, /^1 run, cpu .*\n\nName +CPU▾ .*\ntopped /);
    const [one] = JSON.parse((await ctvirt('top --once --json --sort name')).out);
    assert.deepEqual([one.name, Object.keys(one.now).length], ['topped', 15]);
    assert.equal((await ctvirt('top --sort heat')).status, 2);
  });

  const topped = `'${process.execPath}' '${program}' top`;
  /** top on a terminal, by a line of a shell; `leave` is called when it shows the domain. */
  async function onTerminal(
    leave: (child: ReturnType<typeof spawn>, said: (text: string) => Promise<void>) => unknown,
    line = topped,
  ): Promise<string> {
    const command = `stty columns 80 rows 12; ${line}; echo "left $?"; stty -a`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { PATH: process.env['PATH'], CTVIRT_ROOT: daemon.root, TERM: 'xterm' },
      stdio: 'pipe',
    });
    let all = '';
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      all += part;
      out += part;
    });
    const over = new Promise((resolve) => child.on('close', resolve));
    const said = async (text: string): Promise<void> => {
      await until(() => out.includes(text), text);
      out = out.slice(out.indexOf(text));
    };
    await said('topped');
    await leave(child, said);
    await over;
    return all;
  }

  test('top is left by a key, and the terminal is as before', async () => {
    const out = await onTerminal((child) => child.stdin?.write('nrq'));
    assert.ok(
      out.indexOf(OPEN) < out.lastIndexOf('topped') && out.lastIndexOf('topped') < out.indexOf(CLOSE),
    );
    assert.match(out.slice(out.indexOf(CLOSE)), /left 0[\s\S]*[^-]icanon/);
  });

  test('so it is by Ctrl-C', async () => {
    const out = await onTerminal((child) => child.stdin?.write('\x03'));
    assert.match(out.slice(out.indexOf(CLOSE)), /left 0[\s\S]*[^-]icanon/);
  });

  test('a signal that ends top leaves the terminal as it was', async () => {
    const out = await onTerminal((child) => {
      const [top] = topsBelow(child.pid ?? 0);
      assert.ok(top !== undefined);
      process.kill(top, 'SIGTERM');
    });
    assert.match(out.slice(out.indexOf(CLOSE)), /left 143[\s\S]*[^-]icanon/);
  });

  test('Ctrl-Z gives the terminal to the shell, and who comes back has keys again', async () => {
    const shell = `exec bash -mc '${topped.replaceAll("'", '"')}; echo stopped $?; stty sane; fg; echo "left $?"; stty -a'`;
    const out = await onTerminal(async (child, said) => {
      child.stdin?.write('\x1a');
      await said(CLOSE);
      await said('stopped 148');
      await said(OPEN);
      await said('topped');
      // No line is wanted for it.
      child.stdin?.write('q');
    }, shell);
    assert.match(out.slice(out.lastIndexOf(CLOSE)), /left 0[\s\S]*[^-]icanon/);
  });

  test('top that somebody stopped has keys again when it goes on', async () => {
    const out = await onTerminal(async (child, said) => {
      const [top] = topsBelow(child.pid ?? 0);
      assert.ok(top !== undefined);
      process.kill(top, 'SIGSTOP');
      execFileSync('stty', ['-F', readlinkSync(`/proc/${top}/fd/0`), 'sane']);
      process.kill(top, 'SIGCONT');
      await said(OPEN);
      child.stdin?.write('q');
    });
    assert.match(out.slice(out.lastIndexOf(CLOSE)), /left 0[\s\S]*[^-]icanon/);
  });

  test('history shows what is known, for people and for programs, and refuses what it cannot read', async () => {
    const shown = await ctvirt('history topped --last 2h');
    assert.match(shown.out, /^topped \([-0-9a-f]{36}\)\n[-\d]+ [:\d]+ to [-\d]+ [:\d]+, each bar 2m\n/);
    const told = JSON.parse((await ctvirt('history topped --series cpu,sent --json')).out);
    assert.deepEqual([Object.keys(told.series), told.stepSeconds], [['cpu', 'sent'], 10]);
    assert.equal(JSON.parse((await ctvirt('history --json')).out).name, null);
    for (const words of [
      '--last 6',
      '--last 1h --from 2026-01-01',
      '--from never',
      '--points 0',
      '--points 3000',
    ])
      assert.equal((await ctvirt(`history topped ${words}`)).status, 2, words);
    const { status, err } = await ctvirt('history topped --series heat');
    assert.match(err, /there is no 'heat'; there are: cpu, throttled/);
    assert.notEqual(status, 0);
  });
});

/** Processes that were started by this one, or by one of these, and are top. Others of this host may run the same. */
function topsBelow(pid: number): number[] {
  const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  if (line[0] === process.execPath && line[1] === program && line[2] === 'top') return [pid];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.flatMap((child) => topsBelow(Number(child)));
}
