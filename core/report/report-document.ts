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
