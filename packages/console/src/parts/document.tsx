// A document that nobody has defined yet: its text, what this host says of it, and what can be done with it.
// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '@ctvirt/api/browser';
import type { ComponentChildren } from 'preact';
import { texts } from '../texts.js';
import { Card, Copy } from './frame.js';

const words = texts.takeOver;

interface NewDocumentProps {
  readonly path: string;
  readonly text: string;
  /** What is said of it, and what can be done with it. */
  readonly children?: ComponentChildren;
}

/** A text that was made. */
export const NewDocument = ({ path, text, children }: NewDocumentProps) => (
  <Card title={words.document(path)} side={<Copy text={text} />}>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys */}
    <pre class="console" tabIndex={0}>
      {text}
    </pre>
    {children}
  </Card>
);

interface SaidProps {
  readonly findings: readonly Finding[];
  readonly error: { readonly message: string } | null;
}

/** What this host says of a document. */
export const Said = ({ findings, error }: SaidProps) => (
  <section class="said" aria-label={words.validated} role="status">
    {error === null ? (
      <p>
        <span aria-hidden="true">✓</span> {words.valid}
      </p>
    ) : (
      <p class="warn-text wrap">
        <span aria-hidden="true">✕</span> {error.message}
      </p>
    )}
    {findings.length > 0 && (
      <ul class="lines">
        {findings.map(({ line, column, path, message }) => (
          <li key={`${line}:${column} ${message}`}>
            <span class="soft mono nowrap">{line === 0 ? '–' : `${line}:${column}`}</span>
            <span class="what">
              {message} <span class="soft mono">{path}</span>
            </span>
          </li>
        ))}
      </ul>
    )}
  </section>
);
