// What the page says at its edge: that something was done or was not, with a way back where there is one.
// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';

/** One note; `undo` is offered as long as it stands. */
export interface Note {
  readonly id: number;
  readonly kind: 'busy' | 'done' | 'failed';
  readonly text: string;
  readonly detail?: string | undefined;
  readonly undo?: (() => void) | undefined;
}

/** What is said now, the oldest first. */
export const notes = signal<readonly Note[]>([]);

const standsMs = 6000;
/** So long one can take back what was done. */
const undoMs = 10_000;
let last = 0;

/** Takes a note away. */
export const dismiss = (id: number): void => {
  notes.value = notes.value.filter((note) => note.id !== id);
};

/** How far it is; one that was taken away, or is over, stays so. */
export function amend(id: number, detail: string): void {
  notes.value = notes.value.map((note) =>
    note.id === id && note.kind === 'busy' ? { ...note, detail } : note,
  );
}

/** Says something; a failure stands until it is taken away, and what is under way until it ends. */
export function say(note: Omit<Note, 'id'>, id = ++last): number {
  notes.value = [...notes.value.filter((one) => one.id !== id), { ...note, id }];
  if (note.kind === 'done') setTimeout(() => dismiss(id), note.undo === undefined ? standsMs : undoMs);
  return id;
}
