// What the rules have learnt outlives them: whose an address is, and what of its account a link has used up.
// SPDX-License-Identifier: Apache-2.0

/**
 * Text for nft that takes all there is out of a bridge's table, as nft lists it, but for these sets. A set that is declared again as it
 * is keeps its elements; of an account nothing else does, since no listing tells what is left of it.
 */
export function withoutAllBut(learnt: ReadonlySet<string>, table: string, listing: string): string {
  const parts = [...listing.matchAll(/^\t(\w+) (\S+) \{/gm)].map(([, kind = '', name = '']) => ({
    kind,
    name,
  }));
  const of = (kind: string) => parts.filter((part) => part.kind === kind);
  const sets = of('set').filter(({ name }) => !learnt.has(name));
  // A map's elements hold the chains that they name.
  const gone = [...of('map'), ...of('chain'), ...sets];
  return [
    `flush table bridge ${table}`,
    ...gone.map(({ kind, name }) => `delete ${kind} bridge ${table} ${name}`),
    '',
  ].join('\n');
}
