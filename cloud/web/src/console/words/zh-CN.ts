// Words of the console in Chinese.
import trade from '@shared/words/zh-CN'

export default {
  ...trade,
  app: { name: 'Sealtrace', title: '防伪追溯平台', skip: '跳到正文', language: 'EN', languageLabel: '切换到英文', menu: '主菜单', account: '账户菜单', logout: '退出登录' },
  menu: { orders: '生产订单', documents: '单据', trace: '追溯查询', diversion: '疑似窜货', devices: '设备', production: '生产', audit: '稽查', system: '系统' },
  act: { search: '查询', reset: '重置', reload: '重试', back: '返回', copy: '复制', copied: '已复制', close: '关闭', download: '下载原始字节', all: '全部' },
  list: { total: '共 {n} 条', loading: '正在读取…', failed: '没有读到数据', emptyFiltered: '没有符合条件的记录', emptyFilteredHint: '换个条件，或重置查询。' },
  login: {
    title: '登录', lead: '每一瓶的来历与去向，都有签名为证。', login: '账号', password: '密码', submit: '登录', busy: '正在登录…',
    needLogin: '请输入账号', needPassword: '请输入密码', ended: '登录已失效，请重新登录后继续。',
  },
  notFound: { title: '没有这个页面', text: '地址 {path} 不在控制台里，可能是链接有误。', home: '回到生产订单' },
  order: {
    query: '订单号、批次或产品', number: '订单号', product: '产品', lot: '批次', quantity: '计划数量', plan: '包装规格', state: '状态', progress: '生产进度',
    created: '创建时间', empty: '还没有生产订单', emptyHint: '订单由 ERP 或管理员建立并下达后，会出现在这里。', gtin: 'GTIN',
    produced: '已生产', minted: '已发码', tasks: '下达任务', level: '层级', planned: '计划', done: '完成', site: '产线 / PDA', kind: '方式',
    taskEmpty: '订单还没有下达任务', unused: '未使用', ofMinted: '占已发码', units: '瓶', codes: '码量',
  },
  document: {
    query: '单号或经销商', number: '单号', kind: '类型', site: '发货部署点', dealer: '经销商', units: '数量（瓶）', moved: '已扫出', state: '状态',
    created: '创建时间', empty: '还没有单据', emptyHint: '出库单建立后会出现在这里，并下发到仓库 PDA。', lines: '明细', product: '产品', progress: '进度',
    short: '尚缺 {n} 瓶', full: '已齐', suspects: '查看该经销商的疑似窜货',
  },
  trace: {
    label: '扫描或输入任意码', hint: '瓶码、箱码、托码、GS1 链接或 18 位 SSCC 都可以。扫码枪可直接扫入。', submit: '追溯',
    start: '从一个码开始', startHint: '输入或扫入任意层级的码，查看它的包装关系、一生的每一步，以及每一步背后的签名批次。',
    unknown: '没有这个码的记录', unreadable: '读不懂这个码', printed: '标签文本', product: '产品', lot: '批次', order: '生产订单', custody: '当前归属',
    at: '在 {site}', shipped: '{from} 发往 {dealer}', document: '单据', none: '尚无归属', disputed: '有争议', disputedHint: '两次操作互相矛盾，现场处理完之前不计窜货分。',
    tree: '包装关系', ancestors: '上级', self: '当前', children: '下级 {n}', noChildren: '没有下级', noParent: '没有上级', contents: '内容物', units: '{n} 瓶',
    more: '再显示 {n} 个', life: '一生', lifeEmpty: '这个码还没有发生过任何事', step: '第 {n} 版', operator: '操作人', place: '地点', device: '设备',
    line: '产线自动', batch: '签名批次 {n}', sequence: '序号 {n}', sightings: '扫码记录 {n}', outside: '授权区域外', inside: '授权区域内', nowhere: '位置未知', unjudged: '未作判断', parent: '装入', with: '随{level}',
    uncertain: '设备时钟误差', notices: '提示',
  },
  batch: {
    title: '签名批次', verified: '验签通过', verifiedHint: '签名与设备登记的公钥相符，内容未被改动。', failed: '验签未通过', failedHint: '签名与公钥不符，此批次不可作为证据。',
    device: '设备', epoch: '纪元', number: '批次号', range: '序号范围', count: '操作数', received: '云端收到', size: '大小', software: '设备软件',
    chain: '哈希链', previous: '上一批', hash: '本批', payload: '载荷', signature: '签名 (Ed25519)', key: '签名公钥', receipt: '云端回执', stored: '落盘于 {at}',
    genesis: '链首，无上一批', records: '批内操作', seq: '序号', kind: '操作', at: '时间', codes: '码', verdict: '裁定', here: '当前步骤', noReceipt: '尚无回执', moreCodes: '等 {n} 个码',
  },
  diversion: {
    region: '发现地区', dealer: '经销商', product: '产品', code: '码', shipped: '出库时间', territory: '授权区域', seen: '扫码地区', outside: '区域外扫码', last: '最近一次',
    empty: '没有疑似窜货', emptyHint: '有码在授权区域之外被扫到时，会逐码列在这里。', map: '示意图', mapHint: '点的位置为各地市中心，仅示意，不代表行政区划边界。',
    here: '授权区域', out: '区域外扫码', other: '其他地市', times: '{n} 次', detail: '为什么列在这里', shipment: '出库', evidence: '证据不等于结论：出差、赠送、网购和定位误差都会造成区域外扫码。',
    why: '{level}码 {code}（{product}，批次 {lot}）于 {shipped} 随单据 {document} 发给经销商 {dealer}，其授权区域为{territory}。此后在{regions}被扫到 {n} 次，均不在授权区域内，最近一次是 {last}。',
    whyNoTerritory: '（未登记任何区域）', allSightings: '全部扫码', trace: '查看一生', where: '地点', when: '时间', who: '来源', accuracy: '误差 {m} 米', openDocument: '查看单据', and: '、',
    pick: '点选地图上的红点可按地区筛选',
  },
  device: {
    query: '设备名', name: '设备', sites: '允许的部署点', state: '状态', seen: '最近通信', batch: '最新批次', software: '软件版本', expires: '证书到期', epoch: '纪元',
    empty: '还没有设备', emptyHint: '用一次性令牌接入的产线网关和 PDA 会出现在这里。', never: '从未', batches: '已收批次',
  },
}
