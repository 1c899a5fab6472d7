// What a form is made of: the fields that the cloud declares (`GET /resources`), or that a page states for its own form.

export type Kind =
  | 'text' | 'number' | 'gtin' | 'lot' | 'login' | 'secret' | 'choice' | 'flag' | 'date' | 'moment'
  | 'one' | 'many' | 'regions' | 'rows' | 'plan' | 'codes'

export interface Field {
  name: string
  kind: Kind
  required?: boolean
  /** Not to be changed once the row exists. */
  fixed?: boolean
  /** A column of the list. */
  listed?: boolean
  /** What can be chosen. */
  options?: readonly string[]
  /** The resource that a reference points into. */
  of?: string
  /** The most characters of a text, the most regions. */
  max?: number
  /** What a flag is when nothing was said. */
  default?: boolean
  /** The fields of each row. */
  fields?: readonly Field[]
  /** Another label than the one of its name. */
  label?: string
  /** The group of words its options are worded in; otherwise the form's own. */
  group?: string
  /** What narrows the rows a reference can point to. */
  where?: Readonly<Record<string, string | number>>
}

export type Values = Record<string, unknown>
/** A row of the cloud: its fields, and the version that an edit must name. */
export type Row = Values & { id: number; version?: number }
/** A reference as it is shown. */
export interface Reference { id: number; name: string }

/** A word for each field that is not right, and what the cloud says about it. */
export interface Faults {
  fields: Record<string, string>
  details: Record<string, Values>
}
