// Words of the trade in Chinese: levels, states, operations, findings, and what the cloud or a page can refuse.

export default {
  level: { unit: '瓶', box: '盒', case: '箱', pallet: '托' },
  /** In a packaging plan: 1 托 : 10 箱 : 24 瓶. */
  plan: { unit: '瓶', box: '盒', case: '箱', pallet: '托' },
  itemState: {
    free: '空闲', announced: '待补内容', issued: '已发码', applied: '已赋码', active: '有效', packed: '已包装', in_stock: '在库', shipped: '已出库', received: '已收货',
    verified: '已查验', claimed: '已兑奖', returned: '已退货', sampled: '已取样', destroyed: '已报废', void: '已作废',
    frozen: '已冻结', replaced: '已换签', unpacked: '已拆包', open: '未封', closed: '已封', lost: '已丢失',
  },
  operation: {
    commission: '赋码生产', pack: '装箱组托', add_to: '增加包装', unpack: '解除包装', relabel: '标签替换', verify_pack: '包装核验',
    regroup: '零散重组', receive: '入库', ship: '出库', return: '退货', transfer: '调拨', count: '盘点', sample: '取样',
    destroy: '报废', inspect: '稽查', correct: '更正', reemitted: '补报',
  },
  verdict: { applied: '已生效', duplicate: '重复', quarantined: '已隔离', frozen: '已冻结', waiting: '待裁定' },
  finding: { conformant: '正常', diverted: '窜货', suspicious: '可疑', counterfeit: '假冒' },
  sighting: { consumer: '消费者扫码', inspector: '稽查扫码' },
  orderState: { draft: '草稿', released: '已下达', done: '已完成', void: '已作废' },
  documentState: { approved: '已审核', in_work: '执行中', done: '已完成', void: '已作废' },
  documentKind: { outbound: '出库单', inbound: '入库单', return: '退货单', transfer: '调拨单' },
  taskState: { open: '待执行', in_work: '执行中', done: '已完成', void: '已作废' },
  taskKind: { line: '产线', device: 'PDA' },
  deviceState: { active: '在用', enrolled: '已接入', pending: '待接入', frozen: '已冻结', revoked: '已吊销' },
  role: { admin: '管理员', auditor: '审计员', inspector: '稽查员', operator: '操作员', supervisor: '主管' },
  error: {
    network: '连接不上云端，请检查网络后重试。',
    timeout: '云端超过 20 秒没有应答，请稍后重试。',
    not_json: '云端的应答读不懂，可能有代理拦截了请求。',
    wrong_login: '账号或密码不正确。',
    no_session: '登录已失效，请重新登录。',
    forbidden: '当前账号没有这项权限。',
    not_found: '没有找到要看的内容，可能已被删除或链接有误。',
    no_such_code: '系统里没有这个码的记录：它可能还没有赋码，也可能不是我们的码。',
    unreadable: '这段内容不是可识别的码，请核对后重新输入。',
    invalid: '填写的内容有误，请检查。',
    too_many_requests: '操作太频繁，请稍后再试。',
    busy: '云端正忙，请稍后重试。',
    internal: '云端出错了，已记录日志，请稍后重试。',
    other: '操作没有成功（{code}）。',
  },
}
