import type { Analysis } from '../study/analysis.ts'
import type { RunFindings } from '../study/run-findings.ts'
import { examplesSection, patternsSection, type ReportExamples } from './patterns-section.ts'
import type { Block, ReportDocument, ReportFigure } from './report-document.ts'
import { correlationsSection, findingsSection } from './statistics-section.ts'
import { summarySection } from './summary-section.ts'

/** What a report is written from. */
export interface ReportInput {
  title: string
  /** What was run, as names and values. */
  setUp: readonly (readonly [name: string, value: string])[]
  analysis: Analysis
  findings: RunFindings
  examples: ReportExamples
  figures: ReportFigure[]
  /** Files of the run, and what each holds. */
  files: readonly (readonly [name: string, holds: string])[]
}

/**
 * The report of a run, written from its numbers alone: each sentence is chosen by what an interval says, every number has
 * its n, and what is undefined is a dash whose reason is among the warnings.
 */
export function writeReport({
  title,
  setUp,
  analysis,
  findings,
  examples,
  figures,
  files,
}: ReportInput): ReportDocument {
  const table = (
    caption: string,
    head: [string, string],
    rows: readonly (readonly [string, string])[],
  ): Block => ({
    kind: 'table',
    of: 'texts',
    caption,
    head,
    rows: rows.map(row => [...row]),
  })
  return {
    title,
    blocks: [
      ...summarySection(analysis),
      { kind: 'figures', figures },
      { kind: 'heading', text: 'Set-up' },
      table('What was run', ['setting', 'value'], setUp),
      ...findingsSection(analysis),
      ...correlationsSection(analysis),
      ...patternsSection(findings),
      ...examplesSection(examples),
      { kind: 'heading', text: 'Artefacts' },
      table('Files of the run', ['file', 'holds'], files),
    ],
  }
}
