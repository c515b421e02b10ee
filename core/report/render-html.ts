// shim
export { renderHtml } from './report-document.ts'
