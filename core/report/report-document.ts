/** A part of a report. Texts are plain: what renders them escapes them. */
export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; items: string[] }
  /** Cells from the second column on are numbers, aligned to the right, or texts. */
  | { kind: 'table'; of: 'numbers' | 'texts'; caption: string; head: string[]; rows: string[][] }
  /** A text as a model or a data set has it. */
  | { kind: 'quote'; text: string }
  /** Lines to be copied as they are. */
  | { kind: 'code'; language: string; text: string }
  | { kind: 'figures'; figures: ReportFigure[] }

/** A drawing of a report. */
export interface ReportFigure {
  caption: string
  /** The drawing itself, for HTML. */
  svg: string
  /** A file beside the report, for Markdown; null where only HTML shows the figure. */
  file: string | null
}

/** A report before it is Markdown or HTML. */
export interface ReportDocument {
  title: string
  blocks: Block[]
}

/** A heading within a report. */
export function heading(text: string): Block {
  return { kind: 'heading', text }
}

/** A paragraph. */
export function paragraph(text: string): Block {
  return { kind: 'paragraph', text }
}

/** A table of numbers; the first column names them. */
export function numbersTable(caption: string, head: string[], rows: string[][]): Block {
  return { kind: 'table', of: 'numbers', caption, head, rows }
}

/** A table of texts. */
export function textsTable(caption: string, head: string[], rows: readonly (readonly string[])[]): Block {
  return { kind: 'table', of: 'texts', caption, head, rows: rows.map(row => [...row]) }
}

/** A report as Markdown. Texts of models are quoted and escaped, so that they change nothing around them. */
export function renderMarkdown({ title, blocks }: ReportDocument): string {
  return `# ${escapeMarkdown(title)}\n\n${blocks.map(markdownBlock).filter(Boolean).join('\n\n')}\n`
}

function markdownBlock(block: Block): string {
  if (block.kind === 'heading') return `## ${escapeMarkdown(block.text)}`
  if (block.kind === 'paragraph') return escapeMarkdown(block.text)
  if (block.kind === 'list') return block.items.map(item => `- ${escapeMarkdown(item)}`).join('\n')
  if (block.kind === 'quote')
    return block.text
      .split('\n')
      .map(line => `> ${escapeMarkdown(line)}`)
      .join('\n')
  if (block.kind === 'code') {
    // Longer than any run of backticks inside.
    const fence = '`'.repeat(
      Math.max(2, ...Array.from(block.text.matchAll(/`+/g), ([run]) => run.length)) + 1,
    )
    return `${fence}${block.language}\n${block.text}\n${fence}`
  }
  if (block.kind === 'figures')
    return block.figures
      .filter(({ file }) => file !== null)
      .map(({ caption, file }) => `![${escapeMarkdown(caption)}](${file})\n\n*${escapeMarkdown(caption)}*`)
      .join('\n\n')
  if (block.kind === 'table') {
    const line = (cells: string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`
    const rule = `| --- | ${block.head
      .slice(1)
      .map(() => (block.of === 'numbers' ? '---:' : '---'))
      .join(' | ')} |`
    return [`**${escapeMarkdown(block.caption)}**\n`, line(block.head), rule, ...block.rows.map(line)].join(
      '\n',
    )
  }
  return block satisfies never
}

/** What Markdown or HTML in it would read as markup is escaped; a line break inside is a space. */
function escapeMarkdown(text: string): string {
  const plain = text.replaceAll(/[\r\n\u2028\u2029]+/g, ' ').replaceAll(/[\\`*_{}[\]#|~$]/g, '\\$&')
  // A sign that begins nothing stays as it is, for who reads the text itself.
  if (!/<[a-zA-Z/!?]|&#?\w+;|^\s*>/.test(plain)) return plain
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A report as one HTML file that needs nothing beside it: figures and style are inside, there is no script. */
export function renderHtml({ title, blocks }: ReportDocument): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${blocks.map(htmlBlock).join('\n')}
</main>
</body>
</html>
`
}

function htmlBlock(block: Block): string {
  if (block.kind === 'heading') return `<h2>${escapeHtml(block.text)}</h2>`
  if (block.kind === 'paragraph') return `<p>${escapeHtml(block.text)}</p>`
  if (block.kind === 'list')
    return `<ul>${block.items.map(item => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`
  if (block.kind === 'quote') return `<blockquote dir="auto">${escapeHtml(block.text)}</blockquote>`
  if (block.kind === 'code') return `<pre>${escapeHtml(block.text)}</pre>`
  if (block.kind === 'figures')
    return `<div class="figures">${block.figures
      .map(({ caption, svg }) => `<figure>${svg}<figcaption>${escapeHtml(caption)}</figcaption></figure>`)
      .join('')}</div>`
  if (block.kind === 'table') {
    const cells = (tag: 'th' | 'td', row: string[]) =>
      `<tr>${row.map(cell => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
    const body = block.rows.map(row => cells('td', row)).join('')
    const caption = `<caption>${escapeHtml(block.caption)}</caption>`
    return `<div class="table"><table class="${block.of}">${caption}<thead>${cells('th', block.head)}</thead><tbody>${body}</tbody></table></div>`
  }
  return block satisfies never
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** The style of a report in HTML: one column of text, tables as wide as they need, light and dark. */
const reportStyle = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1c1e; --muted: #5b5e63; --line: #e2e2df; --plate: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #151618; --ink: #e6e6e3; --muted: #a4a7ad; --line: #33363b; --plate: #f4f4f2; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.6 system-ui, -apple-system, "Segoe UI", sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 860px; margin: 0 auto; padding: 40px 20px 80px; }
h1 { margin: 0 0 20px; font-size: 24px; line-height: 1.25; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { margin: 40px 0 10px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 17px; }
p, ul { margin: 0 0 12px; max-width: 72ch; }
ul { padding-left: 20px; }
li { margin-bottom: 4px; }
.table { margin: 0 0 18px; overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; line-height: 1.4; }
caption { padding-bottom: 4px; font-weight: 600; text-align: left; }
th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th:first-child, td:first-child, .texts th, .texts td { text-align: left; }
th { color: var(--muted); font-weight: 500; }
td { max-width: 46ch; overflow-wrap: anywhere; }
blockquote { margin: 0 0 12px; padding: 2px 0 2px 14px; border-left: 2px solid var(--line); font: 13px/1.6 ui-monospace, Menlo, Consolas,
  monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
.figures { display: flex; flex-wrap: wrap; gap: 16px; margin: 0 0 18px; }
figure { margin: 0; max-width: 100%; }
figure svg { display: block; max-width: 100%; height: auto; padding: 6px; background: var(--plate); }
figcaption { max-width: 60ch; color: var(--muted); font-size: 12px; }
`
