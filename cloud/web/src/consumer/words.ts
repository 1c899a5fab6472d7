// What the consumer reads, in both languages.
export const words = {
  'zh-CN': {
    brand: '正品查验', other: 'English', wait: '正在核验…',
    genuine: '正品', genuineText: '这是本品牌生产并登记的产品。', nthFirst: '首次查询', nthMore: '第 {n} 次查询',
    again: '正品码，已被查询过', againText: '这个码此前查过。如果不是您本人查的，请留意包装是否被开启或重复使用。',
    pending: '真码，登记中', pendingText: '这是我们的码，产线或仓库的登记还在路上。请过些时候再查一次。',
    void: '这个码已作废', voidText: '它是我们的标签，但已经报废或作废，不应当贴在售卖的商品上。请谨慎购买，并联系品牌方。',
    unknown: '查不到这个码', unknownText: '它可能没有拍清楚、输入有误，也可能不是我们的码。请核对瓶身上的码再查。',
    failed: '暂时核验不了', failedText: '网络不通或服务繁忙，还不能判断真伪。', retry: '再试一次',
    product: '产品', gtin: '商品条码', lot: '批次', code: '码', first: '首次查询', busy: '查询太频繁，请稍等片刻再试。',
    privacy: '查验不需要登录，也不会索取您的位置。',
  },
  en: {
    brand: 'Verify', other: '中文', wait: 'Checking…',
    genuine: 'Genuine', genuineText: 'This product was made and registered by the brand.', nthFirst: 'First check', nthMore: 'Check no. {n}',
    again: 'Genuine code, checked before', againText: 'This code was checked before. If that was not you, look closely: the package may have been opened or used again.',
    pending: 'Our code, being registered', pendingText: 'The code is ours; the record from the line or the warehouse is still on its way. Please check again later.',
    void: 'This code is void', voidText: 'The label is ours, but it was scrapped or declared void and should not be on goods for sale. Be careful, and tell the brand.',
    unknown: 'Code not found', unknownText: 'It may be unclear or mistyped, or it is not one of ours. Compare it with the code on the bottle and try again.',
    failed: 'Cannot check right now', failedText: 'The network is down or the service is busy, so we cannot tell yet.', retry: 'Try again',
    product: 'Product', gtin: 'Product barcode', lot: 'Lot', code: 'Code', first: 'First checked', busy: 'Too many checks. Please wait a moment.',
    privacy: 'Checking needs no login and does not ask where you are.',
  },
}
export type Locale = keyof typeof words
