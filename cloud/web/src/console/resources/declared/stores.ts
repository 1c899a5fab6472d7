// 门店.
import type { Resource } from '../resource'

const stores: Resource<'name' | 'dealer' | 'region' | 'address'> = {
  name: 'stores',
  menu: ['master', 6],
  words: {
    'zh-CN': { title: '门店', one: '门店', empty: '还没有门店', field: { name: '名称', dealer: '所属经销商', region: '地区', address: '地址' } },
    en: { title: 'Stores', one: 'store', empty: 'No stores yet', field: { name: 'Name', dealer: 'Dealer', region: 'Region', address: 'Address' } },
  },
}
export default stores
