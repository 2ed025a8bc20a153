// A new domain of a template: said in words, shown as the document that comes of them, and defined as that is then.
// SPDX-License-Identifier: Apache-2.0
import type { ApiError, CreateResult, Profile, Template } from '@ctvirt/api/browser';
import { type Signal, useSignal } from '@preact/signals';
import { DocumentForm } from '../parts/document-form.js';
import { CheckField, Choice, TextField } from '../parts/field.js';
import { Answer, Card, Command, Empty, Fault, Head } from '../parts/frame.js';
import { pathOf } from '../paths.js';
import { go } from '../router.js';
import { asApiError, useAsked } from '../state/asked.js';
import { daemon, remarks } from '../state/daemon.js';
import { say } from '../state/notes.js';
import { may } from '../state/session.js';
import { useKept } from '../state/tab.js';
import { texts } from '../texts.js';

const words = texts.define;

type FieldName = 'name' | 'template' | 'profile' | 'memory' | 'disk' | 'address' | 'network';

/** What was said, by field. */
function useWords(templates: readonly Template[]) {
  const fields: Readonly<Record<FieldName, Signal<string>>> = {
    name: useKept('ctvirt-new-name'),
    template: useKept('ctvirt-new-template', templates[0]?.name),
    profile: useKept('ctvirt-new-profile'),
    memory: useKept('ctvirt-new-memory'),
    disk: useKept('ctvirt-new-disk'),
    address: useKept('ctvirt-new-address'),
    network: useKept('ctvirt-new-network'),
  };
  return { fields, isStarted: useSignal(true) };
}

type Words = ReturnType<typeof useWords>;

/** As the daemon takes it: an empty field says nothing. */
function requestOf({ fields }: Words) {
  const said = (name: FieldName): string | undefined => fields[name].peek().trim() || undefined;
  const [profile, address, network, memory, disk] = (
    ['profile', 'address', 'network', 'memory', 'disk'] as const
  ).map(said);
  const values = {
    ...(memory !== undefined && { PHYSPAGES: memory }),
    ...(disk !== undefined && { DISKSPACE: disk }),
  };
  return {
    name: fields.name.peek().trim(),
    template: fields.template.peek(),
    ...(profile !== undefined && { profile }),
    ...(network !== undefined && { addNetworks: [network] }),
    ...(address !== undefined && { addAddresses: [address] }),
    ...(Object.keys(values).length > 0 && { values }),
  };
}

/** Which field a refusal is about. */
function fieldOf({ code, details, findings }: ApiError, { fields }: Words): FieldName | undefined {
  const { key, address, name } = details;
  if (key === 'PHYSPAGES') return 'memory';
  if (key === 'DISKSPACE') return 'disk';
  if (address !== undefined) return 'address';
  // What is not there is what was chosen; a name that cannot be is its own.
  if (code === 'not-found')
    return (['template', 'profile'] as const).find((field) => fields[field].peek() === name);
  return name === fields.name.peek().trim() || findings[0]?.path === '/domain/name' ? 'name' : undefined;
}

/** Things that are called as they are named. */
const named = (names: readonly string[]) => names.map((name) => [name, name] as const);

interface FormProps {
  readonly said: Words;
  readonly templates: readonly Template[];
  readonly profiles: readonly Profile[];
  readonly networks: readonly string[];
  readonly made: Signal<CreateResult | undefined>;
}

