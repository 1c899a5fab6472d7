// Which control a kind of field has. All take the same: the field, its value, whether it is locked or faulty.
import type { Component } from 'vue'
import ChoiceControl from './ChoiceControl.vue'
import DateControl from './DateControl.vue'
import type { Field, Kind } from './field'
import FlagControl from './FlagControl.vue'
import NumberControl from './NumberControl.vue'
import PlanControl from './PlanControl.vue'
import ReferenceControl from './ReferenceControl.vue'
import RegionsControl from './RegionsControl.vue'
import RowsControl from './RowsControl.vue'
import TextControl from './TextControl.vue'

export interface ControlProps {
  id: string
  field: Field
  path: string
  locked: boolean
  faulty: boolean
}

const CONTROLS: Record<Kind, Component> = {
  text: TextControl, gtin: TextControl, lot: TextControl, login: TextControl, secret: TextControl, codes: TextControl,
  number: NumberControl, choice: ChoiceControl, flag: FlagControl, date: DateControl, moment: DateControl,
  one: ReferenceControl, many: ReferenceControl, regions: RegionsControl, rows: RowsControl, plan: PlanControl,
}

export const controlOf = (kind: Kind): Component => CONTROLS[kind]
