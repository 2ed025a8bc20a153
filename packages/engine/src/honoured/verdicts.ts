// Of every place of a document whether what stands there is obeyed, remarked or kept: found out by trying, not written down.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, domainPlaces, type Place } from '@ctvirt/xml';
import { base, beside, contradicts, valuesAt } from './hints.js';
import { kept } from './kept.js';
import { type Observation, observe } from './observe.js';

/**
 * `obeyed`: another value makes another start. `remarked`: `define` says that it has no effect. `refused`: `define` takes no such
 * document. `kept`: neither, for the reason in the table of `kept`. `dropped`: neither, and nobody has said why; `untried`: of the
 * values tried fewer than two made documents.
 */
export type Verdict = 'obeyed' | 'remarked' | 'refused' | 'kept' | 'dropped' | 'untried';

export interface Judged {
  readonly path: string;
  readonly doc: string;
  readonly verdict: Verdict;
  /** Whether some of the values that are obeyed, or say nothing, are remarked or refused all the same. */
  readonly isPartly: boolean;
  /** Of what is kept why; of what is remarked or refused the words. */
  readonly why: string | undefined;
}

type Taken = Extract<Observation, { is: 'taken' }>;
interface Tried {
  readonly isThere: boolean;
  readonly seen: Observation;
}

let all: Promise<readonly Judged[]> | undefined;

/** Once: it takes seconds. */
export const judgeAll = (): Promise<readonly Judged[]> => {
  all ??= judgeEach();
  return all;
};

async function judgeEach(): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  for (const place of domainPlaces(base, { values: valuesAt, beside })) judged.push(await judge(place));
  return judged;
}

export async function judge(place: Place<Domain>): Promise<Judged> {
  const { path, doc } = place;
  const tried: Tried[] = [];
  for (const { value, model } of place.models)
    tried.push({ isThere: value !== undefined, seen: await observe(model) });
  return { path, doc, ...verdictOn(place, tried) };
}

function verdictOn(place: Place<Domain>, tried: readonly Tried[]): Omit<Judged, 'path' | 'doc'> {
  const taken = tried.flatMap(({ seen }) => (seen.is === 'taken' ? [seen] : []));
  const refused = tried.flatMap(({ seen, isThere }) => (seen.is === 'refused' && isThere ? [seen] : []));
  const there = tried.flatMap(({ seen, isThere }) => (seen.is === 'taken' && isThere ? [seen] : []));
  const words = there.map((one) => remarkOn(place, one));
  const remark = words.find((word) => word !== undefined);
  if (there.length === 0 && refused[0] !== undefined)
    return { verdict: 'refused', isPartly: false, why: refused[0].message };
  if (remark !== undefined && words.every((word) => word !== undefined))
    return { verdict: 'remarked', isPartly: false, why: remark };
  const isPartly = remark !== undefined || refused.length > 0;
  const partly = remark ?? refused[0]?.message;
  if (new Set(taken.map(({ view }) => view)).size > 1) return { verdict: 'obeyed', isPartly, why: partly };
  if (remark !== undefined) return { verdict: 'remarked', isPartly: true, why: remark };
  if (refused[0] !== undefined) return { verdict: 'refused', isPartly: true, why: refused[0].message };
  const why = place.isLive ? 'libvirt writes it of a running domain' : kept(place.path);
  if (why !== undefined) return { verdict: 'kept', isPartly: false, why };
  return taken.length < 2 ? untried(place, tried) : { verdict: 'dropped', isPartly: false, why };
}

/** What no document may have there is refused as well; that values of ours are bad ones is nobody's verdict. */
function untried({ path }: Place<Domain>, tried: readonly Tried[]): Omit<Judged, 'path' | 'doc'> {
  const all = tried.flatMap(({ seen, isThere }) => (isThere && seen.is === 'invalid' ? [seen.message] : []));
  const isRefused = contradicts(path) && all.length === tried.filter(({ isThere }) => isThere).length;
  return { verdict: isRefused ? 'refused' : 'untried', isPartly: false, why: all[0] };
}

/** At the place, or at an element around it that is not the whole document. */
function remarkOn({ xpath }: Place<Domain>, { findings }: Taken): string | undefined {
  return findings.find(({ code, path }) => {
    if (code !== 'not-enforced') return false;
    const plain = path.replace(/\[\d+\]/g, '');
    return plain !== '/domain' && plain !== '/domain/devices' && isWithin(xpath, plain);
  })?.message;
}

const isWithin = (path: string, around: string): boolean => path === around || path.startsWith(`${around}/`);
