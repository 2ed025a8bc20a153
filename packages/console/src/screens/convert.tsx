// Configurations of other systems, pasted or chosen: what becomes of them line by line, and the document, which can be defined.
// SPDX-License-Identifier: Apache-2.0
import type { Conversion, ConversionRequest } from '@ctvirt/api/browser';
import { type Signal, useSignal } from '@preact/signals';
import { NewDocument, Said } from '../parts/document.js';
import { DocumentForm } from '../parts/document-form.js';
import { TextField } from '../parts/field.js';
import { Answer, Card, Command, Empty, Fault } from '../parts/frame.js';
import { Report } from '../parts/report.js';
import { TakeOverHead } from '../parts/take-over.js';
import { pathOf } from '../paths.js';
import { go } from '../router.js';
import { useAsked } from '../state/asked.js';
import { daemon, remarks } from '../state/daemon.js';
import { say } from '../state/notes.js';
import { filesOf, type TextFile, textOf } from '../state/pasted.js';
import { may } from '../state/session.js';
import { useKept } from '../state/tab.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';

const words = texts.takeOver;
type Format = Conversion['from'];
const formats = ['domxml', 'openvz', 'lxc', 'vserver', 'zonecfg'] as const satisfies readonly Format[];
/** A request whose files are all texts. */
type TextRequest = ConversionRequest & { readonly files: readonly TextFile[] };

/** What a text is called that nobody has named. */
const unnamed = 'pasted.conf';

interface ChoiceProps {
  readonly label: string;
  readonly value: Signal<Format | undefined>;
  /** What stands for none. */
  readonly any?: string;
}

const FormatChoice = ({ label, value, any }: ChoiceProps) => (
  <label class="field">
    <span>{label}</span>
    <select
      class="input"
      value={value.value ?? ''}
      onChange={({ currentTarget }) => {
        value.value = formats.find((one) => one === currentTarget.value);
      }}
    >
      {any !== undefined && <option value="">{any}</option>}
      {formats.map((one) => (
        <option key={one} value={one}>
          {words.format[one]}
        </option>
      ))}
    </select>
  </label>
);

interface ChooseProps {
  readonly label: string;
  readonly isFolder?: boolean;
  readonly chosen: (files: readonly TextFile[]) => void;
}

function Choose({ label, isFolder = false, chosen }: ChooseProps) {
  const read = async ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => {
    const files = [...(currentTarget.files ?? [])];
    chosen(
      await Promise.all(
        files.map(async (file) => ({ path: file.webkitRelativePath || file.name, text: await file.text() })),
      ),
    );
    currentTarget.value = '';
  };
  return (
    <label class="button pick">
      {label}
      <input
        type="file"
        multiple
        ref={(input) => {
          if (input !== null) input.webkitdirectory = isFolder;
        }}
        onChange={read}
      />
    </label>
  );
}

interface FormProps {
  readonly text: Signal<string>;
  readonly convert: (request: TextRequest) => void;
}

function Form({ text, convert }: FormProps) {
  const name = useSignal('');
  const from = useSignal<Format | undefined>(undefined);
  const to = useSignal<Format | undefined>('domxml');
  const chosen = (files: readonly TextFile[]) => {
    if (files.length === 0) return;
    text.value = textOf(files);
    name.value = files.length === 1 ? (files[0]?.path ?? '') : '';
  };
  const submit = (event: Event) => {
    event.preventDefault();
    convert({
      files: filesOf(text.value, name.value.trim() || unnamed),
      ...(from.value !== undefined && { from: from.value }),
      ...(to.value !== undefined && { to: to.value }),
    });
  };
  return (
    <Card title={words.text} sub={words.textHint}>
      <form class="grid" onSubmit={submit}>
        <textarea
          class="input mono"
          rows={10}
          spellcheck={false}
          aria-label={words.text}
          placeholder={words.textPlaceholder}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
        <div class="asks">
          <TextField label={words.fileName} value={name} placeholder={words.fileNameHint} isMono />
          <FormatChoice label={words.from} value={from} any={words.anyFormat} />
          <FormatChoice label={words.to} value={to} />
          <span class="buttons">
            <Choose label={words.chooseFiles} chosen={chosen} />
            <Choose label={words.chooseFolder} isFolder chosen={chosen} />
            <button type="submit" class="button main-deed" disabled={text.value.trim() === ''}>
              {words.convert}
            </button>
          </span>
        </div>
      </form>
    </Card>
  );
}

