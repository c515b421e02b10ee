/** The address of a module beside another, in the language of this build: a worker or a process is started by its file. */
export function siblingModule(importerUrl: string, name: string): URL {
  return new URL(`./${name}${importerUrl.endsWith('.ts') ? '.ts' : '.js'}`, importerUrl)
}
