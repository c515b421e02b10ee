import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

// @huggingface/transformers depends on onnxruntime-node, whose install script fails where its host cannot be reached. Its
// tokenizer needs none of that, so the published package carries it, and these runtimes are replaced by a stub.
const bundled = /^@huggingface\/transformers$/
const unusedRuntimes = /^(onnxruntime-(node|web|common)|sharp)(\/.*)?$/
const bundledPackages = ['@huggingface/transformers', '@huggingface/tokenizers', '@huggingface/jinja']

const entries = globSync('{kernels,core,node-runner}/**/*.ts', {
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

/** The licence texts of the packages whose code the build carries. */
function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle() {
      const texts = bundledPackages.map(name => {
        const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as {
          version: string
        }
        return `${name} ${version}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}`
      })
      this.emitFile({
        type: 'asset',
        fileName: 'bundled/LICENSES.txt',
        source: texts.join(`\n${'-'.repeat(80)}\n\n`),
      })
    },
  }
}

export default defineConfig({
  logLevel: 'warn',
  plugins: [javascriptUrls(), cSources(), licences()],
  resolve: {
    alias: [
      {
        find: unusedRuntimes,
        replacement: fileURLToPath(new URL('./node-runner/tokenizer/unused-runtime.ts', import.meta.url)),
      },
    ],
  },
  ssr: { noExternal: [bundled] },
  build: {
    ssr: true,
    target: 'es2024',
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(entries.map(path => [path.replace(/\.ts$/, ''), path])),
      output: {
        preserveModules: true,
        preserveModulesRoot: fileURLToPath(new URL('.', import.meta.url)),
        // npm leaves every folder named node_modules out of a package.
        entryFileNames: chunk => `${chunk.name.replace(/^.*node_modules\//, 'bundled/')}.js`,
      },
    },
  },
})
