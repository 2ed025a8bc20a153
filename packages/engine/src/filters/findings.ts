// What is to be said of the filters that a document names, and of a filter's own.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Finding } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { notKept, remarkOf } from '../lifecycle/not-enforced.js';
import type { Program } from './rules/program.js';

/** Works a filter out; throws where there is none of that name. */
export type ProgramOf = (name: string) => Promise<Program>;

/** Of a domain's interfaces: filters that there are not, that are not kept here, or that stand in the place of the wall. */
export async function filterFindings(domain: Domain, programOf: ProgramOf): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [index, { type, filterref }] of (domain.devices.interfaces ?? []).entries()) {
    if (filterref === undefined || type === 'ethernet' || type === 'direct') continue;
    const path = `/domain/devices/interface[${index + 1}]/filterref`;
    const names = new Set((filterref.parameters ?? []).map(({ name }) => name));
    try {
      found.push(...ofProgram(await programOf(filterref.filter), path, names));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      found.push(remarkOf('no-filter', `${path}/@filter`, error.message));
    }
  }
  return found;
}

/** Filters that bind what an interface sends to its own addresses. */
const bindings = ['no-mac-spoofing', 'no-ip-spoofing', 'no-arp-mac-spoofing', 'no-arp-ip-spoofing'];

function ofProgram(program: Program, path: string, given: ReadonlySet<string>): Finding[] {
  const { filter, holds, forbids, needs, impossible } = program;
  return [
    ...[...needs].flatMap((name) =>
      given.has(name)
        ? []
        : [
            remarkOf(
              'no-filter',
              path,
              `filter '${filter}' needs a value for $${name}, without which the domain does not start`,
            ),
          ],
    ),
    ...impossible.map((why) =>
      remarkOf(
        'no-filter',
        path,
        `filter '${filter}' cannot be kept here, and the domain does not start with it: ${why}`,
      ),
    ),
    ...(forbids && !bindings.every((name) => holds.has(name))
      ? [
          notKept(
            path,
            `filter '${filter}' stands in the place of the wall: what it does not forbid the interface sends in any name; clean-traffic beside it, in a filter of your own, forbids that`,
          ),
        ]
      : []),
    ...(given.has('CTRL_IP_LEARNING')
      ? [
          notKept(
            path,
            'addresses are those of the document and of networks: none are learnt from what is sent',
          ),
        ]
      : []),
  ];
}

/** Of a filter's own document. */
export const ownFindings = ({ impossible, remarks }: Program): Finding[] =>
  [...impossible, ...remarks].map((message) => notKept('/filter', message));
