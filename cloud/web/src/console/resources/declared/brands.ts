// 品牌.
import type { Resource } from '../resource'

const brands: Resource<'name'> = {
  name: 'brands',
  menu: ['master', 1],
  words: {
    'zh-CN': { title: '品牌', one: '品牌', empty: '还没有品牌', field: { name: '品牌名称' } },
    en: { title: 'Brands', one: 'brand', empty: 'No brands yet', field: { name: 'Brand' } },
  },
}
export default brands
