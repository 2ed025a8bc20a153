// Every screen: where it is, and what loads it. A new one is its file and a line here.
// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from 'preact';

/** What a screen is told: what its address names. */
export interface ScreenProps {
  readonly params: Readonly<Record<string, string>>;
}

/** A file of a screen. */
export interface ScreenModule {
  readonly Screen: ComponentType<ScreenProps>;
}

/** One screen. */
export interface ScreenRow {
  readonly path: string;
  readonly load: () => Promise<ScreenModule>;
}

/** Every screen. */
export const screens: readonly ScreenRow[] = [];
