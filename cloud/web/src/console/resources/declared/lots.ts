// 批次质检: what quality control says of a lot.
import type { Resource } from '../resource'

const lots: Resource<'product' | 'lot' | 'status' | 'dealer' | 'produced_on'> = {
  name: 'lots',
  menu: ['production', 2],
  words: {
    'zh-CN': {
      title: '批次质检', one: '批次', empty: '还没有批次',
      field: { product: '产品', lot: '批次号', status: '质检状态', dealer: '专供经销商', produced_on: '生产日期' },
      hint: { status: '封锁的批次不能出库；待检的批次能否出库由系统设置决定。', dealer: '只有专供批次才填写。' },
      choice: { status: { pending: '待检', released: '已放行', blocked: '已封锁' } },
    },
    en: {
      title: 'Lots', one: 'lot', empty: 'No lots yet',
      field: { product: 'Product', lot: 'Lot', status: 'Quality control', dealer: 'Made for dealer', produced_on: 'Produced on' },
      hint: { status: 'Blocked lots cannot leave; a setting says whether pending ones may.', dealer: 'Only for a lot that is made for one dealer.' },
      choice: { status: { pending: 'Pending', released: 'Released', blocked: 'Blocked' } },
    },
  },
}
export default lots
