// Completion: what may stand at the cursor, and the scripts in real shells.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { complete, completionScripts } from './completion.js';
import { domainXml, withDaemon } from './testing/harness.js';
import { verbs } from './verbs/index.js';

const names = async (kind: string) => [`a-${kind}`, `b-${kind}`];

async function wordsAfter(...given: readonly string[]): Promise<readonly string[] | string> {
  const completed = await complete(given, verbs, names);
  return 'shell' in completed ? completed.shell : completed.candidates.map(({ word }) => word);
}

test('words, options and values are offered where they may stand', async () => {
  assert.deepEqual(await wordsAfter('sus'), ['suspend']);
  assert.deepEqual(await wordsAfter('template', 'i'), ['info', 'import']);
  assert.deepEqual(await wordsAfter('start', ''), ['a-inactive-domain', 'b-inactive-domain']);
  assert.deepEqual(await wordsAfter('--root', '/x', 'destroy', 'a'), ['a-active-domain']);
  assert.deepEqual(await wordsAfter('suspend', 'web', ''), []);
  assert.deepEqual(await wordsAfter('start', 'web', 'b'), ['b-inactive-domain']);
  assert.deepEqual(await wordsAfter('shutdown', '--t'), ['--timeout']);
  assert.deepEqual(await wordsAfter('shutdown', '--timeout', ''), []);
  assert.deepEqual(await wordsAfter('exec', 'web', '--', '-'), []);
  assert.deepEqual(await wordsAfter('completion', ''), ['bash', 'zsh', 'fish']);
  assert.equal(await wordsAfter('define', ''), 'file');
  assert.equal(await wordsAfter('list', '--root', ''), 'directory');
  assert.ok((await wordsAfter('')).includes('template'));
  assert.ok(!(await wordsAfter('')).includes('complete'));
  assert.ok((await wordsAfter('help', '')).includes('list'));
  assert.deepEqual(await wordsAfter('help', 'network', 'le'), ['leases']);
});

test('every script is one its shell can read', () => {
  for (const [shell, script] of Object.entries(completionScripts)) {
    const { status, error, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    // Bash is everywhere; the other shells are asked where they are installed.
    if (error !== undefined && shell !== 'bash') continue;
    assert.equal(status, 0, `${shell}: ${stderr}`);
  }
});

describe('in bash', () => {
  const daemon = withDaemon();
  const bin = join(daemon.folder, 'bin');
  before(async () => {
    mkdirSync(bin);
    const program = fileURLToPath(new URL('./ctvirt.cjs', import.meta.url));
    writeFileSync(join(bin, 'ctvirt'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, {
      mode: 0o755,
    });
    symlinkSync('/dev/null', join(daemon.folder, 'null.xml'));
    for (const name of ['web', 'wiki and more', 'mail']) {
      const { status } = await daemon.ctvirt('define -', { input: domainXml(name) });
      assert.equal(status, 0);
    }
  });

  /** What bash offers at the end of these words. */
  const offered = (...words: readonly string[]): readonly string[] =>
    execFileSync(
      'bash',
      [
        '--norc',
        '-c',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's, not ours
        'eval "$(ctvirt completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _ctvirt; printf "%s\\n" "${COMPREPLY[@]}"',
        'bash',
        'ctvirt',
        ...words,
      ],
      {
        encoding: 'utf8',
        cwd: daemon.folder,
        env: { PATH: `${bin}:${process.env['PATH']}`, CTVIRT_ROOT: daemon.root },
      },
    )
      .split('\n')
      .filter(Boolean);

  test('verbs, names and files are completed', () => {
    assert.deepEqual(offered('autos'), ['autostart']);
    assert.deepEqual(offered('start', 'w'), ['web', 'wiki\\ and\\ more']);
    assert.deepEqual(offered('define', 'nu'), ['null.xml']);
    assert.deepEqual(offered('start', 'none'), []);
  });
});
