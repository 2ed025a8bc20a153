// Dark or light: as the system has it, unless somebody said otherwise here.
// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';

/** What can be chosen. */
export const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

const keptAs = 'ctvirt-theme';
const known = (name: string | null): Theme => themes.find((one) => one === name) ?? 'system';

/** What was chosen. */
export const theme = signal<Theme>('system');

/** Takes a choice, and keeps it. */
export function chooseTheme(name: string | null): void {
  theme.value = known(name);
  localStorage.setItem(keptAs, theme.value);
  if (theme.value === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
}

/** As it was chosen before. */
export const restoreTheme = (): void => chooseTheme(localStorage.getItem(keptAs));
