// Starts the page: mounts the shell, begins to listen, asks the agent where the station stands.
import { createApp } from 'vue'
import App from './App.vue'
import { unlockSound } from './feedback/sounds'
import { begin } from './state/intake'
import { start } from './state/station'
import './style.css'

document.addEventListener('pointerdown', unlockSound, true)
document.addEventListener('touchend', unlockSound, true)
createApp(App).mount('#app')
begin()
void start()
