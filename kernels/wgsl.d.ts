/** A shader's whole source text. Vite, Vitest and the Node loader (node-runner/wgsl-loader.mjs) all resolve it. */
declare module '*.wgsl?raw' {
  const source: string
  export default source
}
