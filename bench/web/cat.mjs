// A file of 20 MB through a terminal of a page, against `ctvirt exec`: what it costs on its way, without what xterm takes to draw it, and with it.
// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { build } from 'esbuild';
import { byTurns, mb, median, ms, timed } from '../measure.mjs';
import { withContainer } from './browser.mjs';
import { openShell, untilPrompt } from './terminal.mjs';

const reach = 5;
const bytes = 20e6;
const program = new URL('../../ctvirt', import.meta.url).pathname;
const source = new URL('../../packages/console/src/', import.meta.url).pathname;

/** The console's own terminal, without a screen: tells how many bytes came until its program ended. */
const discarding = `
import { effect } from '@preact/signals';
import { HeldTerminal } from './state/terminals.js';
globalThis.discarded = (domain, line) => new Promise((resolve, reject) => {
  let come = 0;
  const write = (bytes, drawn) => {
    come += bytes.length;
    drawn();
  };
  const held = new HeldTerminal(domain, 'exec', { columns: 80, rows: 24, clear: () => undefined, write });
  effect(() => {
    const standing = held.standing.value;
    if (standing.kind === 'over') resolve(come);
    if (standing.kind === 'failed') reject(standing.error);
  });
  void held.open().then(() => held.type(line));
});`;

/** @param {import('playwright-core').Page} page */
async function withoutScreen(page) {
  const { outputFiles } = await build({
    stdin: { contents: discarding, resolveDir: source },
    ...{ bundle: true, format: 'iife', platform: 'browser', write: false },
    ...{ jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'error' },
  });
  await page.evaluate(outputFiles[0].text);
}

/**
 * Runs a command line in the container as an operator does, and throws what it prints away.
 *
 * @param {import('../daemon.mjs').Daemon} daemon
 * @param {readonly string[]} argv
 */
async function executed({ folder }, ...argv) {
  const args = ['--root', folder, 'exec', 'one', '--', ...argv];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`ctvirt exec ended with status ${status}`);
}

/** @type {import('../measure.mjs').Row} */
export const cat = {
  name: 'cat',
  run: ({ note, rounds = 5 }) =>
    withContainer('one', async (desk, daemon) => {
      const { page } = desk;
      const line = 'what is printed in a terminal has lines of about eighty characters, as this is one';
      await executed(daemon, '/bin/sh', '-c', `yes '${line}' | head -c ${bytes} > /twenty`);
      await withoutScreen(page);
      const ours = () =>
        timed(async () => {
          const come = await page.evaluate(
            (command) => Reflect.get(globalThis, 'discarded')('one', command),
            'exec cat /twenty\n',
          );
          if (come < bytes) throw new Error(`${come} bytes came of ${bytes}`);
        });
      const theirs = () => timed(() => executed(daemon, 'cat', '/twenty'));
      await byTurns(1, { ours, theirs });
      const times = await byTurns(rounds, { ours, theirs }, note);
      note('the same, drawn');
      await openShell(desk, 'one');
      await page.keyboard.type('clear; cat /twenty');
      const drawn = await timed(async () => {
        await page.keyboard.press('Enter');
        await page.locator('.xterm-rows', { hasText: line.slice(0, 20) }).waitFor();
        await untilPrompt(page, 300_000);
      });
      const ratio = median(times.ours) / median(times.theirs);
      return [
        {
          what: `cat: ${mb(bytes)} through a terminal of a page that draws nothing, against ctvirt exec`,
          ours: ms(median(times.ours)),
          theirs: ms(median(times.theirs)),
          ratio,
          reach: `<= ${reach}`,
          ok: ratio <= reach,
          times,
        },
        { what: 'cat: the same, drawn by xterm', ours: ms(drawn) },
      ];
    }),
};
