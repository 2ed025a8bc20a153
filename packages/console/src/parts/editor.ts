// A document being written: faults by line and column as one types, what may stand where, and what it means.
// SPDX-License-Identifier: Apache-2.0
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  completionKeymap,
} from '@codemirror/autocomplete';
import { history, historyKeymap, indentLess, indentMore, standardKeymap } from '@codemirror/commands';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, linter, lintGutter, nextDiagnostic } from '@codemirror/lint';
import { Compartment, EditorState, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import {
  explainDomain,
  type Finding,
  type Possible,
  parseDomain,
  placeFindings,
  possibleInDomain,
} from '@ctvirt/xml';
import { tags } from '@lezer/highlight';
import { placeAt } from './xml-place.js';
import { xmlWords } from './xml-words.js';

/** What an editor tells the screen that it is on. */
export interface EditorEvents {
  /** There is another text. */
  changed(text: string): void;
  /** What is wrong in the text, by what the page knows and what the host said of it; `faults`: so many keep every host from taking it. */
  found(findings: readonly Finding[], faults: number): void;
  /** The cursor stands in another place: what is known of that. */
  at(entry: string | undefined): void;
  save(): void;
}

const colours = HighlightStyle.define([
  { tag: tags.tagName, color: 'var(--blue)' },
  { tag: tags.attributeName, color: 'var(--orange)' },
  { tag: [tags.attributeValue, tags.string], color: 'var(--ink)', fontWeight: '600' },
  { tag: [tags.comment, tags.angleBracket, tags.processingInstruction], color: 'var(--soft)' },
  { tag: tags.invalid, textDecoration: 'underline wavy var(--orange)' },
]);

const look = EditorView.theme({
  '&': { fontSize: '13px', backgroundColor: 'var(--surface)', color: 'var(--ink)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', minHeight: '260px', maxHeight: 'calc(100dvh - 380px)' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '@media (prefers-reduced-motion: reduce)': {
    // The editor itself names an animation at its place.
    '.cm-cursorLayer': { animation: 'none !important' },
  },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--soft)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': {
    backgroundColor: 'color-mix(in srgb, var(--blue) 8%, transparent)',
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--blue) 28%, transparent)',
  },
  '.cm-tooltip, .cm-panels': {
    backgroundColor: 'var(--raised)',
    color: 'var(--ink)',
    border: '1px solid var(--line)',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--blue-wash)',
    color: 'var(--ink)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { maxWidth: 'min(560px, 95vw)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { whiteSpace: 'normal' },
  '.cm-completionInfo': { maxWidth: '320px', whiteSpace: 'pre-wrap' },
  '.cm-completionDetail': { color: 'var(--soft)' },
  '.cm-diagnostic': { borderLeftWidth: '3px' },
  '&.cm-focused': { outline: '2px solid var(--blue)', outlineOffset: '-2px' },
});

/** The nonce under which the page's policy takes styles of its scripts. */
const nonce = (): string => document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';

/** An editor in a place of the page. */
export class DocumentEditor {
  readonly #view: EditorView;
  readonly #locked = new Compartment();
  #ofHost: readonly Finding[] = [];

