// What a Rejection or a Notice of `protocol::ledger` says to a person, in both languages.
// A new kind without words here shows its code and its parameters: never nothing.
import type { OperationId, Tagged } from '../shapes'

type Pair = readonly [zh: string, en: string]

const REJECTIONS: Record<string, Pair> = {
  foreign: ['{code} 不是我们的码', '{code} is not one of ours'],
  not_in_use: ['{code} 还没有投入使用', '{code} was never put into use'],
  wrong_level: ['{code} 是{level}码，这里需要{expected}码', '{code} is a {level} code, a {expected} was expected'],
  wrong_product: ['{code} 是另一种产品（{product}，应为 {expected}）', '{code} is another product ({product}, expected {expected})'],
  wrong_lot: ['{code} 属于批次 {lot}，应为 {expected}', '{code} is of lot {lot}, expected {expected}'],
  scanned_twice: ['{code} 在同一操作里扫了两次', '{code} was scanned twice in one operation'],
  already_in_use: ['{code} 已在使用', '{code} is in use already'],
  already_packed: ['{code} 已在另一个包装 {parent} 里', '{code} is in {parent} already'],
  replaced: ['{code} 的标签已换成 {by}', '{code} was replaced by {by}'],
  disputed: ['{code} 有争议，等待现场处理', '{code} is disputed and waits to be settled on the floor'],
  too_many: ['{parent} 最多装 {holds}，扫了 {count}', '{parent} holds {holds} at most, {count} were scanned'],
  too_few: ['{parent} 应装 {holds}，只扫了 {count}', '{parent} holds {holds}, only {count} were scanned'],
  nothing: ['{parent} 里没有要装的内容', '{parent} has nothing to go in'],
  custody_differs: ['{code} 与 {parent} 不在同一归属', '{code} is not where {parent} is'],
  not_a_package: ['{code} 不是包装', '{code} is no package'],
  not_packed: ['{code} 不在任何包装里', '{code} is in no package'],
  already_here: ['{code} 已在本部署点', '{code} is at this site already'],
  already_shipped: ['{code} 已随单据 {document} 发给经销商 {to}', '{code} was shipped to dealer {to} on document {document} already'],
  not_on_document: ['{code} 的产品不在单据 {document} 上', 'The product of {code} is not on document {document}'],
  over: ['单据 {document} 只要 {ordered}，加上 {code} 将达到 {would}', 'Document {document} asks for {ordered}; {code} would make it {would}'],
  document_closed: ['单据 {document} 未开放', 'Document {document} is not open'],
  wrong_site: ['单据 {document} 属于部署点 {expected}，这里是 {site}', 'Document {document} is for site {expected}, this is site {site}'],
  unauthorised: ['{party}没有产品 {product} 的授权（{code}）', '{party} may not have product {product} ({code})'],
  lot_blocked: ['{code} 的批次 {lot} 已被质检封锁', 'Lot {lot} of {code} is blocked by quality control'],
  lot_pending: ['{code} 的批次 {lot} 质检尚未放行', 'Lot {lot} of {code} is not released by quality control yet'],
  wrong_dealer: ['{code} 是经销商 {expected} 的专供批次，不能发给 {dealer}', '{code} was made for dealer {expected}, not for {dealer}'],
  on_its_way: ['{code} 正在单据 {document} 下调往部署点 {to} 的途中', '{code} is on its way to site {to} under document {document}'],
  gone: ['{code} 已取样或报废（{how}）', '{code} is gone for good ({how})'],
  not_here: ['{code} 不在本部署点', '{code} is not at this site'],
  not_made_here: ['部署点 {site} 未获授权生产商品 {product}', 'Site {site} may not make product {product}'],
  not_received: ['{code} 在部署点 {at}，没有在本部署点入库', '{code} is at site {at} and was never received here'],
  wrong_mix: ['{parent} 应装产品 {product} {holds} 瓶，扫了 {count} 瓶', '{parent} holds {holds} of product {product}, {count} were scanned'],
  wrong_document: ['单据 {document} 是{kind}，不能用于这项操作', 'Document {document} is a {kind} document, which does not fit this operation'],
  not_under_document: ['{code} 不是随单据 {document} 发出的', '{code} was not shipped under document {document}'],
  operator_not_permitted: ['操作员 {operator} 不允许在部署点 {site} 作业', 'Operator {operator} may not work at site {site}'],
  role_not_permitted: ['这项操作需要{needs}', 'This needs a {needs}'],
  task_closed: ['任务 {task} 未在此开放', 'Task {task} is not open here'],
  not_in_plan: ['包装规格里没有{level}这一级', 'The packaging plan has no {level}'],
  site_not_permitted: ['设备不允许在部署点 {site} 作业', 'The device may not work at site {site}'],
  too_many_codes: ['一次操作里有 {count} 个码，最多 {limit} 个', '{count} codes in one operation, {limit} are allowed'],
  name_taken: ['编号 {names} 已被另一项操作占用：设备数据曾被恢复', 'Another operation is known as {names}: the device was restored from a copy'],
  done_elsewhere: ['要更正的操作 {names} 是在部署点 {site} 做的', 'The operation to correct, {names}, was done at site {site}'],
  no_such_operation: ['找不到要更正的操作 {names}', 'The operation to correct is not known: {names}'],
  written_off: ['标签 {code} 已核销（{fate}）', 'Label {code} is written off ({fate})'],
  not_one_strip: ['{first} 到 {last} 不是同一卷上的一段标签', '{first} to {last} is no strip of one roll'],
  strip_differs: ['{first} 到 {last} 有 {holds} 个标签，不是 {count} 个', '{first} to {last} are {holds} labels, not {count}'],
  too_early: ['从 {code} 起的标签可能还会出现，还没到可以作废的时间', 'Labels from {code} on may still turn up; it is too early to declare them void'],
  moved_on: ['{code} 此后又有了新的操作', '{code} has moved on since'],
  frozen: ['设备的数据流已冻结：保留，不裁定', 'The stream of the device is frozen: kept, not judged'],
}

