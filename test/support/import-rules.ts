import { posix } from 'node:path'
import { parseSync } from 'vite'

/** A source file: its path from the project's root, and its text. */
export interface SourceFile {
  path: string
  source: string
}

/** What the files of each folder may import: other folders of the project, npm packages, Node's own modules. */
const folderRules: Record<string, { folders: string[]; packages: RegExp; node: boolean }> = {
  kernels: { folders: ['kernels'], packages: /^$/, node: false },
  core: {
    folders: ['core', 'kernels'],
    // Those that run in a browser as they are.
    packages:
      /^(d3|zod|@huggingface\/(jinja|tokenizers)|hyparquet|hyparquet-compressors|hyparquet-writer(\/src\/[a-z]+\.js)?|csv-parse\/browser\/esm(\/sync)?)$/,
    node: false,
  },
  'node-runner': { folders: ['node-runner', 'core', 'kernels'], packages: /./, node: true },
  web: { folders: ['web', 'core', 'kernels'], packages: /./, node: false },
}

/**
 * Subfolders, and files beside them, lowest first: each imports only itself and those before it. A new one takes its place here.
 */
export const folderOrders: Readonly<Record<string, readonly string[]>> = {
  core: [
    ...['input-error.ts', 'seeded-random.ts', 'first-index.ts', 'format-number.ts'],
    ...[
      'files',
      'tokenizer',
      'parallel',
      'model',
      'record',
      'generate',
      'grade',
      'evaluate',
      'study',
      'figures',
    ],
    ...['report', 'run', 'exports'],
  ],
  'node-runner': [
    ...['versions.ts'],
    ...['terminal', 'files', 'hub', 'adapter', 'models', 'engine', 'run', 'measure', 'acceptance', 'view'],
    ...['commands', 'command-line.ts', 'entrace.ts'],
  ],
  web: [
    ...[
      'dom.ts',
      'text',
      'data',
      'state',
      'keys',
      'widgets',
      'overview',
      'replay',
      'branch',
      'compare',
      'shell',
    ],
    'main.ts',
  ],
}

/** The files that only hand on what others export: `entrace/kernels`, and what `entrace` has in Node and in a page alike. */
const doors = ['kernels/index.ts', 'core/run/front-door.ts']

// A page's globals need no rule: the type check knows none of them.
const nodeGlobals = /\b(process|Buffer|__dirname|__filename|require)\b\s*[.([]/g

/** Every breach of the import rules, one line each. Test files may import what they like. */
export function importViolations(files: SourceFile[]): string[] {
  const checked = files.filter(file => !file.path.endsWith('.test.ts') && !file.path.startsWith('test/'))
  const dawnFiles = checked.filter(file => importsOf(file).includes('webgpu')).map(file => file.path)
  return [
    ...checked.flatMap(file => importsOf(file).flatMap(name => violationOf(file.path, name))),
    ...checked.flatMap(globalsOf),
    ...checked
      .filter(file => !doors.includes(file.path) && isBarrel(file))
      .map(file => `${file.path}: only hands on what other files export`),
    ...circlesOf(checked).map(circle => `${circle.join(' -> ')}: is a circle`),
    ...(dawnFiles.length > 1 ? [`more than one file imports webgpu: ${dawnFiles.join(', ')}`] : []),
  ]
}

/** Module names that a file imports: statically, dynamically, or for a type. */
export function importsOf(file: SourceFile): string[] {
  const { module } = parseSync(file.path, file.source)
  return [
    ...module.staticImports.map(statement => statement.moduleRequest.value),
    ...module.staticExports.flatMap(statement =>
      statement.entries.flatMap(entry => entry.moduleRequest?.value ?? []),
    ),
    ...Array.from(file.source.matchAll(/\bimport\(\s*['"`]([^'"`]+)/g), match => match[1] ?? ''),
  ]
}

function violationOf(path: string, name: string): string[] {
  const [folder = ''] = path.split('/')
  const rule = folderRules[folder]
  if (!rule) return [`${path}: is in no folder that has import rules`]
  const refused = [`${path}: may not import ${name}`]
  if (name.startsWith('.')) {
    const target = posix.join(posix.dirname(path), name)
    const allowed = rule.folders.some(allowedFolder => target.startsWith(`${allowedFolder}/`))
    if (!allowed) return rule.node && target === 'package.json' ? [] : refused
    return isInOrder(path, target) ? [] : [`${path}: comes before ${target}, which it may not import`]
  }
  if (name.startsWith('node:')) return rule.node ? [] : refused
  return rule.packages.test(name) ? [] : refused
}

/** Whether a file's subfolder comes after that of what it imports, or is the same. */
function isInOrder(path: string, target: string): boolean {
  const [folder = '', part = ''] = path.split('/')
  const [targetFolder, targetPart = ''] = target.split('/')
  const order = folderOrders[folder]
  if (!order || folder !== targetFolder || part === targetPart) return true
  return order.includes(part) && order.indexOf(targetPart) < order.indexOf(part) && order.includes(targetPart)
}

/** Files that import one another in a circle, types included: one circle for each group of such files. */
export function circlesOf(files: readonly SourceFile[]): string[][] {
  const known = new Set(files.map(({ path }) => path))
  const imports = new Map(
    files.map(file => [
      file.path,
      importsOf(file)
        .filter(name => name.startsWith('.'))
        .map(name => posix.join(posix.dirname(file.path), name))
        .filter(target => known.has(target)),
    ]),
  )
  const circles: string[][] = []
  const done = new Set<string>()
  const visit = (path: string, way: string[]) => {
    const at = way.indexOf(path)
    if (at >= 0) circles.push([...way.slice(at), path])
    if (at >= 0 || done.has(path)) return
    for (const target of imports.get(path)!) visit(target, [...way, path])
    done.add(path)
  }
  for (const path of known) visit(path, [])
  return circles
}

/** Uses of what only Node has, in code that must run in a browser too. */
function globalsOf(file: SourceFile): string[] {
  if (!/^(kernels|core|web)\//.test(file.path)) return []
  const { comments } = parseSync(file.path, file.source)
  const code = comments.reduce(
    (text, { start, end }) => text.slice(0, start) + ' '.repeat(end - start) + text.slice(end),
    file.source,
  )
  return Array.from(code.matchAll(nodeGlobals), match => `${file.path}: may not use ${match[1]}`)
}

function isBarrel(file: SourceFile): boolean {
  const { program } = parseSync(file.path, file.source)
  return (
    program.body.some(statement => 'source' in statement && statement.type !== 'ImportDeclaration') &&
    program.body.every(
      statement =>
        statement.type === 'ImportDeclaration' ||
        statement.type === 'ExportAllDeclaration' ||
        (statement.type === 'ExportNamedDeclaration' && statement.declaration === null),
    )
  )
}