interface DefinableProps {
  readonly name: string;
  readonly text: string;
  readonly change: () => void;
}

/** What this host says of a document that is no domain yet, and what makes it one. */
function Definable({ name, text, change }: DefinableProps) {
  const said = useAsked((signal) => daemon.domains.validate({ body: text }, { signal }), [text], {
    onEvent: ({ event }) => event === 'defined' || event === 'undefined',
  });
  const define = async (as: string) => {
    const isDone = await told(words.defineBusy(as), words.defineDone(as), () =>
      daemon.domains.define({ body: text }),
    );
    if (isDone) go(pathOf('domains', as));
  };
  return (
    <Answer of={said} lines={2}>
      {({ findings, error, isValid, domain }) => (
        <>
          <Said findings={findings} error={error} />
          <div class="go">
            <span class="grow" />
            <button type="button" class="button" onClick={change}>
              {words.change}
            </button>
            <button
              type="button"
              class="button main-deed"
              disabled={!isValid}
              onClick={() => define(domain ?? name)}
            >
              {words.define(domain ?? name)}
            </button>
          </div>
        </>
      )}
    </Answer>
  );
}

/** The same, once it is written on. */
function Written({
  name,
  path,
  text,
}: {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}) {
  const save = async (written: string) => {
    remarks.value = [];
    const { domain } = await daemon.domains.define({ body: written });
    say({ kind: 'done', text: words.defineDone(domain.name), detail: remarks.value.join(' ') || undefined });
    go(pathOf('domains', domain.name));
    return { text: written, tag: '' };
  };
  return (
    <Card title={words.document(path)}>
      <DocumentForm
        of={`converted-${path}`}
        label={words.document(path)}
        stored={{ text, tag: '' }}
        saveWord={words.define(name)}
        isNew
        save={save}
      />
    </Card>
  );
}

/** A document that may become a domain. */
function ToDefine({
  name,
  path,
  text,
}: {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}) {
  const isWritten = useSignal(false);
  if (isWritten.value) return <Written name={name} path={path} text={text} />;
  const change = () => {
    isWritten.value = true;
  };
  return (
    <NewDocument path={path} text={text}>
      {may('admin') && <Definable name={name} text={text} change={change} />}
    </NewDocument>
  );
}

interface ResultProps {
  readonly conversion: Conversion;
  readonly sources: readonly TextFile[];
}

function Result({ conversion, sources }: ResultProps) {
  const { name, to, report, files, error } = conversion;
  return (
    <>
      {report.length > 0 && <Report title={words.report(name)} sources={sources} report={report} />}
      {error !== null && (
        <Card title={words.notConverted(name)}>
          <Said findings={error.findings} error={error} />
        </Card>
      )}
      {files.map(({ path, text = '', link }) =>
        to === 'domxml' ? (
          <ToDefine key={`${path} ${text}`} name={name} path={path} text={text} />
        ) : (
          <NewDocument key={path} path={path} text={link === undefined ? text : `→ ${link}`} />
        ),
      )}
    </>
  );
}

function Results({ request }: { readonly request: TextRequest }) {
  const results = useAsked((signal) => daemon.conversions.convert({ body: request }, { signal }), [request]);
  // What is a document already can be defined as it is.
  if (results.error?.details['format'] === 'domxml')
    return (
      <>
        {request.files.map(({ path, text = '' }) => (
          <ToDefine key={`${path} ${text}`} name={path} path={path} text={text} />
        ))}
      </>
    );
  // What is no configuration now will be none if it is asked again.
  if (results.error?.code === 'invalid') return <Fault error={results.error} />;
  return (
    <Answer of={results} lines={9}>
      {(list) => (
        <>
          {list.map((conversion) => (
            <Result key={conversion.path} conversion={conversion} sources={request.files} />
          ))}
        </>
      )}
    </Answer>
  );
}

/** Configurations from elsewhere. */
export function Screen() {
  const text = useKept('ctvirt-pasted');
  const request = useSignal<TextRequest | undefined>(undefined);
  return (
    <>
      <TakeOverHead at="convert" />
      <Form
        text={text}
        convert={(asked) => {
          request.value = asked;
        }}
      />
      {request.value === undefined ? (
        <div class="card">
          <Empty icon="adopt" title={words.convertEmpty} why={words.convertEmptyWhy}>
            <div class="steps">
              <Command line={words.convertEmptyNext} />
            </div>
          </Empty>
        </div>
      ) : (
        <Results request={request.value} />
      )}
    </>
  );
}
