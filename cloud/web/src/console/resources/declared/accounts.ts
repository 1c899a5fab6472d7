// 账号: who signs in to the console and the inspector page.
import type { Resource } from '../resource'

const accounts: Resource<'login' | 'name' | 'role' | 'password'> = {
  name: 'accounts',
  menu: ['system', 1],
  words: {
    'zh-CN': {
      title: '账号', one: '账号', empty: '还没有账号',
      field: { login: '账号', name: '姓名', role: '角色', password: '密码' },
      hint: { role: '管理员：全部。主管：除账号、设置、设备外的全部。审计员：只看。稽查员：只用稽查页。', password: '至少 8 个字符。' },
      choice: { role: { admin: '管理员', manager: '主管', auditor: '审计员', inspector: '稽查员' } },
    },
    en: {
      title: 'Accounts', one: 'account', empty: 'No accounts yet',
      field: { login: 'Login', name: 'Name', role: 'Role', password: 'Password' },
      hint: { role: 'Administrator: everything. Manager: everything but accounts, settings and devices. Auditor: looks only. Inspector: the inspector page only.', password: 'At least 8 characters.' },
      choice: { role: { admin: 'Administrator', manager: 'Manager', auditor: 'Auditor', inspector: 'Inspector' } },
    },
  },
}
export default accounts
