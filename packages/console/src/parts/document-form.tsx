// A document and what is done with it: written, held against what is stored and against this host, saved, and merged with what others saved.
// SPDX-License-Identifier: Apache-2.0
import type { ApiError, Finding, Validation } from '@ctvirt/api/browser';
import { mergeTexts } from '@ctvirt/xml';
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { asApiError } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import { draftOf, dropDraft, keepDraft } from '../state/drafts.js';
import { may } from '../state/session.js';
import { texts } from '../texts.js';
import { Difference } from './difference.js';
import type { DocumentEditor } from './editor.js';
import { Findings } from './findings.js';
import { Icon } from './icons.js';
import { Part } from './part.js';

const words = texts.document;

/** A text as it is stored, with its tag. */
export interface Stored {
  readonly text: string;
  readonly tag: string;
}

interface FormProps {
  /** By what its draft is kept. */
  readonly of: string;
  readonly label: string;
  readonly stored: Stored;
  /** What saving it is called. */
  readonly saveWord: string;
  /** Whether there is nothing yet that it is held against. */
  readonly isNew?: boolean;
  /** Saves it where that is still stored; rejects with ApiError. Resolves with what is stored then. */
  readonly save: (text: string, tag: string) => Promise<Stored>;
  /** What is stored by now. */
  readonly again?: () => Promise<Stored>;
}

interface Conflict {
  readonly message: string;
  readonly theirs: Stored;
}

/** What a form is at. */
class Work {
  constructor(
    readonly props: FormProps,
    readonly base: Signal<Stored>,
    readonly text: Signal<string>,
    readonly findings: Signal<readonly Finding[]>,
    /** So many of them keep it from being saved anywhere. */
    readonly faults: Signal<number>,
    readonly entry: Signal<string | undefined>,
    readonly told: Signal<{ readonly isGood: boolean; readonly text: string } | undefined>,
    readonly isReviewed: Signal<boolean>,
    readonly isBusy: Signal<boolean>,
    readonly conflict: Signal<Conflict | undefined>,
    readonly editor: { current: DocumentEditor | undefined },
  ) {}

  get isChanged(): boolean {
    return this.text.value !== this.base.value.text;
  }

  changed(text: string): void {
    this.text.value = text;
    this.told.value = undefined;
    const { text: base, tag } = this.base.peek();
    if (text === base) dropDraft(this.props.of);
    else keepDraft(this.props.of, { text, base, tag });
  }

  /** Stored there is something else now: what is written goes on from it. */
  rebase(stored: Stored, text: string): void {
    this.base.value = stored;
    this.conflict.value = undefined;
    // It showed what differs from what was stored before.
    this.isReviewed.value = false;
    if (this.editor.current !== undefined) this.editor.current.text = text;
    this.changed(text);
  }

  async validate(): Promise<void> {
    this.isBusy.value = true;
    try {
      const told = await daemon.domains.validate({ body: this.text.peek() });
      this.editor.current?.mark(told.findings);
      this.told.value = saidOf(told);
    } catch (error) {
      this.#refused(asApiError(error));
    } finally {
      this.isBusy.value = false;
    }
  }

  async save(): Promise<void> {
    if (this.isBusy.peek()) return;
    this.isBusy.value = true;
    try {
      const sent = this.text.peek();
      const stored = await this.props.save(sent, this.base.peek().tag);
      dropDraft(this.props.of);
      // One may have gone on writing meanwhile.
      const now = this.text.peek();
      this.rebase(stored, now === sent ? stored.text : mergeTexts(sent, now, stored.text).text);
    } catch (error) {
      const refusal = asApiError(error);
      if (refusal.code === 'changed' && this.props.again !== undefined) await this.meet(refusal.message);
      else this.#refused(refusal);
    } finally {
      this.isBusy.value = false;
    }
  }

  /** Somebody else has saved meanwhile. */
  async meet(message: string): Promise<void> {
    try {
      const theirs = await this.props.again?.();
      if (theirs === undefined || theirs.tag === this.base.peek().tag) return;
      if (this.isChanged) {
        this.conflict.value = { message, theirs };
        this.isReviewed.value = false;
      } else this.rebase(theirs, theirs.text);
    } catch (error) {
      this.#refused(asApiError(error));
    }
  }

  #refused({ message, findings }: ApiError): void {
    if (findings !== undefined && findings.length > 0) this.editor.current?.mark(findings);
    this.told.value = { isGood: false, text: message };
    this.isReviewed.value = false;
  }
}

const saidOf = ({ isValid, error, findings }: Validation) => ({
  isGood: isValid,
  text: isValid ? words.valid(findings.length) : (error?.message ?? words.invalid),
});

function useWork(props: FormProps): Work {
  const draft = useMemo(() => {
    const kept = draftOf(props.of);
    // What was written of another text that nobody stored goes on from nothing that is here.
    return props.isNew === true && kept?.base !== props.stored.text ? undefined : kept;
  }, []);
  const base = useSignal<Stored>(draft === undefined ? props.stored : { text: draft.base, tag: draft.tag });
  const parts = [
    useSignal(draft?.text ?? props.stored.text),
    useSignal<readonly Finding[]>([]),
    useSignal(0),
    useSignal<string | undefined>(undefined),
    useSignal<{ readonly isGood: boolean; readonly text: string } | undefined>(
      draft === undefined ? undefined : { isGood: true, text: words.draft },
    ),
    useSignal(false),
    useSignal(false),
    useSignal<Conflict | undefined>(undefined),
    useRef<DocumentEditor | undefined>(undefined),
  ] as const;
  return useMemo(() => new Work(props, base, ...parts), []);
}

interface PlaceProps {
  readonly work: Work;
  readonly label: string;
  readonly Editor: typeof DocumentEditor;
}

