import type { Block, ReportDocument } from './report-document.ts'
import { reportStyle } from './report-style.ts'

/** A report as one HTML file that needs nothing beside it: figures and style are inside, there is no script. */
export function renderHtml({ title, blocks }: ReportDocument): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeText(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
<h1>${escapeText(title)}</h1>
${blocks.map(renderBlock).join('\n')}
</main>
</body>
</html>
`
}

function renderBlock(block: Block): string {
  if (block.kind === 'heading') return `<h2>${escapeText(block.text)}</h2>`
  if (block.kind === 'paragraph') return `<p>${escapeText(block.text)}</p>`
  if (block.kind === 'list')
    return `<ul>${block.items.map(item => `<li>${escapeText(item)}</li>`).join('')}</ul>`
  if (block.kind === 'quote') return `<blockquote dir="auto">${escapeText(block.text)}</blockquote>`
  if (block.kind === 'code') return `<pre>${escapeText(block.text)}</pre>`
  if (block.kind === 'figures')
    return `<div class="figures">${block.figures
      .map(({ caption, svg }) => `<figure>${svg}<figcaption>${escapeText(caption)}</figcaption></figure>`)
      .join('')}</div>`
  if (block.kind === 'table') {
    const cells = (tag: 'th' | 'td', row: string[]) =>
      `<tr>${row.map(cell => `<${tag}>${escapeText(cell)}</${tag}>`).join('')}</tr>`
    const body = block.rows.map(row => cells('td', row)).join('')
    const caption = `<caption>${escapeText(block.caption)}</caption>`
    return `<div class="table"><table class="${block.of}">${caption}<thead>${cells('th', block.head)}</thead><tbody>${body}</tbody></table></div>`
  }
  return block satisfies never
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
