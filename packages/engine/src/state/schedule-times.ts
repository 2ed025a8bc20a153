// When schedules of domains were last obeyed, in one file: the next daemon makes up for what was missed meanwhile.
// SPDX-License-Identifier: Apache-2.0
import { readIfThere, writeAtomically } from '../host/files.js';

interface Last {
  readonly when: string;
  readonly at: Date;
}

/** By UUID. */
export class ScheduleTimes {
  private constructor(
    private readonly path: string,
    private readonly known: Map<string, Last>,
  ) {}

  /** A file that cannot be read is as none: schedules begin anew. */
  static async open(path: string): Promise<ScheduleTimes> {
    return new ScheduleTimes(path, timesIn(await readIfThere(path)));
  }

  get(uuid: string): Last | undefined {
    return this.known.get(uuid);
  }

  set(uuid: string, last: Last): void {
    this.known.set(uuid, last);
  }

  async save(uuids: ReadonlySet<string>): Promise<void> {
    for (const uuid of this.known.keys()) if (!uuids.has(uuid)) this.known.delete(uuid);
    const last = Object.fromEntries(this.known);
    await writeAtomically(this.path, `${JSON.stringify({ version: 1, last })}\n`);
  }
}

function timesIn(text = '{}'): Map<string, Last> {
  const times = new Map<string, Last>();
  for (const [uuid, value] of Object.entries(lastIn(text))) {
    if (!isObject(value)) continue;
    const { when, at } = value;
    const moment = new Date(String(at));
    if (typeof when === 'string' && !Number.isNaN(moment.valueOf())) times.set(uuid, { when, at: moment });
  }
  return times;
}

function lastIn(text: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(text);
    return isObject(content) && isObject(content['last']) ? content['last'] : {};
  } catch {
    return {}; // damaged
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