/** Where it is written, what is wrong with it, and what is known of where the cursor is. */
function Place({ work, label, Editor }: PlaceProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (box.current === null) return;
    const editor = new Editor(box.current, label, work.text.peek(), {
      changed: (text) => work.changed(text),
      found: (findings, faults) => {
        work.findings.value = findings;
        work.faults.value = faults;
      },
      at: (entry) => {
        work.entry.value = entry;
      },
      save: () => {
        if (work.isChanged && whyNotSaved(work) === undefined) work.isReviewed.value = true;
      },
    });
    editor.isLocked = !may('admin');
    work.editor.current = editor;
    return () => editor.destroy();
  }, []);
  return (
    <>
      <div ref={box} data-own-keys />
      <Findings findings={work.findings.value} goTo={(finding) => work.editor.current?.goTo(finding)} />
      <details class="entry" open>
        <summary>{words.entry}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys */}
        <pre class="small" tabIndex={0}>
          {work.entry.value ?? words.noEntry}
        </pre>
      </details>
      <p class="small soft">{words.hint}</p>
    </>
  );
}

/** Two people wrote: both texts are there until one says what becomes of them. */
function Met({ work }: { readonly work: Work }) {
  const conflict = work.conflict.value;
  if (conflict === undefined) return null;
  const { message, theirs } = conflict;
  const base = work.base.value.text;
  const merge = () => {
    const { text, conflicts } = mergeTexts(base, work.text.peek(), theirs.text);
    work.rebase(theirs, text);
    work.told.value = { isGood: conflicts === 0, text: words.merged(conflicts) };
  };
  const take = () => {
    work.rebase(theirs, theirs.text);
    work.told.value = { isGood: true, text: words.taken };
  };
  return (
    <section class="conflict" aria-label={words.conflict}>
      <p role="alert" class="wrap">
        <Icon name="warning" /> {message}
      </p>
      <div class="pair">
        <div>
          <h3>{words.theirs}</h3>
          <Difference before={base} after={theirs.text} label={words.theirs} />
        </div>
        <div>
          <h3>{words.yours}</h3>
          <Difference before={base} after={work.text.value} label={words.yours} />
        </div>
      </div>
      <div class="buttons">
        <button type="button" class="button main-deed" onClick={merge}>
          {words.merge}
        </button>
        <button type="button" class="button" onClick={take}>
          {words.take}
        </button>
      </div>
    </section>
  );
}

function Review({ work, saveWord }: { readonly work: Work; readonly saveWord: string }) {
  const sure = useRef<HTMLButtonElement>(null);
  useEffect(() => sure.current?.focus(), []);
  const back = () => {
    work.isReviewed.value = false;
    work.editor.current?.focus();
  };
  return (
    <section class="review" aria-label={words.changes}>
      <h3>{words.changes}</h3>
      <Difference before={work.base.value.text} after={work.text.value} label={words.changes} />
      <div class="buttons">
        <button
          type="button"
          class="button main-deed"
          ref={sure}
          disabled={work.isBusy.value}
          onClick={() => void work.save()}
        >
          {saveWord}
        </button>
        <button type="button" class="button" onClick={back}>
          {words.back}
        </button>
      </div>
    </section>
  );
}

/** Why it cannot be saved as it is. */
function whyNotSaved({ faults, conflict }: Work): string | undefined {
  if (!may('admin')) return texts.deeds.noRole('admin');
  if (conflict.value !== undefined) return words.conflict;
  return faults.value > 0 ? words.faulty(faults.value) : undefined;
}

function Deeds({ work }: { readonly work: Work }) {
  const { isNew = false, saveWord } = work.props;
  const mayNot = !may('admin');
  const isBusy = work.isBusy.value;
  const whyNot = whyNotSaved(work);
  const told = work.told.value ?? (work.faults.value > 0 && !mayNot && { isGood: false, text: whyNot });
  const drop = () => {
    work.rebase(work.base.peek(), work.base.peek().text);
    dropDraft(work.props.of);
  };
  return (
    <div class="buttons">
      {told && (
        <span role="status" class={told.isGood ? 'grow small wrap' : 'grow small wrap warn-text'}>
          {told.text}
        </span>
      )}
      <button
        type="button"
        class="button"
        disabled={mayNot || isBusy}
        title={mayNot ? texts.deeds.noRole('admin') : words.validateWhy}
        onClick={() => void work.validate()}
      >
        {words.validate}
      </button>
      <button type="button" class="button" disabled={!work.isChanged || isBusy} onClick={drop}>
        {words.drop}
      </button>
      <button
        type="button"
        class="button main-deed"
        disabled={isBusy || (!isNew && !work.isChanged) || whyNot !== undefined}
        title={whyNot}
        onClick={() => {
          if (isNew) void work.save();
          else work.isReviewed.value = true;
        }}
      >
        {isNew ? saveWord : words.review}
      </button>
    </div>
  );
}

const loadEditor = () => import('./editor.js');

/** All of it. */
export function DocumentForm(props: FormProps) {
  const work = useWork(props);
  const { stored, isNew = false } = props;
  useEffect(() => {
    // What is stored may have changed since a draft was begun, or while one looks.
    if (!isNew && stored.tag !== work.base.peek().tag) void work.meet(words.changedMeanwhile);
  }, [stored.tag]);
  return (
    <div class="document">
      <Met work={work} />
      {work.isReviewed.value && <Review work={work} saveWord={props.saveWord} />}
      <Deeds work={work} />
      <Part load={loadEditor} lines={8}>
        {({ DocumentEditor: Editor }) => <Place work={work} label={props.label} Editor={Editor} />}
      </Part>
    </div>
  );
}
