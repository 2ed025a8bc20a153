// What of a document is not in the normal form although libvirt's own has it: kept here as it stands, and known to libvirt alone.
// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '../finding.js';
import { type ChildEntry, type CompiledElement, compile, type Shape, shapeOf } from '../schema/compile.js';
import type { AnyElement } from '../schema/declaration.js';
import type { Infer } from '../schema/infer.js';
import { listOf, type Model, modelOf } from '../schema/model.js';

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** By element, what libvirt 9 and its LXC driver keep in it and the schema does not know; attributes have an @. */
const known: Readonly<Record<string, ReadonlySet<string>>> = {
  domain: words(
    'cpu defaultiothread iothreadids iothreads keywrap launchSecurity maxMemory memoryBacking on_lockfailure perf pm sysinfo vcpus',
  ),
  memory: words('@dumpCore'),
  features: words(
    'async-teardown ccf-assist cfpc gic htm hpt hyperv ibs ioapic kvm msrs nested-hv pmu pvspinlock sbbc smm tcg vmcoreinfo vmport xen',
  ),
  devices: words(
    'audio channel crypto graphics hub input iommu lease memballoon memory nvram panic parallel redirdev redirfilter rng serial shmem ' +
      'smartcard sound tpm video vsock watchdog',
  ),
  interface: words('backend boot coalesce driver rom teaming'),
  filesystem: words('acpi binary boot'),
};

/** One warning for each; paths are those of the document. */
export function leftOut<E extends AnyElement>(element: E, model: Infer<E>): Finding[] {
  return [...within(compile(element), model, `/${element.name}`)];
}

function* within(compiled: CompiledElement, model: Model, path: string): Iterable<Finding> {
  const shape = shapeOf(compiled, model);
  if (shape === undefined) return;
  for (const extra of model.extras ?? []) {
    const of = extra.of === undefined ? undefined : nameIn(shape, extra.of);
    const name = extra.attribute === undefined ? elementIn(extra.xml) : `@${extra.attribute}`;
    if (name === undefined || known[of ?? compiled.name]?.has(name) !== true) continue;
    yield warning(of === undefined ? path : `${path}/${of}`, name);
  }
  for (const entry of shape.childOrder) yield* children(entry, model[entry.key], path);
}

function* children({ name, element, field }: ChildEntry, value: unknown, path: string): Iterable<Finding> {
  if (element === undefined || value === undefined) return;
  const list = field.many ? listOf(value) : [value];
  for (const [index, model] of list.entries())
    yield* within(element, modelOf(model), `${path}/${name}${list.length > 1 ? `[${index + 1}]` : ''}`);
}

const nameIn = ({ childOrder }: Shape, key: string): string | undefined =>
  childOrder.find((entry) => entry.key === key)?.name;

const elementIn = (xml: string | undefined): string | undefined => /^<([\w.-]+)/.exec(xml ?? '')?.[1];

function warning(path: string, name: string): Finding {
  const what = name.startsWith('@') ? `the attribute '${name.slice(1)}'` : `<${name}>`;
  return {
    severity: 'warning',
    code: 'left-out',
    message: `${what} is left out of the normal form, though libvirt keeps it`,
    line: 0,
    column: 0,
    path: `${path}/${name}`,
    found: name.replace('@', ''),
  };
}
