// What the reports of doctor, plan, bench and acceptance share: tables described by their columns, and the printing.

/** A column of a table: its heading, and what it shows of an item. */
export type Column<Item> = readonly [heading: string, show: (item: Item) => string]

/** Headings, and below them a row for each item. */
export function rowsOf<Item>(columns: readonly Column<Item>[], items: readonly Item[]): string[][] {
  return [columns.map(([heading]) => heading), ...items.map(item => columns.map(([, show]) => show(item)))]
}

/**
 * Rows of cells as text, every column as wide as its widest cell. A row may have fewer cells than others. Columns from
 * `firstRight` on are aligned to the right.
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  firstRight = Number.POSITIVE_INFINITY,
): string {
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0)
  const widths = Array.from({ length: columns }, (_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  )
  const align = (cell: string, column: number) =>
    column < firstRight ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
  return rows.map(row => row.map(align).join('  ').trimEnd()).join('\n')
}

/** The lines of a Markdown table; the first row holds the headings. */
export function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const [headings = [], ...others] = rows
  return [line(headings), line(headings.map(() => '---')), ...others.map(line)]
}

/** Prints what a command found: as one JSON document where that is asked for, else as `render` shows it. */
export function printReport<Report>(
  report: Report,
  asJson: boolean | undefined,
  render: (report: Report) => string,
): void {
  console.log(asJson ? JSON.stringify(report, null, 2) : render(report))
}
