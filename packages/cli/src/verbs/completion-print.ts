// ctvirt completion
// SPDX-License-Identifier: Apache-2.0
import { completionScripts } from '../completion.js';
import { CliError } from '../errors.js';
import { verb } from '../verb.js';

const shells = Object.keys(completionScripts);
const isShell = (word: string): word is keyof typeof completionScripts => shells.includes(word);

/** Prints the script as it is, with `--json` too; a shell unknown to it is CliError `usage`. */
export const completion = verb({
  name: 'completion',
  group: 'ctvirt itself',
  summary: 'Print a script that lets a shell complete ctvirt',
  args: { shell: { summary: shells.join(', '), complete: shells } },
  options: {},
  example: {
    command: 'eval "$(ctvirt completion bash)"',
    does: 'Completes verbs, options and names in this shell; put it in ~/.bashrc for every shell.',
  },
  async run(context, { args: { shell } }) {
    if (!isShell(shell))
      throw new CliError('usage', `completion: SHELL is one of ${shells.join(', ')}, not '${shell}'`);
    context.io.stdout.write(completionScripts[shell]);
  },
});
