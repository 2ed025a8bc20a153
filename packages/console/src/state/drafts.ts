// Texts that are not saved yet: they outlive a reload of their tab, and a session that ends in their middle.
// SPDX-License-Identifier: Apache-2.0
import { keepInTab } from './tab.js';

/** A text, and what it was made of. */
export interface Draft {
  readonly text: string;
  readonly base: string;
  /** Of the base, by which it is found out whether the stored one is another by now. */
  readonly tag: string;
}

const nameOf = (of: string): string => `ctvirt-draft-${of}`;

const isDraft = (value: unknown): value is Draft =>
  typeof value === 'object' &&
  value !== null &&
  ['text', 'base', 'tag'].every((name) => typeof Reflect.get(value, name) === 'string');

/** What was kept of it, if there is something. */
export function draftOf(of: string): Draft | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(nameOf(of)) ?? 'null');
    return isDraft(kept) ? kept : undefined;
  } catch {
    return undefined; // somebody else wrote there
  }
}

/** Keeps it, where the browser has room. */
export const keepDraft = (of: string, draft: Draft): void => keepInTab(nameOf(of), JSON.stringify(draft));

/** It was saved, or is not wanted. */
export const dropDraft = (of: string): void => sessionStorage.removeItem(nameOf(of));
