import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { packageNotices } from './packaging/third-party-notices.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const entries = globSync('{index,index.page,{kernels,core,node-runner}/**/*}.ts', {
  exclude: ['**/*.d.ts', '**/*.test.ts'],
})

/** `new URL('./worker.ts', import.meta.url)` names a file that is JavaScript in the build. */
function javascriptUrls(): Plugin {
  return {
    name: 'javascript-urls',
    enforce: 'pre',
    transform(code, id) {
      if (id.includes('node_modules') || !id.endsWith('.ts')) return null
      return code.replaceAll(/(new URL\('[^']+)\.ts(', import\.meta\.url\))/g, '$1.js$2')
    },
  }
}

/** C sources, which the package compiles where it runs and finds by `new URL('./name.c', import.meta.url)`. */
function cSources(): Plugin {
  return {
    name: 'c-sources',
    generateBundle() {
      for (const path of globSync('node-runner/**/*.c'))
        this.emitFile({ type: 'asset', fileName: path, source: readFileSync(path) })
    },
  }
}

export default defineConfig({
  logLevel: 'warn',
  plugins: [javascriptUrls(), cSources(), packageNotices(root)],
  build: {
    ssr: true,
    target: 'es2024',
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(entries.map(path => [path.replace(/\.ts$/, ''), path])),
      output: {
        preserveModules: true,
        preserveModulesRoot: root,
        // '[name].js' would leave out what looks like an ending: a shader's module would take its wrapper's place.
        entryFileNames: chunk => `${chunk.name}.js`,
      },
    },
  },
})