const NOTICES: Record<string, Pair> = {
  provisional: ['{code} 待核验，设备当时无法确认', '{code} was taken on trust until the cloud could tell'],
  contents_to_follow: ['{code} 的移动先于装箱到达，内容随后补齐', '{code} moved before its packing was heard of; contents follow'],
  implied_receipt: ['{code} 未经入库即操作，视为已从部署点 {from} 收到', '{code} came from site {from} without a receipt: implied'],
  implied_return: ['{code} 由原发货点再次发出，视为有一次未扫码的退货', '{code} was shipped again by the same site: an unscanned return is implied'],
  returned_by_other: ['{code} 由经销商 {by} 退回，而系统记录发给的经销商是 {shipped_to}：窜货线索', '{code} was brought back by dealer {by}; by the ledger it was shipped to dealer {shipped_to}: evidence of diversion'],
  implied_unpack: ['周转托盘 {code} 再次装货，视为上次的货已在外卸下', 'Carrier {code} was loaded again: what was on it is taken as unloaded elsewhere'],
  found_again: ['{code} 在盘点时缺失，现已找到', '{code} was missed at a count and is found again'],
  elsewhere: ['盘点时看到 {code}，按记录它不在本部署点', '{code} was seen at a count, and is elsewhere by the ledger'],
  short: ['{parent} 里取走了货，还剩 {units} 瓶', 'Something was taken out of {parent} for good: {units} bottles are left'],
  lot_blocked: ['{code} 的批次 {lot} 已被质检封锁', 'Lot {lot} of {code} is blocked by quality control'],
  differs: ['{parent} 与记录不符：缺 {missing}，多 {foreign}', '{parent} differs from the ledger: missing {missing}, foreign {foreign}'],
  complete: ['{parent} 与记录一致，{units} 瓶', '{parent} is complete, {units} bottles'],
}

/** What a parameter can be that is a word itself: a level, a role, a kind of document, one side of a movement, an end. */
const NAMES: Record<string, Pair> = {
  unit: ['瓶', 'bottle'], box: ['盒', 'box'], case: ['箱', 'case'], pallet: ['托', 'pallet'],
  operator: ['操作员', 'operator'], supervisor: ['班组长', 'supervisor'], manager: ['主管', 'manager'], auditor: ['审计员', 'auditor'],
  inbound: ['入库单', 'inbound'], outbound: ['出库单', 'outbound'], return: ['退货单', 'return'], transfer: ['调拨单', 'transfer'], count: ['盘点单', 'count'],
  site: ['部署点', 'site'], dealer: ['经销商', 'dealer'],
  scrapped: ['标签报废', 'scrapped'], returned: ['标签退回', 'given back'], void: ['作废', 'void'],
  sampled: ['取样', 'sampled'], destroyed: ['报废', 'destroyed'],
}

/** The name of an externally tagged value: `"free"` or `{"replaced":{…}}`. */
export function nameOf(tagged: Tagged): string {
  return typeof tagged === 'string' ? tagged : (Object.keys(tagged)[0] ?? '')
}

function fieldsOf(tagged: Tagged): Record<string, unknown> {
  const inner = typeof tagged === 'string' ? undefined : tagged[nameOf(tagged)]
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Record<string, unknown>) : {}
}

/** An operation as people quote it: device.epoch.seq. */
export function operationName(of: OperationId): string {
  return `${of.device}.${of.epoch}.${of.seq}`
}

function shown(value: unknown, side: 0 | 1): string {
  if (value === null) return '—'
  if (Array.isArray(value)) return value.length === 0 ? '0' : value.length > 3 ? String(value.length) : value.map((one) => shown(one, side)).join(', ')
  if (typeof value === 'object' && value !== null) {
    if ('seq' in value) return operationName(value as OperationId)
    return Object.entries(value).map(([name, inner]) => `${shown(name, side)} ${shown(inner, side)}`).join(', ')
  }
  return NAMES[String(value)]?.[side] ?? String(value)
}

export function rejectionText(tagged: Tagged, locale: 'zh-CN' | 'en'): string {
  const side = locale === 'en' ? 1 : 0
  const name = nameOf(tagged)
  const fields = fieldsOf(tagged)
  const words = (REJECTIONS[name] ?? NOTICES[name])?.[side]
  if (words) return words.replace(/\{(\w+)\}/g, (_, field: string) => (field in fields ? shown(fields[field], side) : '?'))
  const rest = Object.entries(fields).map(([field, value]) => `${field} ${shown(value, side)}`)
  return rest.length > 0 ? `${name} (${rest.join(', ')})` : name
}
