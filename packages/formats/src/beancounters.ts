// OpenVZ's parameters as a domain keeps them in its metadata: read and set by key.
// SPDX-License-Identifier: Apache-2.0
import type { Beancounter, Domain } from '@ctvirt/xml';
import { isExact, tooMuch } from './numbers.js';
import { type Ubc, unlimited } from './openvz/values.js';
import { approximated, carried, type Outcome } from './outcome.js';

type Amount = number | 'unlimited';

const amountOf = (value: bigint): Amount => (isExact(value) ? Number(value) : 'unlimited');
const bigOf = (amount: Amount): bigint => (amount === 'unlimited' ? unlimited : BigInt(amount));

/** The parameter of that name; OpenVZ's own keys are kept in lower case, so case does not matter. */
export function beancounterOf(domain: Domain, key: string): Beancounter | undefined {
  const name = key.toLowerCase();
  return domain.beancounters?.find((parameter) => parameter.name.toLowerCase() === name);
}

/** Barrier and limit, in the parameter's own unit; undefined when the domain has none of that name. */
export function ubcOf(domain: Domain, key: string): Ubc | undefined {
  const found = beancounterOf(domain, key);
  const limit = found?.limit ?? found?.barrier;
  if (found === undefined || limit === undefined) return undefined;
  return { barrier: bigOf(found.barrier ?? limit), limit: bigOf(limit) };
}

/** The value of a parameter that is no beancounter. */
export function parameterValue(domain: Domain, key: string): string | undefined {
  return beancounterOf(domain, key)?.value;
}

/** All parameters whose name begins so, as other formats keep what has no element; prefix taken off. */
export function parametersWith(domain: Domain, prefix: string): { name: string; value: string }[] {
  return (domain.beancounters ?? []).flatMap(({ name, value }) =>
    name.startsWith(prefix) && value !== undefined ? [{ name: name.slice(prefix.length), value }] : [],
  );
}

function withParameter(domain: Domain, parameter: Beancounter): Domain {
  const others = (domain.beancounters ?? []).filter(({ name }) => name.toLowerCase() !== parameter.name);
  return { ...domain, beancounters: [...others, parameter] };
}

/** The domain with a beancounter set. */
export function withUbc(domain: Domain, key: string, { barrier, limit }: Ubc): Domain {
  return withParameter(domain, {
    name: key.toLowerCase(),
    barrier: amountOf(barrier),
    limit: amountOf(limit),
  });
}

/** Whether a document holds both of its numbers. */
export const isHeld = ({ barrier, limit }: Ubc): boolean =>
  [barrier, limit].every((value) => isExact(value) || value >= unlimited);

/** A beancounter set, unless it has a number that no document holds: nothing is limited then, and that is said. */
export function ubcOutcome(domain: Domain, key: string, ubc: Ubc, how: string): Outcome {
  const result = withUbc(domain, key, ubc);
  return isHeld(ubc) ? carried(result, how) : approximated(result, `${how}, without limit: ${tooMuch}`);
}

/** The domain with a plain parameter set; an empty value cannot be kept and changes nothing. */
export function withValue(domain: Domain, key: string, value: string): Domain {
  return value === '' ? domain : withParameter(domain, { name: key.toLowerCase(), value });
}

/** The domain with one more parameter of that exact name, for keys that may stand several times. */
export function withAnother(domain: Domain, name: string, value: string): Domain {
  if (value === '') return domain;
  // A name is one line in a document; in files of others it may hold anything.
  const line = name.replace(/\p{Cc}/gu, '\uFFFD');
  return { ...domain, beancounters: [...(domain.beancounters ?? []), { name: line, value }] };
}
