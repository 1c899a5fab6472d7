// 部署点: factories, their lines, warehouses.
import type { Resource } from '../resource'

const sites: Resource<'name' | 'kind' | 'parent' | 'implied_receipt'> = {
  name: 'sites',
  menu: ['master', 4],
  words: {
    'zh-CN': {
      title: '部署点', one: '部署点', empty: '还没有部署点',
      field: { name: '名称', kind: '类型', parent: '上级', implied_receipt: '允许未入库先出库' },
      hint: { implied_receipt: '打开后，没有扫码入库的货可以从这里出库，系统视为已入库并作提示。', parent: '产线所属的工厂，或仓库所属的组织。' },
      choice: { kind: { factory: '工厂', line: '产线', warehouse: '仓库' } },
    },
    en: {
      title: 'Sites', one: 'site', empty: 'No sites yet',
      field: { name: 'Name', kind: 'Kind', parent: 'Belongs to', implied_receipt: 'May ship without receipt' },
      hint: { implied_receipt: 'When on, goods that were never scanned in may leave from here; their receipt is implied and told.', parent: 'The factory of a line, or what a warehouse belongs to.' },
      choice: { kind: { factory: 'Factory', line: 'Line', warehouse: 'Warehouse' } },
    },
  },
}
export default sites
