// Something is done, and what came of it is told.
// SPDX-License-Identifier: Apache-2.0
import { texts } from '../texts.js';
import { asApiError } from './asked.js';
import { remarks } from './daemon.js';
import { say } from './notes.js';

/** What takes no longer is not told as under way. */
const silentMs = 400;

/** Does something and tells what came of it; resolves with whether it was done. */
export async function told(
  busy: string,
  done: string,
  work: () => Promise<unknown>,
  undo?: () => void,
  /** The note that tells it as under way already. */
  told?: number,
): Promise<boolean> {
  let id = told;
  const timer = setTimeout(() => {
    id ??= say({ kind: 'busy', text: busy });
  }, silentMs);
  remarks.value = [];
  try {
    await work();
    id = say({ kind: 'done', text: done, detail: remarks.value.join(' ') || undefined, undo }, id);
    return true;
  } catch (error) {
    id = say({ kind: 'failed', text: `${busy}: ${texts.failed}`, detail: asApiError(error).message }, id);
    return false;
  } finally {
    clearTimeout(timer);
  }
}
