// 产品: how it is packed, and who may make, stock and receive it (商品授权).
import type { Values } from '../../form/field'
import type { Resource } from '../resource'

const restricted = (values: Values) => values.restricted === true

const products: Resource<'name' | 'gtin' | 'brand' | 'category' | 'plan' | 'restricted' | 'sites' | 'dealers'> = {
  name: 'products',
  menu: ['master', 3],
  widths: { name: 160, gtin: 145, plan: 200, brand: 90, category: 90, restricted: 110 },
  asked: { sites: restricted, dealers: restricted },
  words: {
    'zh-CN': {
      title: '产品', one: '产品', empty: '还没有产品',
      field: { name: '产品名称', gtin: 'GTIN', brand: '品牌', category: '品类', plan: '包装规格', restricted: '限授权组织', sites: '授权部署点', dealers: '授权经销商' },
      hint: {
        plan: '由内到外逐级填写，例如 1 箱 24 瓶、1 托 48 箱。修改后产生新的版本，已下达的订单仍按原版本生产。', gtin: '商品条码；8、12、13 位的前面补 0 到 14 位。',
        restricted: '打开后，未列出的部署点不能生产和入库，未列出的经销商不能收货。',
      },
    },
    en: {
      title: 'Products', one: 'product', empty: 'No products yet',
      field: { name: 'Product', gtin: 'GTIN', brand: 'Brand', category: 'Category', plan: 'Packaging plan', restricted: 'Authorised only', sites: 'Authorised sites', dealers: 'Authorised dealers' },
      hint: {
        plan: 'From the inside out, for example 24 bottles in a case, 48 cases on a pallet. A change makes a new revision; orders released before keep theirs.', gtin: 'The barcode; 8, 12 and 13 digits are filled up to 14 with zeros.',
        restricted: 'When on, sites that are not listed cannot make or stock it, and dealers that are not listed cannot receive it.',
      },
    },
  },
}
export default products
