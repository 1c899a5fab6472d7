// Starts the console: session, routes, words, the few Element Plus parts it uses.
import { createApp } from 'vue'
import { whenSignedOut } from '@shared/api'
import '@shared/icon'
import App from './App.vue'
import { installParts } from './layout/parts'
import './layout/theme.css'
import { i18n } from './layout/language'
import { router } from './router'
import { forget } from './session/session'

whenSignedOut(() => {
  forget()
  const here = router.currentRoute.value
  if (here.name !== 'login') void router.replace({ name: 'login', query: { next: here.fullPath, ended: '1' } })
})

const app = createApp(App).use(i18n).use(router)
installParts(app)
app.mount('#app')
