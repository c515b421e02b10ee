// shim
export { renderMarkdown } from './report-document.ts'
