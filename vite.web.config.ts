import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { pageNotices } from './packaging/third-party-notices.ts'

/** The model that ships, beside the run of the demo that it made: what continues its answers in the page. */
function demoModel(): Plugin {
  return {
    name: 'demo-model',
    apply: 'build',
    generateBundle() {
      const folder = fileURLToPath(new URL('./models/arith-qwen2/', import.meta.url))
      for (const path of globSync(`${folder}*.{json,safetensors}`))
        this.emitFile({
          type: 'asset',
          fileName: `demo/arith-qwen2/${basename(path)}`,
          source: readFileSync(path),
        })
    },
  }
}

const notices = pageNotices()

/** The build of the viewer's page: static files for any web host, which `entrace view` serves too. */
export default defineConfig({
  root: fileURLToPath(new URL('./web', import.meta.url)),
  // Of any folder of any host.
  base: './',
  logLevel: 'warn',
  plugins: [demoModel(), notices.page],
  build: {
    outDir: fileURLToPath(new URL('./dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2024',
    // A data address is not a file of the page's own, which its policy demands.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es', plugins: notices.worker },
})
