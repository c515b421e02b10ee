import type { Block, ReportDocument } from './report-document.ts'

/** A report as Markdown. Texts of models are quoted and escaped, so that they change nothing around them. */
export function renderMarkdown({ title, blocks }: ReportDocument): string {
  return `# ${escapeText(title)}\n\n${blocks.map(renderBlock).filter(Boolean).join('\n\n')}\n`
}

function renderBlock(block: Block): string {
  if (block.kind === 'heading') return `## ${escapeText(block.text)}`
  if (block.kind === 'paragraph') return escapeText(block.text)
  if (block.kind === 'list') return block.items.map(item => `- ${escapeText(item)}`).join('\n')
  if (block.kind === 'quote')
    return block.text
      .split('\n')
      .map(line => `> ${escapeText(line)}`)
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
      .map(({ caption, file }) => `![${escapeText(caption)}](${file})\n\n*${escapeText(caption)}*`)
      .join('\n\n')
  if (block.kind === 'table') {
    const line = (cells: string[]) => `| ${cells.map(escapeText).join(' | ')} |`
    const rule = `| --- | ${block.head
      .slice(1)
      .map(() => (block.of === 'numbers' ? '---:' : '---'))
      .join(' | ')} |`
    return [`**${escapeText(block.caption)}**\n`, line(block.head), rule, ...block.rows.map(line)].join('\n')
  }
  return block satisfies never
}

/** What Markdown or HTML in it would read as markup is escaped; a line break inside is a space. */
function escapeText(text: string): string {
  const plain = text.replaceAll(/[\r\n\u2028\u2029]+/g, ' ').replaceAll(/[\\`*_{}[\]#|~$]/g, '\\$&')
  // A sign that begins nothing stays as it is, for who reads the text itself.
  if (!/<[a-zA-Z/!?]|&#?\w+;|^\s*>/.test(plain)) return plain
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
