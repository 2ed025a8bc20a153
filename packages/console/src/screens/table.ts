// Every screen: where it is, what it is called, and what loads it. A new one is its file and a line here.
// SPDX-License-Identifier: Apache-2.0
import type { IconName } from '../parts/icons.js';
import { texts } from '../texts.js';
import type { ScreenModule } from './screen.js';

/** One screen, and its place among the links at the side. */
export interface ScreenRow {
  readonly path: string;
  readonly load: () => Promise<ScreenModule>;
  readonly nav?: { readonly label: string; readonly icon: IconName; readonly key?: string } | undefined;
}

/** In the order of the links. */
export const screens: readonly ScreenRow[] = [
  {
    path: '/',
    load: () => import('./overview.js'),
    nav: { label: texts.nav.overview, icon: 'overview', key: 'o' },
  },
  {
    path: '/domains',
    load: () => import('./domains.js'),
    nav: { label: texts.nav.domains, icon: 'domains', key: 'd' },
  },
  { path: '/define', load: () => import('./define.js') },
  { path: '/domains/:domain', load: () => import('./domain.js') },
  { path: '/domains/:domain/:tab', load: () => import('./domain.js') },
  {
    path: '/activity',
    load: () => import('./activity.js'),
    nav: { label: texts.nav.activity, icon: 'activity', key: 'a' },
  },
  {
    path: '/templates',
    load: () => import('./templates.js'),
    nav: { label: texts.nav.templates, icon: 'templates', key: 't' },
  },
  {
    path: '/profiles',
    load: () => import('./profiles.js'),
    nav: { label: texts.nav.profiles, icon: 'profiles', key: 'p' },
  },
  {
    path: '/adopt',
    load: () => import('./adopt.js'),
    nav: { label: texts.nav.takeOver, icon: 'adopt', key: 'c' },
  },
  { path: '/adopt/convert', load: () => import('./convert.js') },
  {
    path: '/what-if',
    load: () => import('./what-if.js'),
    nav: { label: texts.nav.whatIf, icon: 'whatIf', key: 'w' },
  },
  {
    path: '/networks',
    load: () => import('./networks.js'),
    nav: { label: texts.nav.networks, icon: 'networks', key: 'n' },
  },
  {
    path: '/check',
    load: () => import('./host-check.js'),
    nav: { label: texts.nav.check, icon: 'check', key: 'h' },
  },
  {
    path: '/sessions',
    load: () => import('./sessions.js'),
    nav: { label: texts.nav.sessions, icon: 'sessions', key: 's' },
  },
];
