// exec, console and edit as a person meets them: pipes, a real terminal, an editor, Ctrl-C.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until as isSo } from '@ctvirt/api/testing';
import { splitWords } from './editor.js';
import { domainXml, withDaemon } from './testing/harness.js';

// As it is installed: starting it from its modules takes seven times as long.
const program = fileURLToPath(new URL('./ctvirt.cjs', import.meta.url));

describe('ctvirt', () => {
  const daemon = withDaemon();
  const { ctvirt } = daemon;
  const create = (name: string) => ctvirt('create --transient -', { input: domainXml(name) });

  /** ctvirt as a process of its own; `act` sees its output so far and may type or signal. */
  function launch(
    argv: readonly string[],
    act: (child: ReturnType<typeof spawn>, seen: () => string) => Promise<void>,
    env: Record<string, string> = {},
  ): Promise<{ status: number | null; out: string; err: string }> {
    const [command = '', ...args] = argv;
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH'], CTVIRT_ROOT: daemon.root, TERM: 'xterm', ...env },
      stdio: 'pipe',
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part) => {
      out += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part) => {
      err += part;
    });
    const over = new Promise<{ status: number | null; out: string; err: string }>((resolve) =>
      child.on('close', (status) => resolve({ status, out, err })),
    );
    return Promise.all([over, act(child, () => out)]).then(([result]) => result);
  }

  /** Waits until a text was printed. */
  const until = async (seen: () => string, text: string): Promise<void> =>
    await isSo(() => seen().includes(text), `no '${text}'`);

  const inTerminal = (command: string): readonly string[] => ['script', '-qec', command, '/dev/null'];
  const quoted = `'${process.execPath}' '${program}'`;

  test('exec passes streams and status on', async () => {
    await create('run');
    const cat = await ctvirt('exec run cat', { input: 'through' });
    assert.deepEqual(cat, { status: 0, out: 'through', err: '' });
    const both = await ctvirt(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
      'exec --env A=1 -e B=2 run -- sh -c echo${IFS}$A$B;echo${IFS}loud>&2;exit${IFS}9',
    );
    assert.deepEqual(both, { status: 9, out: '12\n', err: 'loud\n' });
    assert.equal((await ctvirt('exec run no-such-program-here')).status, 127);
  });

  test('a verb that reads no input leaves the pipe there as it is for who reads it', async () => {
    const nonBlocking = 0o4000;
    const found: number[] = [];
    await launch([process.execPath, program, 'events', '--loop'], async (child, seen) => {
      const look = (): void => {
        const info = readFileSync(`/proc/${child.pid}/fdinfo/0`, 'utf8');
        found.push(Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '0', 8) & nonBlocking);
      };
      // Until it listens, and a while after that.
      for (; !seen().includes('noticed'); look()) await ctvirt('define -', { input: domainXml('noticed') });
      for (let times = 0; times < 10; times++, look()) await delay(10);
      child.kill();
    });
    assert.ok(!found.includes(nonBlocking));
  });

  test('exec -n leaves the input to the loop around it', async () => {
    for (const name of ['one', 'two']) await create(name);
    const loop = (options: string) =>
      `printf 'one\\ntwo\\n' | while read -r name; do ${quoted} exec ${options} "$name" -- sh -c 'cat; echo done'; done`;
    const { out } = await launch(['sh', '-c', loop('-n')], async () => undefined);
    assert.equal(out, 'done\ndone\n');
    const without = await launch(['sh', '-c', loop('')], async () => undefined);
    assert.equal(without.out, 'two\ndone\n');
    assert.equal((await ctvirt('exec -nt one true')).status, 2);
  });

  test("exec's options stand on either side of the domain, before the program", async () => {
    await create('either');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
    const given = 'exec -e A=1 either -e B=2 -- sh -c echo${IFS}$A$B';
    assert.equal((await ctvirt(given)).out, '12\n');
    assert.equal((await ctvirt('exec either echo -e A=1')).out, 'A=1\n');
  });

  test('exec takes a single word with signs of a shell for a line of one', async () => {
    await create('line');
    const line = await launch(
      [process.execPath, program, 'exec', 'line', 'echo one; exit 4'],
      async (child) => void child.stdin?.end(),
    );
    assert.deepEqual([line.status, line.out], [4, 'one\n']);
    assert.equal((await ctvirt('exec line echo a;b')).out, 'a;b\n');
  });

  test('enter runs a login shell, on a terminal where there is one', async () => {
    await create('entered');
    const { status, out } = await ctvirt('enter entered', { input: 'echo told; exit 5\n' });
    assert.deepEqual([status, out], [5, 'told\n']);
    const shown = await launch(inTerminal(`${quoted} enter entered`), async (child) => {
      child.stdin?.write('exit 6\n');
    });
    assert.equal(shown.status, 6);
  });

  test("exec's own failures end with 125", async () => {
    assert.equal((await ctvirt('exec none true')).status, 125);
    await ctvirt('define -', { input: domainXml('stopped') });
    assert.equal((await ctvirt('exec stopped true')).status, 125);
  });

  test('Ctrl-C kills the program and ends with 130', async () => {
    await create('long');
    const { status, out } = await launch(
      [process.execPath, program, 'exec', 'long', 'sh', '-c', 'echo up; exec sleep 600'],
      async (child, seen) => {
        await until(seen, 'up');
        child.kill('SIGINT');
      },
    );
    assert.deepEqual([status, out], [130, 'up\n']);
  });

  test('input that never ends does not hold a program that did', async () => {
    await create('brief');
    const { status, out } = await launch(
      [process.execPath, program, 'exec', 'brief', 'echo', 'done'],
      async () => undefined,
    );
    assert.deepEqual([status, out], [0, 'done\n']);
  });

  test('a reader that has enough ends ctvirt in silence', async () => {
    await create('wordy');
    const { out, err } = await launch(
      ['sh', '-c', `${quoted} exec wordy yes | head -n 1`],
      async () => undefined,
    );
    assert.deepEqual([out, err], ['y\n', '']);
  });

  test('a console is left by Ctrl + ] and the terminal is as before', async () => {
    await create('term');
    const { status, out } = await launch(
      inTerminal(`${quoted} console term; stty -a`),
      async (child, seen) => {
        await until(seen, 'login: ');
        child.stdin?.write('root');
        await until(seen, 'ROOT');
        child.stdin?.write('\x1d');
      },
    );
    assert.equal(status, 0);
    assert.match(out, /Escape character is \^\]/);
    assert.match(out, /detached/);
    assert.match(out, /[^-]icanon/);
    assert.match(out, /[^-]echo /);
    assert.equal((await ctvirt('domstate term')).out, 'running\n\n');
  });

  test('a terminal that is closed ends ctvirt by SIGHUP, and leaves no core dump', async () => {
    await create('closed');
    const told = join(daemon.folder, 'how-it-ended');
    for (const [words, shown] of [
      ['console closed', 'login: '],
      ['exec -t closed sh -c "echo rea""dy; exec cat"', 'ready'],
    ] as const) {
      const shell = `trap "" HUP; ${quoted} ${words}; echo $? >${told}`;
      await launch(inTerminal(shell), async (child, seen) => {
        await until(seen, shown);
        child.kill('SIGKILL');
      });
      const isTold = (): boolean => existsSync(told) && readFileSync(told, 'utf8') !== '';
      await isSo(isTold, `${words} goes on`);
      assert.equal(readFileSync(told, 'utf8'), '129\n', words);
      rmSync(told);
    }
  });

  test('a console that closes ends ctvirt', async () => {
    await create('closing');
    const { out, status, err } = await ctvirt('console closing', { input: 'bye' });
    assert.deepEqual([status, out], [0, 'login: BYE']);
    assert.match(err, /the console is closed/);
  });

  test('the end of its input detaches a console, and what answers it is still shown', {
    timeout: 120_000,
  }, async () => {
    await create('piped');
    const { out, status, err } = await ctvirt('console piped', { input: 'hello' });
    assert.deepEqual([status, out], [0, 'login: HELLO']);
    assert.match(err, /detached/);
  });

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const)
    test(`${signal} detaches a console at once`, async () => {
      const name = `told-${signal}`;
      await create(name);
      let began = 0;
      const { status, err } = await launch(
        [process.execPath, program, 'console', name],
        async (child, seen) => {
          await until(seen, 'login: ');
          began = performance.now();
          child.kill(signal);
        },
      );
      assert.deepEqual([status, /detached/.test(err)], [0, true], err);
      // A program gets ten seconds to end.
      assert.ok(performance.now() - began < 9500, 'it took long');
    });

  test("exec -t runs in raw mode with the terminal's size", async () => {
    await create('raw');
    const { status, out } = await launch(
      inTerminal(`${quoted} exec -t raw sh -c 'echo ready; exec head -n 1'`),
      async (child, seen) => {
        await until(seen, 'ready');
        child.stdin?.write('typed\n');
      },
    );
    assert.equal(status, 0);
    // Echoed once by the program and not a second time by a terminal that is still in line mode.
    assert.equal(out, 'ready\ntyped\n');
  });

  /** An editor that writes one text after another, one per call. */
  function editorThatWrites(...texts: readonly string[]): string {
    const file = join(daemon.folder, `editor-${Math.random()}.cjs`);
    writeFileSync(
      file,
      `const fs = require('node:fs');
       const texts = ${JSON.stringify(texts)};
       const count = __filename + '.count';
       const at = fs.existsSync(count) ? Number(fs.readFileSync(count)) : 0;
       fs.writeFileSync(count, String(at + 1));
       if (texts[at] !== undefined) fs.writeFileSync(process.argv.at(-1), texts[at]);`,
    );
    return `'${process.execPath}' "${file}"`;
  }

  test('edit takes the text an editor leaves', async () => {
    await ctvirt('define -', { input: domainXml('edited') });
    const wanted = domainXml('edited').replace('</name>', '</name><profile>vps.basic</profile>');
    const { status, out } = await ctvirt('edit edited', { env: { EDITOR: editorThatWrites(wanted) } });
    assert.deepEqual([status, out], [0, "Domain 'edited' XML configuration edited.\n"]);
    assert.match((await ctvirt('dumpxml edited')).out, /<profile>vps\.basic<\/profile>/);
    const same = await ctvirt('edit edited', { env: { VISUAL: editorThatWrites() } });
    assert.equal(same.out, "Domain 'edited' XML configuration not changed.\n");
  });

  test('edit shows what is wrong and lets the person mend it', async () => {
    await ctvirt('define -', { input: domainXml('mended') });
    const wanted = domainXml('mended').replace("'lxc'", "'openvz'");
    const { status, out, err } = await ctvirt('edit mended', {
      input: 'y\n',
      isTerminal: true,
      env: { EDITOR: editorThatWrites('<domain/>', wanted), NO_COLOR: '1' },
    });
    assert.equal(status, 0, err);
    assert.match(err, /domain\.xml:1:1: error: <domain> needs <name>/);
    assert.match(err, /Try again\?/);
    assert.match(out, /edited\.\n$/);
  });

  test('edit keeps the text that it could not define', async () => {
    await ctvirt('define -', { input: domainXml('kept') });
    const before = (await ctvirt('dumpxml kept')).out;
    const { status, err } = await ctvirt('edit kept', { env: { EDITOR: editorThatWrites('<domain/>') } });
    assert.equal(status, 1);
    const file = /kept in (\S+)/.exec(err)?.[1] ?? '';
    assert.ok(existsSync(file), err);
    rmSync(dirname(file), { recursive: true });
    assert.equal((await ctvirt('dumpxml kept')).out, before);
  });

  /** An editor that gives the domain a description, and lets somebody else change it while it is open for the first time. */
  function editorBeside(name: string, others: string): string {
    const file = join(daemon.folder, `beside-${name}.cjs`);
    const other = join(daemon.folder, `other-${name}.xml`);
    writeFileSync(other, others);
    writeFileSync(
      file,
      `const fs = require('node:fs');
       const path = process.argv.at(-1);
       const text = fs.readFileSync(path, 'utf8');
       if (text.includes('<description>')) process.exit(0);
       fs.writeFileSync(path, text.replace('</name>', '</name>\\n  <description>mine</description>'));
       require('node:child_process').execFileSync(process.execPath, ${JSON.stringify([program, '--socket', daemon.socketPath, 'define', other])});`,
    );
    return `'${process.execPath}' "${file}"`;
  }

  test('of two who edit a domain the second is told, and none loses his text', async () => {
    await ctvirt('define -', { input: domainXml('shared') });
    const theirs = domainXml('shared').replace('</os>', '</os><vcpu>1</vcpu>');
    const given = await ctvirt('edit shared', {
      env: { EDITOR: editorBeside('shared', theirs), NO_COLOR: '1' },
    });
    assert.equal(given.status, 1);
    assert.match(
      given.err,
      /error: the document of domain 'shared' was changed meanwhile: \S+Z, by \S+ \(process \d+ of root\)\n/,
    );
    const kept = /kept in (\S+)/.exec(given.err)?.[1] ?? '';
    assert.match(readFileSync(kept, 'utf8'), /<description>mine</);
    rmSync(dirname(kept), { recursive: true });
    assert.doesNotMatch((await ctvirt('dumpxml shared')).out, /mine/);

    await ctvirt('define -', { input: domainXml('both') });
    const again = await ctvirt('edit both', {
      input: 'y\n',
      isTerminal: true,
      env: {
        EDITOR: editorBeside('both', domainXml('both').replace('</os>', '</os><vcpu>1</vcpu>')),
        NO_COLOR: '1',
      },
    });
    assert.equal(again.status, 0, again.err);
    const { out } = await ctvirt('dumpxml both');
    assert.match(out, /<description>mine</);
    assert.match(out, /<vcpu[^>]*>1</);
    const aside = /as it was is kept in (\S+)/.exec(again.err)?.[1] ?? '';
    assert.match(readFileSync(aside, 'utf8'), /mine/);
    rmSync(dirname(aside), { recursive: true });
  });

  test('edit of a domain that runs says when it counts', async () => {
    await create('busy');
    const wanted = domainXml('busy').replace('</name>', '</name><title>t</title>');
    const { out } = await ctvirt('edit busy', { env: { EDITOR: editorThatWrites(wanted) } });
    assert.equal(out, "Domain 'busy' XML configuration edited (from its next start on).\n");
  });

  for (const signal of ['SIGTERM', 'SIGHUP'] as const)
    test(`edit that ${signal} ends leaves no text behind`, async () => {
      const name = `cut-${signal}`;
      const folder = join(daemon.folder, name);
      mkdirSync(folder);
      await ctvirt('define -', { input: domainXml(name) });
      const { status, err } = await launch(
        [process.execPath, program, 'edit', name],
        async (child, seen) => {
          await until(seen, 'opened');
          child.kill(signal);
        },
        { EDITOR: `sh -c 'echo opened; exec sleep 600'`, TMPDIR: folder },
      );
      assert.deepEqual([status, readdirSync(folder)], [1, []], err);
    });

  test('edit refuses an editor that fails or is not there', async () => {
    await ctvirt('define -', { input: domainXml('unedited') });
    assert.equal((await ctvirt('edit unedited', { env: { EDITOR: 'false' } })).status, 1);
    assert.equal((await ctvirt('edit unedited', { env: { EDITOR: '/no/such/editor' } })).status, 1);
  });
});

test("an editor's words are split as a shell would", () => {
  assert.deepEqual(splitWords(`code --wait "my file" 'a "b"' c"d e"f`), [
    'code',
    '--wait',
    'my file',
    'a "b"',
    'cd ef',
  ]);
});