  constructor(
    place: HTMLElement,
    label: string,
    text: string,
    private readonly events: EditorEvents,
  ) {
    this.#view = new EditorView({
      parent: place,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          EditorView.lineWrapping,
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          closeBrackets(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          xmlWords,
          syntaxHighlighting(colours),
          look,
          autocompletion({ override: [complete], icons: false }),
          linter((view) => this.#lint(view), { delay: 250 }),
          keymap.of([
            { key: 'Mod-s', run: () => this.#save(), preventDefault: true },
            ...completionKeymap,
            { key: 'F8', run: nextDiagnostic },
            { key: 'Mod-]', run: indentMore },
            { key: 'Mod-[', run: indentLess },
            ...historyKeymap,
            ...standardKeymap,
          ]),
          this.#locked.of(EditorState.readOnly.of(false)),
          EditorView.updateListener.of(({ docChanged, selectionSet, state }) => {
            if (docChanged) {
              this.#ofHost = [];
              events.changed(state.doc.toString());
            }
            if (docChanged || selectionSet) events.at(entryAt(state));
          }),
        ],
      }),
    });
    events.at(entryAt(this.#view.state));
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  /** Puts another text in its place; the way back to the one before is Ctrl Z. */
  set text(text: string) {
    const { doc } = this.#view.state;
    if (doc.toString() !== text) this.#view.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
  }

  /** Whether it can be read only. */
  set isLocked(value: boolean) {
    this.#view.dispatch({ effects: this.#locked.reconfigure(EditorState.readOnly.of(value)) });
  }

  /** Marks what the host said of this text, until there is another. */
  mark(findings: readonly Finding[]): void {
    this.#ofHost = placeFindings(this.text, findings);
    this.#find();
    this.#view.dispatch({});
  }

  /** Puts the cursor to a place of a finding. */
  goTo({ line, column }: Pick<Finding, 'line' | 'column'>): void {
    const at = offsetOf(this.#view.state.doc, line, column);
    this.#view.dispatch({
      selection: { anchor: at },
      effects: EditorView.scrollIntoView(at, { y: 'center' }),
    });
    this.#view.focus();
  }

  focus(): void {
    this.#view.focus();
  }

  destroy(): void {
    this.#view.destroy();
  }

  #save(): boolean {
    this.events.save();
    return true;
  }

  /** What the page finds, and what the host found besides. */
  #find(): readonly Finding[] {
    const own = placeFindings(this.text, parseDomain(this.text).findings);
    const known = new Set(own.map(wordsOf));
    const all = [...own, ...this.#ofHost.filter((finding) => !known.has(wordsOf(finding)))];
    this.events.found(all, own.filter(({ severity }) => severity === 'error').length);
    return all;
  }

  #lint({ state: { doc } }: EditorView): Diagnostic[] {
    return this.#find().map((finding) => {
      const from = offsetOf(doc, finding.line, finding.column);
      const word = /^<?[^\s<>=/"']*/.exec(doc.sliceString(from, from + 200))?.[0] ?? '';
      const to = Math.min(from + Math.max(word.length, 1), doc.length);
      return { from, to, severity: finding.severity, message: finding.message };
    });
  }
}

const wordsOf = ({ line, column, message }: Finding): string => `${line}:${column} ${message}`;

function offsetOf(doc: Text, line: number, column: number): number {
  if (line < 1 || line > doc.lines) return 0;
  const { from, to } = doc.line(line);
  return Math.min(from + Math.max(column, 1) - 1, to);
}

/** What the reference says of where the cursor is. */
function entryAt(state: EditorState): string | undefined {
  const { head } = state.selection.main;
  const rest = /^[\w:.-]*/.exec(state.sliceDoc(head, head + 80))?.[0] ?? '';
  const place = placeAt(state.sliceDoc(0, head + rest.length));
  if (place === undefined) return undefined;
  const { kind, path, typed, attribute } = place;
  const steps: Readonly<Record<typeof kind, readonly string[]>> = {
    element: [...path, typed],
    end: path,
    text: path,
    attribute: [...path, `@${typed}`],
    value: [...path, `@${attribute}`],
  };
  return explainDomain(steps[kind].join('/')) ?? explainDomain(path.join('/'));
}

/** What may be typed where the cursor is. */
function complete({ state, pos, explicit }: CompletionContext): CompletionResult | null {
  const place = placeAt(state.sliceDoc(0, pos));
  if (place === undefined) return null;
  const { kind, path, typed, attribute, has } = place;
  if (kind === 'end') {
    const name = path.at(-1);
    return name === undefined
      ? null
      : { from: pos - typed.length, options: [{ label: name, apply: `${name}>` }] };
  }
  if (path.length === 0)
    return kind === 'element' ? { from: pos - typed.length, options: [{ label: 'domain' }] } : null;
  const known = possibleInDomain(path.join('/'));
  if (kind === 'text' && (!explicit || typed.includes('\n'))) return null;
  const options: Readonly<Record<typeof kind, () => readonly Completion[]>> = {
    element: () => known.filter(isElement).map((one) => optionOf(one)),
    attribute: () =>
      known
        .filter(({ isAttribute, name }) => isAttribute && !has.includes(name))
        .map((one) => optionOf(one, `${one.name}='`)),
    value: () => valuesOf(known.find(({ isAttribute, name }) => isAttribute && name === attribute)),
    text: () => valuesOf(known.find(({ name }) => name === '<text>')),
  };
  const found = merged(options[kind]());
  return found.length === 0 ? null : { from: pos - typed.length, options: found, validFor: /^[\w:.-]*$/ };
}

const isElement = ({ isAttribute, name }: Possible): boolean => !isAttribute && name !== '<text>';

const optionOf = ({ name, doc, value }: Possible, apply = name): Completion => ({
  label: name,
  apply,
  detail: value.split(';')[0] ?? '',
  info: `${doc}\n${value}`,
});

const valuesOf = (of: Possible | undefined): readonly Completion[] =>
  (of?.values ?? []).map((label) => ({ label }));

/** An element of several variants is one word. */
const merged = (all: readonly Completion[]): Completion[] => [
  ...new Map(all.map((one) => [one.label, one])).values(),
];
