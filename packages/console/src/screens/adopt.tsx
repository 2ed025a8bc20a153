// Containers of other systems on this host: what there is, what each would become key by key, and its adoption.
// SPDX-License-Identifier: Apache-2.0
import type { AdoptionCandidate, AdoptRequest } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { NewDocument, Said } from '../parts/document.js';
import { Choice, TextField } from '../parts/field.js';
import { Answer, Card, Command, Empty } from '../parts/frame.js';
import { Report } from '../parts/report.js';
import { Table } from '../parts/table.js';
import { TakeOverHead } from '../parts/take-over.js';
import { pathOf } from '../paths.js';
import { ask, go, Link, place } from '../router.js';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import { may } from '../state/session.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';

const words = texts.takeOver;
const systems = ['openvz', 'lxc', 'vserver'] as const;

/** Which container the bar's address means. */
function asked(query: URLSearchParams): AdoptRequest | undefined {
  const format = systems.find((one) => one === query.get('system'));
  const name = query.get('name') ?? '';
  if (format === undefined || name === '') return undefined;
  const [config, files] = [query.get('config'), query.get('files')];
  return { format, name, ...(config && { config }), ...(files && { private: files }) };
}

function State({ domain, problem }: AdoptionCandidate) {
  if (domain !== null)
    return (
      <>
        <span aria-hidden="true">✓</span>{' '}
        <Link href={pathOf('domains', domain)}>{words.isDomain(domain)}</Link>
      </>
    );
  return problem === null ? (
    <span>{words.ready}</span>
  ) : (
    <span class="warn-text">
      <span aria-hidden="true">✕</span> {problem}
    </span>
  );
}

function Line({ candidate }: { readonly candidate: AdoptionCandidate }) {
  const { format, name, hostname, files, domain, config } = candidate;
  const heads = words.columns;
  return (
    <tr>
      <td class="wrap">
        <b>{name}</b> <span class="soft">{hostname}</span>
      </td>
      <td data-label={heads.system}>{words.system[format]}</td>
      <td class="mono wrap" data-label={heads.files}>
        {files ?? '–'}
      </td>
      <td class="wrap" data-label={heads.state}>
        <span>
          <State {...candidate} />
        </span>
      </td>
      <td class="end">
        {domain === null && (
          <button
            type="button"
            class="button slim"
            aria-label={`${words.look}: ${name}`}
            onClick={() => ask({ system: format, name, config, files: '' })}
          >
            {words.look}
          </button>
        )}
      </td>
    </tr>
  );
}

function Candidates({ list }: { readonly list: readonly AdoptionCandidate[] }) {
  const heads = words.columns;
  if (list.length === 0)
    return (
      <Empty icon="adopt" title={words.none} why={words.noneWhy}>
        <div class="steps">
          <Command line={words.noneNext} />
        </div>
      </Empty>
    );
  return (
    <Table
      heads={[
        { text: heads.name },
        { text: heads.system },
        { text: heads.files },
        { text: heads.state },
        { text: heads.look, isHidden: true },
      ]}
    >
      {list.map((candidate) => (
        <Line key={candidate.config} candidate={candidate} />
      ))}
    </Table>
  );
}

/** One whose configuration or files are in no usual place. */
function Elsewhere() {
  const [name, config, files] = [useSignal(''), useSignal(''), useSignal('')];
  const system = useSignal<AdoptRequest['format']>('openvz');
  const look = (event: Event) => {
    event.preventDefault();
    ask({ system: system.value, name: name.value, config: config.value, files: files.value });
  };
  return (
    <Card title={words.elsewhere} sub={words.elsewhereWhy}>
      <form class="asks" onSubmit={look}>
        <Choice
          label={words.columns.system}
          value={system}
          options={systems.map((one) => [one, words.system[one]] as const)}
        />
        <TextField label={words.name} value={name} />
        <TextField label={words.config} value={config} isMono />
        <TextField label={words.files} value={files} placeholder={words.filesPlaceholder} isMono />
        <button type="submit" class="button" disabled={name.value.trim() === ''}>
          {words.look}
        </button>
      </form>
    </Card>
  );
}

/** What it would become, and the button that makes it so. */
function Look({ request }: { readonly request: AdoptRequest }) {
  const preview = useAsked(
    (signal) => daemon.domains.adopt({ body: request, dryRun: true }, { signal }),
    [JSON.stringify(request)],
  );
  const adopt = async (name: string) => {
    const isDone = await told(words.adoptBusy(name), words.adoptDone(name), () =>
      daemon.domains.adopt({ body: request }),
    );
    if (isDone) go(pathOf('domains', name));
  };
  return (
    <Answer of={preview} lines={9}>
      {({ name, xml, report, sources, findings }) => (
        <>
          <Report title={words.report(request.name)} sources={sources} report={report} />
          <NewDocument path={`${name}.xml`} text={xml}>
            <Said findings={findings} error={null} />
            <div class="go">
              <p class="soft grow">{words.adoptWhy}</p>
              <button type="button" class="button main-deed" onClick={() => adopt(name)}>
                {words.adopt(name)}
              </button>
            </div>
          </NewDocument>
        </>
      )}
    </Answer>
  );
}

function Found() {
  const candidates = useAsked((signal) => daemon.domains.candidates({}, { signal }), [], {
    onEvent: ({ event }) => event === 'defined' || event === 'undefined',
  });
  const request = asked(place.value.query);
  return (
    <>
      <Card title={words.candidates} isFlush>
        <div style={candidates.value === undefined ? { padding: '0 16px 16px' } : undefined}>
          <Answer of={candidates}>{(list) => <Candidates list={list} />}</Answer>
        </div>
      </Card>
      {request !== undefined && <Look request={request} />}
      <Elsewhere />
    </>
  );
}

/** Containers that can be taken over where they lie. */
export const Screen = () => (
  <>
    <TakeOverHead at="adopt" />
    {may('admin') ? (
      <Found />
    ) : (
      <div class="card">
        <Empty icon="adopt" title={words.noRole} why={words.noRoleWhy}>
          <div class="steps">
            <Command line={words.noRoleNext} />
          </div>
        </Empty>
      </div>
    )}
  </>
);
