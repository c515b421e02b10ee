import type { z } from 'zod'

const mostIssues = 10

/**
 * What a Zod validation found, on one line: "eos_token_id: expected number, received string; ...". Of more than ten faults the
 * first ten, and how many there are besides.
 */
export function describeIssues({ issues }: z.ZodError): string {
  const described = issues.slice(0, mostIssues).map(issue => {
    const path = issue.path.map(String).join('.')
    const message = issue.message.replace(/^Invalid input: /, '')
    return path === '' ? message : `${path}: ${message}`
  })
  if (issues.length > mostIssues) described.push(`and ${issues.length - mostIssues} more`)
  return described.join('; ')
}
