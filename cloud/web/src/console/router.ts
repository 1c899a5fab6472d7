// Every address of the console in one table. What a list shows (filters, page, open drawer) is in its query string.
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { RESOURCES } from './resources'
import { restore, session } from './session/session'

/** The list of each declared resource, under its own name. */
const lists: RouteRecordRaw[] = RESOURCES.map((resource) => ({
  path: `/${resource.name}`,
  name: resource.name,
  component: () => import('./resources/ResourcePage.vue'),
  props: { resource },
  meta: { title: `of.${resource.name}.title`, menu: resource.name },
}))

export const router = createRouter({
  history: createWebHistory('/console/'),
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
  routes: [
    { path: '/', redirect: { name: 'orders' } },
    { path: '/login', name: 'login', component: () => import('./session/LoginPage.vue'), meta: { bare: true, open: true, title: 'login.title' } },
    { path: '/orders', name: 'orders', component: () => import('./orders/OrdersPage.vue'), meta: { title: 'menu.orders', menu: 'orders' } },
    { path: '/orders/:id', name: 'order', component: () => import('./orders/OrderPage.vue'), meta: { title: 'menu.orders', menu: 'orders' } },
    { path: '/reconciliation', name: 'reconciliation', component: () => import('./reconciliation/ReconciliationPage.vue'), meta: { title: 'menu.reconciliation', menu: 'reconciliation' } },
    { path: '/documents', name: 'documents', component: () => import('./documents/DocumentsPage.vue'), meta: { title: 'menu.documents', menu: 'documents' } },
    { path: '/documents/:id', name: 'document', component: () => import('./documents/DocumentPage.vue'), meta: { title: 'menu.documents', menu: 'documents' } },
    { path: '/reassignments', name: 'reassignments', component: () => import('./documents/ReassignmentsPage.vue'), meta: { title: 'menu.reassignments', menu: 'reassignments' } },
    { path: '/settings', name: 'settings', component: () => import('./settings/SettingsPage.vue'), meta: { title: 'menu.settings', menu: 'settings' } },
    { path: '/audit', name: 'audit', component: () => import('./audit/AuditPage.vue'), meta: { title: 'menu.audit_trail', menu: 'audit' } },
    ...lists,
    { path: '/trace', name: 'trace', component: () => import('./trace/TracePage.vue'), meta: { title: 'menu.trace', menu: 'trace' } },
    { path: '/diversion', name: 'diversion', component: () => import('./diversion/DiversionPage.vue'), meta: { title: 'menu.diversion', menu: 'diversion' } },
    { path: '/devices', name: 'devices', component: () => import('./devices/DevicesPage.vue'), meta: { title: 'menu.devices', menu: 'devices' } },
    { path: '/:rest(.*)*', name: 'lost', component: () => import('./layout/LostPage.vue'), meta: { title: 'notFound.title' } },
  ],
})

router.beforeEach(async (to) => {
  await restore()
  if (session.account?.role === 'inspector') {
    location.replace('/inspector/')
    return false
  }
  if (!to.meta.open && !session.account) return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  if (to.name === 'login' && session.account) return { path: '/' }
  return true
})
