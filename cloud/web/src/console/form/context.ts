// What the parts of one form share: where its words are, what is wrong with it, whether it can be changed.
import { inject, type InjectionKey } from 'vue'
import type { Field } from './field'

export interface FormContext {
  /** True while an existing row is edited: fixed fields stay as they are. */
  readonly editing: boolean
  readonly readonly: boolean
  label(field: Field): string
  hint(field: Field): string
  option(field: Field, option: string): string
  /** What is wrong at this place, in words. */
  fault(path: string): string
  /** Something was changed at this place: what was said about it is out of date. */
  touched(path: string): void
}

export const FORM: InjectionKey<FormContext> = Symbol('form')

export function useFormContext(): FormContext {
  const context = inject(FORM)
  if (!context) throw new Error('a field stands outside of a form')
  return context
}

/** The id of the control at a place, for its label. */
export const controlId = (path: string): string => `field-${path.replaceAll('.', '-')}`
