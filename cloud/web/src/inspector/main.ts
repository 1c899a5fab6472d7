// Starts the inspector's page: one page, two states, signed in or not.
import { createApp } from 'vue'
import { whenSignedOut } from '@shared/api'
import '@shared/icon'
import App from './App.vue'
import './page.css'
import { forget } from './session'
import { i18n } from './words'

whenSignedOut(forget)
createApp(App).use(i18n).mount('#app')
