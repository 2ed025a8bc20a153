// What can be done with domains: one or many, each told by its name, with what went wrong.
// SPDX-License-Identifier: Apache-2.0
import { texts } from '../texts.js';
import { asApiError } from './asked.js';
import { daemon, remarks } from './daemon.js';
import type { Row } from './domains.js';
import { say } from './notes.js';
import type { Role } from './session.js';
import { told } from './told.js';

/** What can be done with a domain in one step. */
export type Verb = 'start' | 'shutdown' | 'reboot' | 'destroy' | 'suspend' | 'resume';

interface Deed {
  readonly role: Role;
  /** What it does to who uses the domain: without a word, or after a question. */
  readonly danger: 'none' | 'interrupts';
  /** Whether a domain in that state can be told so. */
  readonly fits: (state: 'running' | 'paused' | 'shutoff') => boolean;
  readonly run: (domain: string) => Promise<unknown>;
}

/** Each, in the order of buttons. */
export const deeds: Readonly<Record<Verb, Deed>> = {
  start: {
    role: 'operator',
    danger: 'none',
    fits: (state) => state === 'shutoff',
    run: (domain) => daemon.domains.start({ domain }),
  },
  shutdown: {
    role: 'operator',
    danger: 'none',
    fits: (state) => state === 'running',
    run: (domain) => daemon.domains.shutdown({ domain }),
  },
  reboot: {
    role: 'operator',
    danger: 'interrupts',
    fits: (state) => state === 'running',
    run: (domain) => daemon.domains.reboot({ domain }),
  },
  suspend: {
    role: 'operator',
    danger: 'none',
    fits: (state) => state === 'running',
    run: (domain) => daemon.domains.suspend({ domain }),
  },
  resume: {
    role: 'operator',
    danger: 'none',
    fits: (state) => state === 'paused',
    run: (domain) => daemon.domains.resume({ domain }),
  },
  destroy: {
    role: 'operator',
    danger: 'interrupts',
    fits: (state) => state !== 'shutoff',
    run: (domain) => daemon.domains.destroy({ domain }),
  },
};

/** Every verb, in the order of buttons. */
export const verbs = Object.keys(deeds).filter((name): name is Verb => name in deeds);

/** What is said of something that is done with several. */
interface EachWords {
  readonly busy: string;
  readonly done: string;
  readonly failed: (failures: number) => string;
}

const atOnce = 4;
/** Does it with each of these, some at a time; who fails is named, and so is of whom there is something to remark. */
export async function each(
  targets: readonly Row[],
  work: (row: Row) => Promise<unknown>,
  words: EachWords,
): Promise<void> {
  const left = [...targets];
  const failures: string[] = [];
  const worker = async () => {
    for (let row = left.shift(); row !== undefined; row = left.shift())
      try {
        await work(row);
      } catch (error) {
        failures.push(`${row.is.peek().name}: ${asApiError(error).message}`);
      }
  };
  const id = say({ kind: 'busy', text: words.busy });
  remarks.value = [];
  await Promise.all(Array.from({ length: atOnce }, worker));
  const detail = [...failures, ...remarks.value].join('\n') || undefined;
  if (failures.length === 0) say({ kind: 'done', text: words.done, detail }, id);
  else say({ kind: 'failed', text: words.failed(failures.length), detail }, id);
}

/** One verb for each of these. */
export async function act(verb: Verb, targets: readonly Row[]): Promise<void> {
  const names = targets.map(({ is }) => is.peek().name);
  await each(targets, ({ uuid }) => deeds[verb].run(uuid), {
    busy: texts.deeds.busy(verb, names),
    done: texts.deeds.done(verb, names),
    failed: (failures) => texts.deeds.failed(verb, failures, names.length),
  });
}

/** Forgets a domain whose files are kept, which its document brings back for as long as it is offered. */
export async function undefine(row: Row): Promise<boolean> {
  const { name, uuid } = row.is.peek();
  const document = await daemon.domains.xml({ domain: uuid, inactive: true });
  const undo = () =>
    void told(texts.undefine.undoing(name), texts.undefine.undone(name), () =>
      daemon.domains.define({ body: document }),
    );
  return await told(
    texts.undefine.busy(name),
    texts.undefine.done(name),
    () => daemon.domains.undefine({ domain: uuid }),
    undo,
  );
}
