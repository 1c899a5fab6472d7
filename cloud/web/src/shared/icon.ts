// The seal in the browser's tab; the page starts without one so that no browser asks for /favicon.ico.
import seal from './seal.svg'

const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
if (link) {
  link.type = 'image/svg+xml'
  link.href = seal
}