function Form({ said, templates, profiles, networks, made }: FormProps) {
  const refusal = useSignal<ApiError | undefined>(undefined);
  const isBusy = useSignal(false);
  const { fields } = said;
  const wrong = refusal.value === undefined ? undefined : fieldOf(refusal.value, said);
  const show = async (event: Event) => {
    event.preventDefault();
    isBusy.value = true;
    refusal.value = undefined;
    try {
      made.value = await daemon.domains.create({ body: requestOf(said), dryRun: true });
    } catch (error) {
      refusal.value = asApiError(error);
    } finally {
      isBusy.value = false;
    }
  };
  const At = ({ of }: { readonly of: FieldName }) =>
    wrong === of ? (
      <p class="small warn-text wrap" role="alert">
        {refusal.value?.message}
      </p>
    ) : null;
  return (
    <form class="define" onSubmit={(event) => void show(event)}>
      <TextField label={words.name} value={fields.name} isFirst />
      <At of="name" />
      <Choice
        label={words.template}
        value={fields.template}
        options={named(templates.map(({ name }) => name))}
      />
      <At of="template" />
      <Choice
        label={words.profile}
        value={fields.profile}
        options={[['', words.noProfile], ...named(profiles.map(({ name }) => name))]}
      />
      <At of="profile" />
      <TextField label={words.memory} value={fields.memory} placeholder="256M" />
      <At of="memory" />
      <TextField label={words.disk} value={fields.disk} placeholder="2G" />
      <At of="disk" />
      <TextField label={words.address} value={fields.address} placeholder="192.168.1.110" />
      <At of="address" />
      <Choice
        label={words.network}
        value={fields.network}
        options={[['', words.noNetwork], ...named(networks)]}
      />
      <At of="network" />
      {refusal.value !== undefined && wrong === undefined && <Fault error={refusal.value} />}
      <div class="buttons">
        <button
          type="submit"
          class="button main-deed"
          disabled={isBusy.value || fields.name.value.trim() === ''}
        >
          {words.show}
        </button>
      </div>
    </form>
  );
}

function Fits({ xml }: { readonly xml: string }) {
  const report = useAsked((signal) => daemon.guarantees.whatIf({ body: { xml } }, { signal }), [xml]);
  const { value } = report;
  if (value === undefined) return null;
  return (
    <p class={value.isKept ? 'badge kept many' : 'badge broken many'} role="status">
      {value.isKept ? words.kept : words.broken}
      {value.fits !== null && <span class="soft"> · {words.fits(value.fits)}</span>}
    </p>
  );
}

function Made({ said, made }: { readonly said: Words; readonly made: Signal<CreateResult | undefined> }) {
  const result = made.value;
  if (result === undefined) return null;
  const save = async (text: string) => {
    remarks.value = [];
    const { domain } = await daemon.domains.define({ body: text });
    for (const field of Object.values(said.fields)) field.value = '';
    say({ kind: 'done', text: words.done(domain.name), detail: remarks.value.join(' ') || undefined });
    if (said.isStarted.peek())
      await daemon.domains
        .start({ domain: domain.uuid })
        .catch((error: unknown) =>
          say({ kind: 'failed', text: words.notStarted(domain.name), detail: asApiError(error).message }),
        );
    go(pathOf('domains', domain.name));
    return { text, tag: '' };
  };
  return (
    <Card
      title={words.document}
      side={
        <button
          type="button"
          class="button slim"
          onClick={() => {
            made.value = undefined;
          }}
        >
          {words.back}
        </button>
      }
    >
      <div class="define-said">
        <Fits xml={result.xml} />
        <CheckField label={words.start} value={said.isStarted} />
      </div>
      <DocumentForm
        // What was written into the document of other words is no draft of this one.
        of={`new-${result.xml}`}
        label={words.document}
        stored={{ text: result.xml, tag: '' }}
        saveWord={words.define}
        isNew
        save={save}
      />
    </Card>
  );
}

function Asked({ templates, profiles, networks }: Omit<FormProps, 'said' | 'made'>) {
  const said = useWords(templates);
  const made = useSignal<CreateResult | undefined>(undefined);
  return made.value === undefined ? (
    <Card title={words.words}>
      <Form said={said} templates={templates} profiles={profiles} networks={networks} made={made} />
    </Card>
  ) : (
    <Made said={said} made={made} />
  );
}

const asked = (signal: AbortSignal) =>
  Promise.all([
    daemon.templates.list({}, { signal }),
    daemon.profiles.list({}, { signal }),
    daemon.networks.list({}, { signal }),
  ]);

export function Screen() {
  const known = useAsked(asked, []);
  return (
    <>
      <Head title={words.title} sub={words.sub} />
      {may('admin') ? (
        <Answer of={known} lines={8}>
          {([templates, profiles, networks]) =>
            templates.length === 0 ? (
              <div class="card">
                <Empty icon="templates" title={words.none} why={texts.templates.emptyWhy}>
                  <div class="steps">
                    <Command line={texts.templates.emptyNext} />
                  </div>
                </Empty>
              </div>
            ) : (
              <Asked templates={templates} profiles={profiles} networks={networks.map(({ name }) => name)} />
            )
          }
        </Answer>
      ) : (
        <p class="soft">{texts.deeds.noRole('admin')}</p>
      )}
    </>
  );
}
