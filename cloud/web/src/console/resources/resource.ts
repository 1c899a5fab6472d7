// A resource on this side: where it is in the menu and what its fields are called. All else the cloud declares.
import type { Field, Values } from '../form/field'

/** The groups of the menu. */
export type MenuGroup = 'master' | 'production' | 'documents' | 'audit' | 'system'

/** The words of one language. `F` are the names of its fields, those of rows among them. */
export interface ResourceWords<F extends string> {
  /** The list's heading and menu entry. */
  title: string
  /** One of it, as in "new …". */
  one: string
  /** What to say while there is none. */
  empty: string
  field: Record<F, string>
  hint?: Partial<Record<F, string>>
  /** What the options of a field are called. */
  choice?: Partial<Record<F, Record<string, string>>>
}

export interface Resource<F extends string = string> {
  /** The name in addresses, here and in the API. */
  name: string
  /** The group of the menu, and the place in it. */
  menu: [group: MenuGroup, place: number]
  words: { 'zh-CN': ResourceWords<F>; en: ResourceWords<F> }
  /** How wide a column is, where its content asks for more or less than the usual. */
  widths?: Partial<Record<F, number>>
  /** Fields that are asked for only when others say so. */
  asked?: Partial<Record<F, (values: Values) => boolean>>
}

/** What the cloud declares of a resource, for the caller. */
export interface Definition {
  name: string
  fields: Field[]
  /** Fields that the text of the query searches. */
  search: string[]
  filters: string[]
  sorts: string[]
  /** The field that names the row above, when rows form a tree. */
  tree: string | null
  may_write: boolean
  /** Rows can be switched off. */
  toggles: boolean
}
