// 品类: as many levels as the brand owner wants.
import type { Resource } from '../resource'

const categories: Resource<'name' | 'parent'> = {
  name: 'categories',
  menu: ['master', 2],
  words: {
    'zh-CN': { title: '品类', one: '品类', empty: '还没有品类', field: { name: '品类名称', parent: '上级品类' } },
    en: { title: 'Categories', one: 'category', empty: 'No categories yet', field: { name: 'Category', parent: 'Belongs to' } },
  },
}
export default categories
