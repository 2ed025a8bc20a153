// The filters of links as rules: each worked out once, for as long as nobody defines filters anew.
// SPDX-License-Identifier: Apache-2.0
import type { Nwfilter } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { type KernelAbilities, type Program, programOf } from '../filters/rules/program.js';
import { run } from '../host/run.js';
import type { LinkPlan } from './link-plan.js';
import type { LinkRules } from './wall-elements.js';

const NFT = '/usr/sbin/nft';
const TRACKING = 'table bridge ctvirt-probe { chain probe { ct state new; }; }';

/** Finds a filter by its name. */
export type FindFilter = (name: string) => Nwfilter | undefined;

/** What the kernel can do with packets on bridges; asked once, when somebody first needs to know. */
export class WallFilters {
  #abilities: Promise<KernelAbilities> | undefined;
  readonly #programs = new Map<string, Program>();

  constructor(
    private readonly find: FindFilter,
    private readonly isOpen: boolean,
  ) {}

  /** For these links; those without filters need nothing asked. */
  async rulesFor(links: readonly LinkPlan[]): Promise<LinkRules> {
    if (!links.some(({ filter }) => filter !== undefined)) return this.#rules(() => undefined);
    const abilities = await this.abilities();
    return this.#rules((name) => this.#program(name, abilities));
  }

  /** The same with other filters, of which nothing is kept. */
  async rulesWith(find: FindFilter): Promise<LinkRules> {
    const abilities = await this.abilities();
    return this.#rules((name) => possible(programOf(name, find, abilities)));
  }

  /** What becomes of a filter here. Throws as `programOf` does. */
  async program(name: string, find = this.find): Promise<Program> {
    return programOf(name, find, await this.abilities());
  }

  /** Of links that are guarded: whatever cannot be worked out any more was refused before. */
  programs(links: Iterable<LinkPlan>, rules: LinkRules): Program[] {
    const found = [...links].flatMap((link) => rules.programOf(link) ?? []);
    return [...new Map(found.map((program) => [program.filter, program])).values()];
  }

  /** Filters are others now. */
  forget(): void {
    this.#programs.clear();
  }

  async abilities(): Promise<KernelAbilities> {
    this.#abilities ??= run([NFT, '--check', '--file', '-'], { input: TRACKING }).then(
      () => ({ tracksConnections: true }),
      () => ({ tracksConnections: false }),
    );
    return await this.#abilities;
  }

  #rules(program: (name: string) => Program | undefined): LinkRules {
    return {
      isOpen: this.isOpen,
      programOf: ({ filter, kind }) =>
        filter === undefined || kind !== 'bridge' ? undefined : program(filter.name),
    };
  }

  #program(name: string, abilities: KernelAbilities): Program {
    const known = this.#programs.get(name);
    if (known !== undefined) return known;
    const program = possible(programOf(name, this.find, abilities));
    this.#programs.set(name, program);
    return program;
  }
}

function possible(program: Program): Program {
  if (program.impossible.length === 0) return program;
  throw new EngineError(
    'unsupported',
    `network filter '${program.filter}' cannot be kept here: ${program.impossible.join('; ')}`,
  );
}
