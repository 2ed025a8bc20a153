// Domains' documents, parsed: the stored one and the one a running domain was started with, read once while they stay.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Domain, formatDomain } from '@ctvirt/xml';
import type { Subject } from '../drivers/driver.js';
import { unlessGone } from '../host/gone.js';
import { readStored } from '../lifecycle/stored-document.js';
import type { LinkPlan } from '../network/link-plan.js';
import type { DomainStore } from '../state/store.js';

/** Parsed documents of domains that are off; each of a running one is kept as long as it runs. */
const MOST_STORED = 256;

/** Ends a document that was written to its end. */
const WHOLE = '<!-- whole -->\n';

/** The mark is ours, and no part of the document. */
const withoutMark = (text: string): string => (text.endsWith(WHOLE) ? text.slice(0, -WHOLE.length) : text);

/** Caches documents, and keeps the proposed document of a live change on disk. */
export class Documents {
  /** By UUID, with the record they belong to: a change of the document changes the record. The least recently used is first. */
  readonly #stored = new Map<string, { readonly record: object; readonly domain: Domain }>();
  /** By run. */
  readonly #live = new WeakMap<object, Domain>();

  constructor(
    private readonly store: DomainStore,
    /** Where a running domain's document lies. */
    private readonly livePath: (entry: Subject) => string,
    private readonly remark: (message: string) => void,
  ) {}

  async stored(entry: Subject): Promise<Domain> {
    const { record } = entry;
    const known = this.#stored.get(record.uuid);
    const domain =
      known?.record === record
        ? known.domain
        : readStored(await this.store.readXml(record.name), record.name, this.remark);
    this.#stored.delete(record.uuid);
    this.#stored.set(record.uuid, { record, domain });
    for (const oldest of this.#stored.keys()) {
      if (this.#stored.size <= MOST_STORED) break;
      this.#stored.delete(oldest);
    }
    return domain;
  }

  /** That of a running domain, once it has been asked for. */
  known({ running }: Subject): Domain | undefined {
    return running === undefined ? undefined : this.#live.get(running);
  }

  /** Of a domain that is off the stored one. */
  async live(entry: Subject): Promise<Domain> {
    const { running, record } = entry;
    if (running === undefined) return await this.stored(entry);
    const known = this.#live.get(running);
    if (known !== undefined) return known;
    // At once: a change that is made while somebody reads would be followed by the document of before.
    const kept = unlessGone(() => readFileSync(this.livePath(entry), 'utf8'));
    // Started by an older daemon that kept none: what is stored comes nearest.
    const text = kept ?? (await this.store.readXml(record.name));
    const meanwhile = this.#live.get(running);
    if (meanwhile !== undefined) return meanwhile;
    const domain = readStored(withoutMark(text), record.name);
    this.#live.set(running, domain);
    return domain;
  }

  /** Of a run that may be over, as long as it is not put away; then the stored one. */
  async ofRun(entry: Subject): Promise<Domain> {
    if (entry.running !== undefined) return await this.live(entry);
    const text = unlessGone(() => readFileSync(this.livePath(entry), 'utf8'));
    return text === undefined ? await this.stored(entry) : readStored(withoutMark(text), entry.record.name);
  }

  /**
   * Writes down what a live change leads to, before the kernel is told, so that a later daemon can take it back. At once, and so
   * are the other steps: they take less time in memory than a turn of the thread pool.
   */
  propose(entry: Subject, xml: string): void {
    writeFileSync(this.#proposedPath(entry), `${xml}${WHOLE}`, { mode: 0o600 });
  }

  /** What a change that nobody finished led to; one that was not even written down has changed nothing. */
  proposed(entry: Subject): Domain | undefined {
    const path = this.#proposedPath(entry);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return text.endsWith(WHOLE) ? readStored(withoutMark(text), entry.record.name) : undefined;
  }

  /** The proposed document becomes the one of this run. */
  accept(entry: Subject, domain: Domain): void {
    renameSync(this.#proposedPath(entry), this.livePath(entry));
    if (entry.running !== undefined) this.#live.set(entry.running, domain);
  }

  /** Of a run, and of a live change that a killed daemon had begun, while nothing else of it changes. */
  changeRun(entry: Subject, edit: (domain: Domain) => Domain): void {
    const path = this.livePath(entry);
    for (const of of [path, this.#proposedPath(entry)]) {
      const text = unlessGone(() => readFileSync(of, 'utf8'));
      // One that was not written to its end leads to nothing.
      if (text === undefined || (of !== path && !text.endsWith(WHOLE))) continue;
      const next = `${of}.next`;
      writeFileSync(next, `${formatDomain(edit(readStored(withoutMark(text), entry.record.name)))}${WHOLE}`, {
        mode: 0o600,
      });
      renameSync(next, of);
    }
    const { running } = entry;
    const known = this.known(entry);
    if (running !== undefined && known !== undefined) this.#live.set(running, edit(known));
  }

  withdraw(entry: Subject): void {
    rmSync(this.#proposedPath(entry), { force: true });
  }

  #proposedPath(entry: Subject): string {
    return `${this.livePath(entry)}.proposed`;
  }

  /** The text clients get of a running domain: with its id, and the hardware addresses of its links and their names on the host. */
  async liveXml(
    entry: Subject & { readonly id: number | null },
    links: readonly Pick<LinkPlan, 'hostName' | 'mac'>[],
  ): Promise<string> {
    const domain = await this.live(entry);
    const interfaces = domain.devices.interfaces?.map((link, index) => {
      const { hostName: dev, mac: address } = links[index] ?? {};
      return {
        ...link,
        ...(address !== undefined && link.mac === undefined && { mac: { address } }),
        ...(dev !== undefined && { target: { ...link.target, dev } }),
      };
    });
    const devices = interfaces === undefined ? domain.devices : { ...domain.devices, interfaces };
    return formatDomain({ ...domain, devices, id: entry.id ?? undefined });
  }
}
