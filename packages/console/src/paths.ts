// Addresses of screens: patterns such as `/domains/:domain`, and what they find in a path.
// SPDX-License-Identifier: Apache-2.0

/** What a pattern's names stand for in this path; undefined where it is not of that pattern. */
export function match(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, parts] = [pattern, path].map((text) => text.split('/').filter((part) => part !== ''));
  if (wanted === undefined || parts === undefined || wanted.length !== parts.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, name] of wanted.entries()) {
    const part = decoded(parts[index] ?? '');
    if (part === undefined) return undefined;
    if (name.startsWith(':')) found[name.slice(1)] = part;
    else if (name !== part) return undefined;
  }
  return found;
}

/** A dot or two are a step of the path to browsers, however they are written: before them, and what is written like that, stands a tilde. */
const DOTS = /^~+\.\.?$/;

/** A path may be anything that somebody wrote into the bar. */
function decoded(part: string): string | undefined {
  try {
    return DOTS.test(part) ? part.slice(1) : decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** A path of these parts, whatever they are named. */
export const pathOf = (...parts: readonly string[]): string => `/${parts.map(encoded).join('/')}`;

const encoded = (part: string): string => (DOTS.test(`~${part}`) ? `~${part}` : encodeURIComponent(part));
