import type { z } from 'zod'

/** What a Zod validation found, on one line: "eos_token_id: expected number, received string; ...". */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(issue => {
      const path = issue.path.map(String).join('.')
      const message = issue.message.replace(/^Invalid input: /, '')
      return path === '' ? message : `${path}: ${message}`
    })
    .join('; ')
}
