// Words of the console in Chinese.
import trade from '@shared/words/zh-CN'

export default {
  ...trade,
  app: { name: 'Sealtrace', title: '防伪追溯平台', skip: '跳到正文', language: 'EN', languageLabel: '切换到英文', menu: '主菜单', account: '账户菜单', logout: '退出登录' },
  menu: {
    orders: '生产订单', documents: '单据', reassignments: '改派申请', trace: '追溯查询', diversion: '疑似窜货', devices: '设备', settings: '系统设置', audit_trail: '操作日志',
    group: { master: '主数据', production: '生产', documents: '单据', audit: '稽查', system: '系统' },
  },
  act: { search: '查询', reset: '重置', reload: '重试', copy: '复制', copied: '已复制', close: '关闭', cancel: '取消', save: '保存', edit: '编辑', remove: '删除', download: '下载原始字节', all: '全部' },
  list: { total: '共 {n} 条', loading: '正在读取…', failed: '没有读到数据', emptyFiltered: '没有符合条件的记录', emptyFilteredHint: '换个条件，或重置查询。', chosen: '已选 {n} 项', unchoose: '取消选择', actions: '操作' },
  login: {
    title: '登录', lead: '每一瓶的来历与去向，都有签名为证。', login: '账号', password: '密码', submit: '登录', busy: '正在登录…',
    needLogin: '请输入账号', needPassword: '请输入密码', ended: '登录已失效，请重新登录后继续。',
  },
  notFound: { title: '没有这个页面', text: '地址 {path} 不在控制台里，可能是链接有误。', home: '回到生产订单' },
  form: {
    saved: '已保存', unsaved: '有改动还没有保存，确定离开吗？', discard: '放弃改动', keepSecret: '不修改请留空', yes: '是', no: '否', none: '无',
    addRow: '添加一行', removeRow: '移除第 {n} 行', mixed: '混装：内层包装由多种产品组成（礼盒）', addPart: '添加产品', addStep: '添加一级包装',
    overtaken: '刚刚有别人保存过这条记录。已取来最新内容，您改过的地方保留着，请核对后再保存一次。', overtakenBoth: '双方都改过：{fields}。',
    field: { level: '包装层级', holds: '装多少', product: '产品', units: '瓶数' },
  },
  fault: {
    required: '请填写', unknown: '没有填写，或者不存在', taken: '已经有同名的记录', twice: '重复了', too_short: '太短', too_long: '太长', too_small: '太小', too_large: '太大', too_many: '太多',
    out_of_range: '超出允许的范围', characters: '含有不允许的字符', not_digits: '只能是数字', unreadable: '读不懂，请重新填写', no_such_field: '没有这一项', no_such_filter: '不能按这一项筛选', fixed: '建立之后不能修改', order: '层级要由内到外，不能重复',
    parts: '各产品的瓶数加起来要等于装的数量，产品不能重复，至少两种', not_in_plan: '这个产品的包装规格里没有这一级',
    unauthorised: '没有授权：所选的组织不能生产、入库或接收这个产品', disabled: '已停用，不能再选', overlaps: '与其他经销商的授权区域重叠', overlaps_dealer_regions: '与“{dealer}”的授权区域重叠：{regions}',
    in_work: '任务已在生产中，不能更换包装规格；请先结束任务', released: '订单已下达，不能修改', less_than_released: '不能少于已下达的数量', more_than_ordered: '任务合计超过了计划数量', codes_issued: '已经按原产品生成了码，不能更换',
    not_permitted: '这台设备不允许在该部署点作业', cycle: '不能放在自己或自己的下级之下', itself: '不能包含自己', mixes: '这个产品本身就是混装', is_part: '这个产品已是别的混装产品的一部分', is_part_product: '这个产品已是混装产品“{product}”的一部分', not_allowed: '工厂没有上级', not_a_factory: '上级只能是工厂', before_start: '失效要晚于生效', same_as_login: '不能与账号相同', void: '已作废', moved: '已有扫码，不能修改',
    more_than_demand: '份额合计超过了单据数量', less_than_moved: '不能少于已经扫码的数量', not_on_document: '单据上没有这个产品', same: '不能与另一端相同', unexpected: '这类单据没有这一项', last_admin: '至少要保留一个启用的管理员', yourself: '不能停用或删除自己的账号', wrong_kind: '只能改到出库单', not_open: '未开放', not_under_document: '不是随这张单据发出的码', too_many_codes: '一次的码太多',
    taken_differently: '单号 {number} 已被另一份内容不同的记录使用（{field}不同）', other: '不符合要求（{fault}）',
  },
  resource: {
    new: '新建{one}', emptyHint: '点右上角的“新建”添加第一条。', state: '状态', enabled: '启用', disabled: '停用', enable: '启用', disable: '停用', enabledDone: '已启用 {n} 项', disabledDone: '已停用 {n} 项',
    removeAsk: '删除“{name}”？删除后不能恢复。', removed: '已删除“{name}”', inUse: '正在被“{by}”使用（{n} 处），不能删除；可以改为停用。', rows: '{n} 项', createdAt: '建立于 {at}', trail: '操作日志', revision: '版本', by: { tasks: '生产任务', items: '追溯码', operations: '作业记录' },
  },
  settings: { pending: '待检批次可以出库', pendingHint: '关闭后，质检未放行的批次在扫码时被拒绝出库；封锁的批次始终不能出库。', pending_may_ship: '待检批次可以出库' },
  audit: {
    empty: '还没有操作记录', ofOne: '{what} #{id}', commandLine: '命令行', changed: '改动的内容', before: '改动前', after: '改动后', same: '内容没有变化',
    field: { at: '时间', account: '操作人', action: '操作', resource: '对象', subject: '名称' },
    action: { create: '新建', edit: '编辑', enable: '启用', disable: '停用', delete: '删除', codes: '发码', release: '下达', withdraw: '撤回', submit: '提交', approve: '审核通过', reject: '驳回', void: '作废', close: '结单', share: '分配份额', reassign: '改派', close_task: '结束任务', void_task: '作废任务' },
  },
  order: {
    query: '订单号、批次或产品', plan: '包装规格', progress: '生产进度', created: '创建时间', empty: '还没有生产订单', emptyHint: '建立订单、生成码，再下达为任务；ERP 建立的订单也出现在这里。', gtin: 'GTIN',
    new: '新建生产订单', edit: '编辑订单', mint: '生成码', mintSubmit: '生成', release: '下达任务', releaseSubmit: '下达', withdraw: '撤回订单', withdrawn: '订单已撤回', withdrawAsk: '撤回订单 {number}？它的任务会一起作废。',
    revisionOf: '第 {n} 版', releasedOf: '已下达 {n} / {of}', closeTask: '结束', voidTask: '作废', taskEnded: '任务已结束',
    closeTaskAsk: '结束“{site}”的任务？已产出的保留，不再开始新的生产。', voidTaskAsk: '作废“{site}”的任务？',
    roll: '码卷', downloadRoll: '下载', produced: '已生产', minted: '已发码', tasks: '下达任务', level: '层级', taskEmpty: '订单还没有下达任务', unused: '未使用', units: '瓶',
    field: {
      number: '订单号', product: '产品', lot: '批次', quantity: '计划数量（瓶）', revision: '包装规格版本', state: '状态', units: '瓶码', boxes: '盒码', cases: '箱码', pallets: '托码', tasks: '任务', codes: '码',
      site: '部署点', kind: '方式', device: '设备', date: '生产日期', shift: '班次',
    },
    hint: { revision: '产品包装规格的版本；有任务在生产时不能更换。' },
  },
  document: {
    query: '单号、经销商或部署点', route: '从 → 到', outside: '外部', moved: '已扫码', units: '合计瓶数', created: '创建时间', empty: '还没有单据', emptyHint: '新建单据，提交并审核后下发到仓库 PDA；ERP 建立的单据也出现在这里。',
    new: '新建单据', newOf: '新建{kind}', progress: '执行进度', left: '差额', short: '尚缺 {n} 瓶', full: '已齐', suspects: '查看该经销商的疑似窜货', history: '经过', byItself: '系统', byRevision: '按包装规格第 {n} 版换算',
    reassignAsked: '已提交改派申请，等待另一位主管审批', bulkFailed: '完成 {n} 张，未成功：{failed}', voidAsk: '作废选中的 {n} 张单据？',
    field: {
      number: '单号', kind: '类型', site: '部署点', arrives: '收货部署点', leaves: '发货部署点', comes: '来自部署点', goes: '调入部署点', counted: '盘点部署点', dealer: '经销商', order: '生产订单', note: '备注', lines: '明细',
      product: '产品', unit: '单位', quantity: '数量', units: '瓶数', state: '状态', other: '另一部署点', shares: '份额', share: '分到的产品', device: '设备', codes: '码', to: '改到单据', reason: '原因',
    },
    hint: { codes: '每行一个码，可以用扫码枪连续扫入。', comes: '来自外部时留空。', order: '这张入库单带来的订单产品，可以留空。', shares: '各设备离线作业时各自的份额，合计不能超过单据数量。' },
    act: { edit: '编辑', submit: '提交', approve: '审核通过', reject: '驳回', withdraw: '撤回', void: '作废', close: '结单', share: '分配份额', reassign: '改派' },
    done: { submit: '已提交 {n} 张', approve: '已审核 {n} 张', reject: '已驳回', withdraw: '已撤回为草稿', void: '已作废 {n} 张', close: '已结单' },
    ask: { void: '作废单据 {number}？作废后不能恢复。', close: '单据 {number} 还没有扫齐，按现有数量结单？' },
    past: { create: '建立', edit: '编辑', submit: '提交', approve: '审核通过', reject: '驳回', withdraw: '撤回', void: '作废', close: '结单', share: '分配份额', reassign: '改派', begin: '开始执行', finish: '完成' },
  },
  reassignment: {
    empty: '没有改派申请', emptyHint: '已完成的单据上的货要改到另一张单据时，申请会列在这里，由另一位主管审批。', documents: '从 → 到单据', by: '申请人',
    ask: { approve: '把 {n} 个码改派到单据 {to}？', reject: '驳回这项改派申请（{n} 个码，单据 {to}）？' }, done: { approve: '已改派', reject: '已驳回' },
  },
  trace: {
    label: '扫描或输入任意码', hint: '瓶码、箱码、托码、GS1 链接或 18 位 SSCC 都可以。扫码枪可直接扫入。', submit: '追溯',
    start: '从一个码开始', startHint: '输入或扫入任意层级的码，查看它的包装关系、一生的每一步，以及每一步背后的签名批次。',
    unknown: '没有这个码的记录', unreadable: '读不懂这个码', printed: '标签文本', product: '产品', lot: '批次', order: '生产订单', custody: '当前归属',
    at: '在 {site}', shipped: '{from} 发往 {dealer}', none: '尚无归属', disputed: '有争议', disputedHint: '两次操作互相矛盾，现场处理完之前不计窜货分。',
    tree: '包装关系', children: '下级 {n}', noChildren: '没有下级', noParent: '没有上级', contents: '内容物', units: '{n} 瓶',
    more: '再显示 {n} 个', life: '一生', lifeEmpty: '这个码还没有发生过任何事',
    line: '产线自动', batch: '签名批次 {n}', sequence: '序号 {n}', sightings: '扫码记录 {n}', outside: '授权区域外', inside: '授权区域内', nowhere: '位置未知', unjudged: '未作判断', parent: '装入', with: '随{level}',
    uncertain: '设备时钟误差',
  },
  batch: {
    title: '签名批次', verified: '验签通过', verifiedHint: '签名与设备登记的公钥相符，内容未被改动。', failed: '验签未通过', failedHint: '签名与公钥不符，此批次不可作为证据。',
    device: '设备', epoch: '纪元', number: '批次号', range: '序号范围', count: '操作数', received: '云端收到', size: '大小', software: '设备软件',
    chain: '哈希链', previous: '上一批', hash: '本批', payload: '载荷', signature: '签名 (Ed25519)', key: '签名公钥', receipt: '云端回执', stored: '落盘于 {at}',
    genesis: '链首，无上一批', records: '批内操作', seq: '序号', kind: '操作', codes: '码', verdict: '裁定', here: '当前步骤', noReceipt: '尚无回执', moreCodes: '等 {n} 个码',
  },
  diversion: {
    region: '发现地区', dealer: '经销商', product: '产品', code: '码', shipped: '出库时间', territory: '授权区域', seen: '扫码地区', outside: '区域外扫码', last: '最近一次',
    empty: '没有疑似窜货', emptyHint: '有码在授权区域之外被扫到时，会逐码列在这里。', map: '示意图', mapHint: '点的位置为各地市中心，仅示意，不代表行政区划边界。',
    here: '授权区域', out: '区域外扫码', times: '{n} 次', detail: '为什么列在这里', shipment: '出库', evidence: '证据不等于结论：出差、赠送、网购和定位误差都会造成区域外扫码。',
    why: '{level}码 {code}（{product}，批次 {lot}）于 {shipped} 随单据 {document} 发给经销商 {dealer}，其授权区域为{territory}。此后在{regions}被扫到 {n} 次，均不在授权区域内，最近一次是 {last}。',
    whyNoTerritory: '（未登记任何区域）', allSightings: '全部扫码', trace: '查看一生', accuracy: '误差 {m} 米', and: '、',
    pick: '点选地图上的红点可按地区筛选',
  },
  device: {
    query: '设备名', name: '设备', sites: '允许的部署点', state: '状态', seen: '最近通信', batch: '最新批次', software: '软件版本', expires: '证书到期', epoch: '纪元',
    empty: '还没有设备', emptyHint: '用一次性令牌接入的产线网关和 PDA 会出现在这里。', never: '从未',
  },
}
