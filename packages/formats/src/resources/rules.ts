// What each resource of OpenVZ becomes on a current kernel, as the parameters' rows have it.
// SPDX-License-Identifier: Apache-2.0
import type { Parameter } from '../openvz/parameter.js';
import { parameterOf, parameters } from '../openvz/parameters.js';

/** A parameter that is a resource: how much of its meaning is kept is known. */
export type ResourceRule = Parameter & Required<Pick<Parameter, 'status' | 'how'>>;

/** True for parameters of which is said how much of their meaning is kept. */
export const isResource = (parameter: Parameter | undefined): parameter is ResourceRule =>
  parameter?.status !== undefined && parameter.how !== undefined;

interface Section {
  readonly title: string;
  readonly rules: readonly ResourceRule[];
}

const section = (title: string, has: (rule: ResourceRule) => boolean): Section => ({
  title,
  rules: parameters.filter((parameter) => isResource(parameter)).filter(has),
});

/** By what they are of. */
export const resourceSections: readonly Section[] = [
  section('Beancounters', ({ group }) => group === 'beancounter'),
  section('Memory besides', ({ group }) => group === 'memory'),
  section('Processors', ({ group }) => group === 'cpu'),
  section('Block I/O', ({ group, needs }) => group === 'disk' && needs !== undefined),
  section('Disk', ({ group, needs }) => group === 'disk' && needs === undefined),
];

/** One row for each parameter of a container's resources, beancounters first, in the kernel's order. */
export const resourceRules: readonly ResourceRule[] = resourceSections.flatMap(({ rules }) => rules);

/** The rule of a parameter. */
export function resourceRuleOf(key: string): ResourceRule | undefined {
  const parameter = parameterOf(key);
  return isResource(parameter) ? parameter : undefined;
}
