// 操作员: who works on devices, where, and with which PIN.
import type { Resource } from '../resource'

const operators: Resource<'login' | 'name' | 'role' | 'pin' | 'sites'> = {
  name: 'operators',
  menu: ['master', 7],
  words: {
    'zh-CN': {
      title: '操作员', one: '操作员', empty: '还没有操作员',
      field: { login: '工号', name: '姓名', role: '角色', pin: 'PIN 码', sites: '允许的部署点' },
      hint: { pin: '在 PDA 和产线屏上登录用，4 到 12 位数字。', sites: '至少一个：操作员只能在这些部署点登录。' },
      choice: { role: { operator: '操作员', supervisor: '班组长', manager: '主管', auditor: '审计员' } },
    },
    en: {
      title: 'Operators', one: 'operator', empty: 'No operators yet',
      field: { login: 'Login', name: 'Name', role: 'Role', pin: 'PIN', sites: 'Permitted sites' },
      hint: { pin: 'To log in on PDAs and line screens: 4 to 12 digits.', sites: 'At least one: the operator can log in at these sites only.' },
      choice: { role: { operator: 'Operator', supervisor: 'Supervisor', manager: 'Manager', auditor: 'Auditor' } },
    },
  },
}
export default operators
