// Parts of the page that are loaded when they are first wanted: a screen, a tab, an editor.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '@ctvirt/api/browser';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { lack, loadAgain } from '../state/again.js';
import { useAsked } from '../state/asked.js';
import { texts } from '../texts.js';
import { Bones, Fault } from './frame.js';

interface PartProps<T> {
  /** The same as long as it stands there. */
  readonly load: () => Promise<T>;
  readonly lines?: number;
  /** Whether it is a whole screen. */
  readonly isScreen?: boolean;
  readonly children: (part: T) => ComponentChildren;
}

/** What was loaded, or what stands in its place. */
export function Part<T>({ load, lines = 6, isScreen = false, children }: PartProps<T>) {
  const { value, error } = useAsked(load, []);
  const isThere = value !== undefined;
  const isMissing = !isThere && error !== undefined;
  useEffect(() => (isThere ? undefined : lack()), [isThere]);
  useEffect(() => {
    if (!isMissing) return;
    const left = new AbortController();
    void loadAgain(left.signal);
    return () => left.abort();
  }, [isMissing]);
  if (value !== undefined) return <>{children(value)}</>;
  return isMissing ? (
    <Fault
      error={new ApiError('internal', texts.error.part)}
      isScreen={isScreen}
      again={() => location.reload()}
    />
  ) : (
    <Bones lines={lines} isScreen={isScreen} />
  );
}
