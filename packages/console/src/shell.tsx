// What stands around every screen: the bar, the links at the side, and whether all of it is live.
// SPDX-License-Identifier: Apache-2.0
import { signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { moment, secondsSince } from './format.js';
import { Icon, Mark } from './parts/icons.js';
import { isJumping } from './parts/palette.js';
import { Link, place } from './router.js';
import { screens } from './screens/table.js';
import { useAsked } from './state/asked.js';
import { hostNow } from './state/clock.js';
import { rows } from './state/domains.js';
import { hostFacts } from './state/host.js';
import { leave, presence } from './state/session.js';
import { standing } from './state/stream.js';
import { chooseTheme, theme, themes } from './state/theme.js';
import { texts } from './texts.js';

const isMenuOpen = signal(false);

/** A number that grows with time. */
function useNow(everyMs: number): Date {
  const now = useSignal(hostNow());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = hostNow();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now.value;
}

function Live() {
  const now = useNow(20_000);
  const { state, since } = standing.value;
  const here = presence.value;
  const when = moment(since, now);
  const word = state === 'lost' || state === 'ended' ? texts.live.lost(when) : texts.live[state];
  return (
    <div class="live" data-state={state}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{word}</span>
      {here.kind === 'in' && here.session.role !== 'metrics' && (
        <span class="role soft">
          · {texts.live.role[here.session.role]} · {texts.live.left(leftOf(here.session.expiresAt, now))}
        </span>
      )}
    </div>
  );
}

/** Seconds until a moment. */
const leftOf = (expiresAt: string, now: Date): number => secondsSince(now.toISOString(), new Date(expiresAt));

/** Its own name: an address, that of the way here, says not which host this is. */
function Host() {
  const facts = useAsked(hostFacts, []);
  return <span class="host">{facts.value?.name ?? location.hostname}</span>;
}

function Bar() {
  return (
    <header class="bar">
      <button
        type="button"
        class="button quiet menu-button"
        aria-label={texts.menu}
        aria-expanded={isMenuOpen.value}
        onClick={() => {
          isMenuOpen.value = !isMenuOpen.value;
        }}
      >
        <Icon name="menu" />
      </button>
      <Link href="/" class="brand">
        <Mark />
        <span class="word">{texts.product}</span>
        <Host />
      </Link>
      <button
        type="button"
        class="jump"
        aria-label={texts.palette.open}
        onClick={() => {
          isJumping.value = true;
        }}
      >
        <Icon name="search" />
        <span class="word">{texts.palette.open}</span>
        <span class="kbd">/</span>
      </button>
      <Live />
    </header>
  );
}

const isWithin = (path: string): boolean =>
  path === '/' ? place.value.path === '/' : `${place.value.path}/`.startsWith(`${path}/`);

function Side() {
  return (
    <nav class={isMenuOpen.value ? 'side open' : 'side'} aria-label={texts.nav.label}>
      {screens.map(({ path, nav }) =>
        nav === undefined ? null : (
          <Link key={path} href={path} aria-current={isWithin(path) ? 'page' : undefined}>
            <Icon name={nav.icon} />
            {nav.label}
            {path === '/domains' && rows.value !== undefined && (
              <span class="tally num">{rows.value.length}</span>
            )}
          </Link>
        ),
      )}
      <div class="foot">
        <label class="field">
          <span class="soft">{texts.live.themeLabel}</span>
          <select
            class="input"
            value={theme.value}
            onChange={({ currentTarget }) => chooseTheme(currentTarget.value)}
          >
            {themes.map((name) => (
              <option key={name} value={name}>
                {texts.live.theme[name]}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="button quiet" onClick={() => void leave()}>
          {texts.live.leave}
        </button>
      </div>
    </nav>
  );
}

/** Around a screen. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const { path } = place.value;
  useEffect(() => {
    isMenuOpen.value = false;
  }, [path]);
  const { state, since } = standing.value;
  const isLost = state === 'lost';
  return (
    <div class={isLost ? 'shell stale' : 'shell'}>
      <a class="skip" href="#content">
        {texts.skip}
      </a>
      <Bar />
      <Side />
      <main class="main" id="content" tabIndex={-1}>
        <div class="inner">
          {isLost && (
            <div class="banner card" role="alert">
              <Icon name="warning" />
              {texts.live.lostBanner(moment(since, hostNow()))}
            </div>
          )}
          {children}
        </div>
      </main>
    </div>
  );
}
