// Where the page is: the path and query in the browser's bar, and the links that change them.
// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

/** What the bar says. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const read = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

/** Where the page is now. */
export const place = signal<Place>(read());

/** Goes there; with `replace` the way back does not lead here. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  place.value = read();
  if (!replace) scrollTo(0, 0);
}

/** Follows the browser's own steps back and forth. */
export function followHistory(): void {
  addEventListener('popstate', () => {
    place.value = read();
  });
}

/** Changes the query in the bar: what is empty is left out. */
export function ask(change: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(change))
    if (value === '') query.delete(name);
    else query.set(name, value);
  const text = query.toString();
  go(text === '' ? place.value.path : `${place.value.path}?${text}`, { replace: true });
}

interface LinkProps {
  readonly href: string;
  readonly class?: string | undefined;
  readonly 'aria-label'?: string | undefined;
  readonly 'aria-current'?: 'page' | undefined;
  readonly tabIndex?: number | undefined;
  readonly onClick?: ((event: MouseEvent) => void) | undefined;
  readonly children?: ComponentChildren;
}

/** A link to another screen: a new tab or window where its user asks for one. */
export function Link({ href, children, onClick, ...others }: LinkProps) {
  const follow = (event: MouseEvent) => {
    onClick?.(event);
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  };
  return (
    <a {...others} href={href} onClick={follow}>
      {children}
    </a>
  );
}
