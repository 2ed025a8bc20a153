// What a declared element consists of; nothing here but data.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from '../read/node.js';
import type { SizeUnit } from '../units.js';
import type { Model } from './model.js';
import type { Report } from './report.js';
import type { Scalar } from './scalar.js';

/** Whether a model always has the field (`required`, also when a default fills it) or may lack it. */
export type Presence = 'required' | 'optional';

/** What every field may say about itself. */
export interface FieldNotes {
  /** One sentence for users: it becomes the reference page. */
  readonly doc: string;
  /** Version of libvirt, or `ctvirt`, that has it. */
  readonly since?: string;
  /** What libvirt supposes, and writes, where the document is silent: a value, or a function of the model. */
  readonly assumed?: unknown;
  /** Only a running domain has it. */
  readonly live?: true;
  /** libvirt takes the number 0 for no statement. */
  readonly zeroIsUnset?: true;
  /** libvirt takes an empty text for no statement. */
  readonly blankIsUnset?: true;
}

interface FieldBase<T, P extends Presence> extends FieldNotes {
  readonly presence: P;
  /** The document must state it. */
  readonly mandatory: boolean;
  /** Carries the type for inference; never set. */
  readonly type?: T;
}

/** An attribute with a scalar value; it is named as its key where `name` is undefined. */
export interface AttributeField<T = unknown, P extends Presence = Presence> extends FieldBase<T, P> {
  readonly kind: 'attribute';
  readonly name: string | undefined;
  readonly scalar: Scalar<unknown>;
  readonly fallback: ((model: Model) => unknown) | undefined;
}

/** An attribute that is a size whose unit stands in a second attribute. */
export interface SizeAttributeField<T = unknown, P extends Presence = Presence> extends FieldBase<T, P> {
  readonly kind: 'size-attribute';
  readonly name: string;
  readonly unitAttribute: string;
  readonly defaultUnit: string;
  readonly unit: SizeUnit;
}

/** The element's own text as a value. */
export interface TextField<T = unknown, P extends Presence = Presence> extends FieldBase<T, P> {
  readonly kind: 'text';
  readonly scalar: Scalar<unknown>;
}

/** A child element with fields of its own, one or `many`. */
export interface ChildField<T = unknown, P extends Presence = Presence> extends FieldBase<T, P> {
  readonly kind: 'child';
  readonly element: AnyElement;
  readonly many: boolean;
  readonly fallback: (() => unknown) | undefined;
}

/** A child element that is one value: its text, one attribute, a size, or its mere presence. */
export interface ValueField<T = unknown, P extends Presence = Presence> extends FieldBase<T, P> {
  readonly kind: 'value';
  readonly name: string;
  readonly many: boolean;
  readonly shape:
    | { readonly by: 'text'; readonly scalar: Scalar<unknown> }
    | {
        readonly by: 'attribute';
        readonly attribute: string;
        readonly scalar: Scalar<unknown>;
        /** What the element says without its attribute; it needs it where this is undefined. */
        readonly alone?: unknown;
      }
    | { readonly by: 'flag' }
    | { readonly by: 'size'; readonly defaultUnit: string; readonly unit: SizeUnit };
}

/** A child element whose children are anybody's, kept as XML text. */
export interface OpenField<T = unknown, P extends Presence = Presence> extends FieldBase<T, P> {
  readonly kind: 'open';
  readonly name: string;
}

/** A known child of an open element, typed on the parent's model. */
export interface LiftedField<T = unknown, P extends Presence = Presence> extends FieldBase<T, P> {
  readonly kind: 'lifted';
  readonly from: string;
  readonly element: AnyElement;
  /** The field of that element whose value stands for the whole. */
  readonly key: string;
}

/** Keeps the place of a field that only some variants have. */
export interface SlotField extends FieldBase<never, 'optional'> {
  readonly kind: 'slot';
}

/** Anything that has a value in a model; `kind` tells which. */
export type Field<T = unknown, P extends Presence = Presence> =
  | AttributeField<T, P>
  | SizeAttributeField<T, P>
  | TextField<T, P>
  | ChildField<T, P>
  | ValueField<T, P>
  | OpenField<T, P>
  | LiftedField<T, P>;

/** Fields by their keys in the model, in the order in which they are written. */
export type Fields = Readonly<Record<string, Field | SlotField>>;
/** By the value of the attribute that chooses, what an element has besides its common fields. */
export type Variants = Readonly<Record<string, { readonly doc: string; readonly fields: Fields }>>;

/** Elements whose one attribute decides which other fields they have. */
export interface Choice<K extends string = string, V extends Variants = Variants> {
  readonly by: K;
  readonly doc: string;
  /** The element is named as its variant, and no attribute says it: elements of several names that stand in one list, or in one place. */
  readonly isName?: true;
  /** The variant of an element that does not say. */
  readonly fallback?: string;
  readonly variants: V;
}

/** What an element holds and how it is written: all that is data. */
export interface ElementBody<F extends Fields, C extends Choice | undefined> {
  readonly doc: string;
  readonly since?: string;
  readonly example?: string;
  /** In the order in which they are written. */
  readonly fields: F;
  readonly choice?: C;
  /** libvirt does not write it when nothing is in it. */
  readonly emptyIsUnset?: true;
  /** It is written with a start and an end also when nothing is in it, as libvirt does. */
  readonly hasBothTags?: true;
  /** A blank line stands before each child, and before the end. */
  readonly isSpaced?: true;
  /** Namespaces are declared before its attributes, as libvirt does. */
  readonly declaresFirst?: true;
  /** What is misspelt in it would leave a wall out without a word: an element that it does not know is an error. */
  readonly isClosed?: true;
  /** An attribute that it does not know is an error, too: without it, it would mean more than was meant. */
  readonly isClosedToAttributes?: true;
  /** The namespace of the element's prefix, declared where the element is written if `declares`. */
  readonly namespace?: { readonly prefix: string; readonly uri: string; readonly declares: boolean };
  /** Older forms, rewritten to the present one before anything else looks at them. */
  readonly legacy?: readonly LegacyForm[];
}

/** An element's own functions; methods, so that tables may hold those of all elements: each gets models of its element alone. */
export interface ElementHooks<T> {
  /** Semantics that a grammar cannot say. */
  check?(model: T, report: Report): void;
  /** Fills what depends on other fields; runs after reading and before writing, and must be idempotent. */
  complete?(model: T): T;
  /** What libvirt changes on the way through, beyond what the fields' notes say. */
  libvirt?(model: T): T;
}

/** A declared element; its type carries its fields, from which `Infer` makes that of its models. */
export interface Element<F extends Fields = Fields, C extends Choice | undefined = Choice | undefined> {
  readonly name: string;
  readonly body: ElementBody<F, C>;
  readonly hooks: ElementHooks<Model>;
}

/** An element of which nothing more is known, as tables and walks take it. */
export type AnyElement = Element<Fields, Choice | undefined>;

/** A child element of an older form; it is checked against its own declaration, then rewritten. */
export interface LegacyForm {
  readonly element: AnyElement;
  /** Tells the older form from a present one of the same name. */
  readonly when?: (node: Node) => boolean;
  /** The element goes elsewhere as it stands, and is read there. */
  readonly moves?: boolean;
  /** It stands for a required child, and for the variant that has it. */
  readonly implies?: { readonly insteadOf: string; readonly variant: string };
  /** Required children that the element may lack in this form. */
  readonly mayLack?: readonly string[];
  /** Changes the tree: `node` no longer stands in `parent` in its old form afterwards. */
  readonly rewrite: (node: Node, parent: Node) => void;
}
