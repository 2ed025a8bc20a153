// What a tab keeps over a reload, as far as its browser has room.
// SPDX-License-Identifier: Apache-2.0
import { type Signal, useSignal, useSignalEffect } from '@preact/signals';

/** Keeps a text by a name; throws nothing where there is no room: what it is of is on the page as well. */
export function keepInTab(name: string, text: string): void {
  try {
    sessionStorage.setItem(name, text);
  } catch {
    // A document of megabytes takes all of it.
  }
}

/** A text of a form that is kept so by a name; `initial` where there is none. */
export function useKept(name: string, initial = ''): Signal<string> {
  const text = useSignal(sessionStorage.getItem(name) || initial);
  useSignalEffect(() => keepInTab(name, text.value));
  return text;
}
