// Builds one of the three applications: the mode names it (`vite build --mode console`).
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const text = (source: string | Uint8Array) => (typeof source === 'string' ? source : new TextDecoder().decode(source))

/** Puts the only script and style sheet into the page: one request until the verdict. Old WebViews know no modules. */
function inlined(): Plugin {
  return {
    name: 'inlined',
    enforce: 'post',
    generateBundle(_, bundle) {
      const page = Object.values(bundle).find((file) => file.fileName.endsWith('.html'))
      if (page?.type !== 'asset') throw new Error('the build emitted no page to inline into')
      let html = text(page.source)
      let scripts = ''
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === 'chunk') {
          scripts += `<script>(function(){${file.code.trim().replaceAll('</script', '<\\/script')}})()</script>`
          delete bundle[name]
        } else if (name.endsWith('.css')) {
          const style = `<style>${text(file.source).trim()}</style>`
          html = html.replace(/<link rel="stylesheet"[^>]*>/, () => style)
          delete bundle[name]
        }
      }
      html = html.replace(/<script type="module"[^>]*><\/script>\s*/, '')
      page.source = html.replace('</body>', () => `${scripts}</body>`)
    },
  }
}

export default defineConfig(({ mode }) => {
  const app = mode
  if (!['console', 'inspector', 'consumer'].includes(app)) {
    throw new Error(`name the application to build: --mode console, inspector or consumer (got "${mode}")`)
  }
  const consumer = app === 'consumer'
  return {
    root: here(`src/${app}`),
    base: `/${app}/`,
    publicDir: false,
    resolve: { alias: { '@shared': here('src/shared') } },
    plugins: consumer ? [inlined()] : [vue()],
    define: { __VUE_I18N_FULL_INSTALL__: 'false', __VUE_I18N_LEGACY_API__: 'false', __INTLIFY_PROD_DEVTOOLS__: 'false' },
    build: {
      outDir: here(`dist/${app}`),
      emptyOutDir: true,
      target: consumer ? 'es2017' : 'es2020',
      cssTarget: consumer ? ['chrome61', 'safari11'] : ['chrome87', 'safari14'],
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 900,
    },
    server: { proxy: { '/api': process.env.SEALTRACE_CLOUD_URL ?? 'http://127.0.0.1:8080' } },
  }
})
