// How a verb of vzctl is declared: its words, what it does here, and the code that does it.
// SPDX-License-Identifier: Apache-2.0
import type { Container } from '../containers.js';
import { badCtid, lookUp } from '../containers.js';
import { VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { type Given, readOptions, refuseWords, type VzOptions } from '../options.js';

interface Declared {
  /** The first is its own, the others mean the same. */
  readonly names: readonly string[];
  /** What follows the CTID, as help has it. */
  readonly synopsis: string;
  readonly options: VzOptions;
  /** Whether words of its own follow the CTID. */
  readonly takesWords?: true;
  /** What it does here, in a sentence or two, for the reference. */
  readonly here: string;
}

/** A verb as the command line sees it. */
export interface VzVerb extends Declared {
  /** `word` is what stands for the container; returns the exit status, if not 0. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a run without a result is the usual one
  run(host: VzHost, word: string, words: readonly string[]): Promise<number | void>;
}

/** What is done to a container that is there. */
export interface Call {
  readonly host: VzHost;
  readonly container: Container;
  readonly given: Given;
}

/** A verb of a container that has to be there. */
export const onContainer = (
  verb: Declared & {
    // biome-ignore lint/suspicious/noConfusingVoidType: a run without a result is the usual one
    readonly act: (call: Call) => Promise<number | void>;
  },
): VzVerb => ({
  ...verb,
  async run(host, word, words) {
    const given = readOptions(words, verb.options);
    if (verb.takesWords !== true) refuseWords(given);
    return await verb.act({ host, container: await found(host, word), given });
  },
});

/** Of a verb whose words are those of another program. */
export const withProgram = (
  verb: Declared & {
    readonly act: (host: VzHost, container: Container, words: readonly string[]) => Promise<number>;
  },
): VzVerb => ({
  ...verb,
  run: async (host, word, words) => await verb.act(host, await found(host, word), words),
});

async function found(host: VzHost, word: string): Promise<Container> {
  if (word === '') throw new VzError('value', 'CT ID missing');
  if (word === '0') throw badCtid('0: the host is no container');
  const container = await lookUp(host.client, word);
  if (container === undefined) throw new VzError('noContainer', 'Container config file does not exist');
  return container;
}
