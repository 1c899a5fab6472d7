// 经销商: a tree, each with its territories by product and time.
import type { Resource } from '../resource'

const dealers: Resource<'name' | 'parent' | 'territories' | 'product' | 'regions' | 'valid_from' | 'valid_to'> = {
  name: 'dealers',
  menu: ['master', 5],
  words: {
    'zh-CN': {
      title: '经销商', one: '经销商', empty: '还没有经销商',
      field: { name: '名称', parent: '上级经销商', territories: '授权区域', product: '产品', regions: '地区', valid_from: '生效', valid_to: '失效' },
      hint: { territories: '同一产品、同一时间，一个地区只能属于一个经销商。' },
    },
    en: {
      title: 'Dealers', one: 'dealer', empty: 'No dealers yet',
      field: { name: 'Name', parent: 'Belongs to', territories: 'Territories', product: 'Product', regions: 'Regions', valid_from: 'Valid from', valid_to: 'Valid to' },
      hint: { territories: 'At one time, a region belongs to one dealer only for each product.' },
    },
  },
}
export default dealers
