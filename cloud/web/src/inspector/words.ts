// The inspector's words in both languages, on top of the words of the trade.
import { createI18n } from 'vue-i18n'
import { saveLocale, savedLocale } from '@shared/locale'
import tradeEn from '@shared/words/en'
import tradeZh from '@shared/words/zh-CN'

const zhCN = {
  ...tradeZh,
  page: {
    title: '稽查', language: 'EN', languageLabel: '切换到英文', logout: '退出', login: '账号', password: '密码', signIn: '登录', busy: '正在登录…',
    needLogin: '请输入账号', needPassword: '请输入密码', restoring: '正在读取登录信息…', role: '这个账号不是稽查员，不能提交稽查记录。', console: '打开控制台', other: '换个账号',
    code: '商品上的码', codeHint: '扫描或输入瓶、箱、托上的码', camera: '拍码', cameraStop: '停止拍码', cameraFailed: '相机打不开，请输入码。', needCode: '请先扫描或输入码',
    place: '所在地市', placeHint: '输入地市名称', locate: '用定位', locating: '定位中…', locateFailed: '定位失败，请手动选择地市。', accuracy: '误差约 {m} 米', needPlace: '请选择所在地市', needFinding: '请选择现场判断', noPlaces: '地市列表没有读到，连上网络后重试。',
    finding: '现场判断', note: '备注（可不填）', noteHint: '店名、陈列、来源等', submit: '提交稽查', submitting: '正在提交…',
    again: '稽查下一个', suspected: '疑似窜货', suspectedText: '{place}不在这件货的授权区域内。', inside: '在授权区域内', insideText: '{place}在这件货的授权区域内。', noTerritory: '未登记授权区域', noTerritoryText: '这件货还没有出库，或经销商没有登记区域。',
    unjudged: '未作判断', unjudgedText: '定位误差过大，或这件货有争议，不能据此判断窜货。',
    entitled: '授权区域', product: '产品', lot: '批次', state: '状态', level: '层级', custody: '去向', recorded: '已记录：{finding}',
    queued: '没有信号：已存在这台手机上，连上网络后自动补交。', waiting: '待补交 {n} 条', sendNow: '立即补交', rejectedLater: '补交未被接受：{code}（{reason}）', dismiss: '知道了', fake: '不是我们的码', fakeText: '系统里没有这个码。如果标签看起来像正品，请把判断选为“假冒”并拍照留证。',
  },
}
const en: typeof zhCN = {
  ...tradeEn,
  page: {
    title: 'Inspection', language: '中文', languageLabel: 'Switch to Chinese', logout: 'Sign out', login: 'Account', password: 'Password', signIn: 'Sign in', busy: 'Signing in…',
    needLogin: 'Enter your account', needPassword: 'Enter your password', restoring: 'Reading your login…', role: 'Only inspectors can use this page; this account cannot file inspections.', console: 'Open the console', other: 'Use another account',
    code: 'Code on the goods', codeHint: 'Scan or type the code of a bottle, case or pallet', camera: 'Use camera', cameraStop: 'Stop camera', cameraFailed: 'The camera did not open. Type the code.', needCode: 'Scan or type a code first',
    place: 'City', placeHint: 'Type the name of a city', locate: 'Locate me', locating: 'Locating…', locateFailed: 'No position. Choose the city by hand.', accuracy: 'within about {m} m', needPlace: 'Choose the city', needFinding: 'Choose a finding', noPlaces: 'The list of cities could not be read. Try again with a connection.',
    finding: 'Finding', note: 'Note (optional)', noteHint: 'Shop, display, where it came from', submit: 'File inspection', submitting: 'Filing…',
    again: 'Next inspection', suspected: 'Suspected diversion', suspectedText: '{place} is outside the territory of these goods.', inside: 'Inside the territory', insideText: '{place} is inside the territory of these goods.', noTerritory: 'No territory registered', noTerritoryText: 'These goods were not shipped yet, or the dealer has no territory.',
    unjudged: 'Not judged', unjudgedText: 'The position is too vague, or the goods are disputed: nothing can be said.',
    entitled: 'Territory', product: 'Product', lot: 'Lot', state: 'State', level: 'Level', custody: 'Went to', recorded: 'Recorded: {finding}',
    queued: 'No signal: kept on this phone and filed as soon as there is a connection.', waiting: '{n} waiting to be filed', sendNow: 'File now', rejectedLater: 'Not accepted: {code} ({reason})', dismiss: 'OK', fake: 'Not one of our codes', fakeText: 'There is no such code. If the label looks real, choose “Counterfeit” and keep a photo as evidence.',
  },
}

export const i18n = createI18n({ legacy: false, locale: savedLocale() as string, fallbackLocale: 'zh-CN', messages: { 'zh-CN': zhCN, en } })
document.documentElement.lang = savedLocale()

export function switchLanguage(): void {
  const next = i18n.global.locale.value === 'en' ? 'zh-CN' : 'en'
  i18n.global.locale.value = next
  saveLocale(next)
}
