// Pictures of one line each, drawn for this page.
// SPDX-License-Identifier: Apache-2.0

const paths = {
  overview: 'M3 12a9 9 0 0 1 18 0M12 12l4-4M5 17h14',
  domains: 'M4 5h16v5H4zM4 14h16v5H4zM7.5 7.5h.01M7.5 16.5h.01',
  activity: 'M3 12h4l3-7 4 14 3-7h4',
  templates: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  adopt: 'M12 3v10M8 9l4 4 4-4M4 14v6h16v-6',
  whatIf: 'M4 20V10M10 20V4M16 20v-7M20 8h-4M18 6v4',
  profiles: 'M5 6h14M5 12h14M5 18h14M9 4v4M15 10v4M8 16v4',
  networks:
    'M12 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM5 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM19 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM12 8v4M12 12l-6 4M12 12l6 4',
  check: 'M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM8.5 12l2.5 2.5 4.5-5',
  sessions:
    'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21c0-4 3-6 7-6s7 2 7 6M17 4a4 4 0 0 1 0 7M19 15.5c2 .8 3 2.80 3 5.50',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16.50 16.50L21 21',
  menu: 'M4 6h16M4 12h16M4 18h16',
  close: 'M6 6l12 12M18 6L6 18',
  tick: 'M5 12.50l4.50 4.50L19 7',
  cross: 'M6 6l12 12M18 6L6 18',
  question: 'M9 9a3 3 0 1 1 4 2.80c-.70.400-1 .90-1 1.70M12 17.50h.01',
  dash: 'M7 12h10',
  warning: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  play: 'M7 5l12 7-12 7z',
  power: 'M12 3v8M6.50 6.50a8 8 0 1 0 11 0',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  wall: 'M3 6h18v12H3zM3 12h18M9 6v6M15 12v6',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  up: 'M6 15l6-6 6 6',
  down: 'M6 9l6 6 6-6',
} as const;

/** What there is a picture of. */
export type IconName = keyof typeof paths;

/** A picture beside a word that says the same. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg
    viewBox="0 0 24 24"
    width="18"
    height="18"
    fill="none"
    stroke="currentColor"
    stroke-width="1.9"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d={paths[name]} />
  </svg>
);

/** The mark of the product. */
export const Mark = () => (
  <svg viewBox="0 0 24 24" aria-hidden="true">
    <rect x="1" y="1" width="22" height="22" rx="6" fill="var(--accent)" />
    <path d="M6 7.50h12M6 12h8M6 16.50h4" stroke="#fff" stroke-width="2.40" stroke-linecap="round" />
  </svg>
);
