// ctvirt guarantees
// SPDX-License-Identifier: Apache-2.0
import type { GuaranteeReport } from '@ctvirt/api';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';

export const guarantees = verb({
  name: 'guarantees',
  group: 'Host',
  summary: 'Show what this host has, has promised, and can still promise',
  details: [
    'Allocation is what vmguarpages and min_guarantee promise, survival what oomguarpages does, both of memory and swap together; kernel memory counts in both. The formulas are those of vzmemcheck and vzcpucheck.',
    'What cannot be kept is refused, remarked or let pass as ctvirtd.conf says.',
  ],
  args: {},
  options: {
    domains: { type: 'flag', summary: 'What each running domain is promised and holds' },
    'what-if': {
      type: 'text',
      value: 'PROFILE',
      summary: 'How many more domains of this profile fit',
      complete: 'profile',
    },
  },
  example: {
    command: 'ctvirt guarantees --what-if vps.basic',
    does: 'Shows the ledger, and how many more of that profile can be promised theirs.',
  },
  async run(context, { options: { domains, 'what-if': profile } }) {
    const report = await context.client.guarantees.show(profile === undefined ? {} : { profile });
    context.print(report, () => {
      const table = domains ? domainTable(report) : ledgerTable(report);
      if (profile === undefined) return table;
      const { fits } = report;
      return `${table}${fits === null ? `${profile} promises nothing: any number fits` : `${fits} more of ${profile} fit`}\n`;
    });
  },
});

function ledgerTable({ rows }: GuaranteeReport): string {
  return formatTable(
    ['Resource', 'Capacity', 'Reserve', 'Guaranteed', 'Limited', 'Used', 'Headroom'],
    rows.map(({ resource, unit, capacity, reserve, guaranteed, limited, used, headroom }) => {
      const show = (value: number): string => {
        if (unit !== 'bytes') return String(value);
        return value < 0 ? `-${describeBytes(-value)}` : describeBytes(value);
      };
      const noneOr = (value: number | null, none: string): string => (value === null ? none : show(value));
      return [
        resource,
        show(capacity),
        show(reserve),
        headroom === null ? '-' : show(guaranteed),
        noneOr(limited, 'unlimited'),
        unit === 'units' ? '-' : show(used),
        noneOr(headroom, '-'),
      ];
    }),
  );
}

function domainTable({ domains }: GuaranteeReport): string {
  return formatTable(
    ['Name', 'Allocation', 'Survival', 'Limit', 'Memory', 'Swap', 'Processes', 'CPU units'],
    domains.map((domain) => [
      domain.name,
      describeBytes(domain.allocationBytes),
      describeBytes(domain.survivalBytes),
      domain.memoryMaxBytes === null ? 'unlimited' : describeBytes(domain.memoryMaxBytes),
      describeBytes(domain.memoryBytes),
      describeBytes(domain.swapBytes),
      String(domain.processes),
      String(domain.cpuUnits),
    ]),
  );
}
