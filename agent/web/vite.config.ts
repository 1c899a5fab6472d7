// Builds index.html, one stylesheet and one classic script that WebViews of 2017 can run.
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

/** Vite writes `<script type="module">`; an IIFE bundle is a classic script, which old WebViews also load from a local page. */
function classicScript(): Plugin {
  return {
    name: 'classic-script',
    enforce: 'post',
    transformIndexHtml: {
      order: 'post',
      handler: (html) =>
        html
          .replace(/<script type="module"( crossorigin)? src=/g, '<script defer src=')
          .replace(/<link rel="stylesheet" crossorigin /g, '<link rel="stylesheet" '),
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [vue(), classicScript()],
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  build: {
    target: 'es2017',
    cssTarget: 'chrome61',
    modulePreload: false,
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        format: 'iife',
        entryFileNames: 'assets/pda-[hash].js',
        assetFileNames: 'assets/pda-[hash][extname]',
      },
    },
  },
})
