// What screens and their parts are told.
// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from 'preact';
import type { Row } from '../state/domains.js';

/** What a screen is told: what its address names. */
export interface ScreenProps {
  readonly params: Readonly<Record<string, string>>;
}

/** A file of a screen. */
export interface ScreenModule {
  readonly Screen: ComponentType<ScreenProps>;
}

/** What a tab of a domain's page is told. */
export interface TabProps {
  readonly row: Row;
}

/** A file of a tab. */
export interface TabModule {
  readonly Tab: ComponentType<TabProps>;
}
