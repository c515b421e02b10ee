import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The build of the viewer's page: static files for any web host, which `entrace view` serves too. */
export default defineConfig({
  root: fileURLToPath(new URL('./web', import.meta.url)),
  // Of any folder of any host.
  base: './',
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('./dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2024',
    // A data address is not a file of the page's own, which its policy demands.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
})
