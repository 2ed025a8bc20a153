// The links of a container, while it runs: those that go and come, and the state and rates of those that stay.
// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { Domain } from '@ctvirt/xml';
import { lentIn, linkPrefixOf, linksOf } from '../../../lifecycle/links.js';
import type { LentLink, LentLinks } from '../../../network/lent-links.js';
import type { LinkPlan } from '../../../network/link-plan.js';
import {
  addLink,
  changedLinks,
  isLinkThere,
  removeLink,
  retagLink,
  switchLink,
} from '../../../network/live-links.js';
import { refuseLinks } from '../../../network/refusals.js';
import { shapeLink } from '../../../network/shaping.js';
import type { Wall } from '../../../network/wall.js';
import type { DomainRecord } from '../../../state/record.js';
import { exchangeSteps, type Step } from './step.js';

/** Dependencies of `linkSteps`. */
export interface LinksContext {
  readonly record: DomainRecord;
  readonly initPid: number;
  readonly wall: Wall;
}

/** While it changes it is guarded as one that has both: what goes may come back, should something fail. */
export function linkSteps(from: Domain, to: Domain, { record, initPid, wall }: LinksContext): Step[] {
  const [old, next] = [linksOf(from, record), linksOf(to, record)];
  const changed = changedLinks(from, to);
  const both = (places: typeof changed.kept) =>
    places.flatMap((at) => {
      const [was, is] = [old[at.from], next[at.to]];
      return was === undefined || is === undefined ? [] : [{ was, is }];
    });
  const isMade = ({ kind }: LinkPlan): boolean => kind !== 'card';
  const gone = changed.gone.flatMap((at) => old[at] ?? []);
  const come = changed.come.flatMap((at) => next[at] ?? []);
  // Those that stay have their new filters at once.
  const there = old.map((link, at) => {
    const to = changed.kept.find(({ from: place }) => place === at)?.to;
    const { filter, isIsolated } = (to === undefined ? undefined : next[to]) ?? link;
    return { ...link, filter, isIsolated };
  });
  const guard: Step = {
    async do() {
      refuseLinks(come, linkPrefixOf(record), old);
      if (come.length > 0 || !isDeepStrictEqual(there, old))
        await wall.guard(record.uuid, [...there, ...come]);
    },
    undo: () => wall.guard(record.uuid, old),
    isGradual: true,
  };
  return [
    guard,
    ...exchangeSteps(gone.filter(isMade), come.filter(isMade), {
      add: (link) => addLink(link, initPid),
      remove: (link) => removeLink(link, initPid),
      isThere: (link) => isLinkThere(link, initPid),
    }),
    ...both(changed.kept).flatMap(({ was, is }): Step[] =>
      was.up === is.up
        ? []
        : [{ do: () => switchLink(is, initPid), undo: () => switchLink(was, initPid), isGradual: true }],
    ),
    ...both(changed.reshaped).map(
      ({ was, is }): Step => ({ do: () => shapeLink(is), undo: () => shapeLink(was), isGradual: true }),
    ),
    ...both(changed.retagged).map(
      ({ was, is }): Step => ({ do: () => retagLink(is), undo: () => retagLink(was), isGradual: true }),
    ),
  ];
}

/** Links of the host that go and come; one with other addresses does both. */
export function lentSteps(
  from: Domain,
  to: Domain,
  { record, initPid, lent }: Omit<LinksContext, 'wall'> & { readonly lent: LentLinks },
): Step[] {
  const [old, next] = [lentIn(from, record), lentIn(to, record)];
  const missing = (links: readonly LentLink[], among: readonly LentLink[]): LentLink[] =>
    links.filter((link) => !among.some((other) => isDeepStrictEqual(link, other)));
  return exchangeSteps(missing(old, next), missing(next, old), {
    add: (link) => lent.add(record.uuid, link, initPid),
    remove: (link) => lent.remove(link, initPid),
    isThere: lent.isThere,
  });
}
