/** Kinds of wrong answers, in the order in which they are shown. `operation` is the wrong operation or another set-up. */
export const errorKinds = ['arithmetic', 'operation', 'copy', 'incomplete', 'format', 'unknown'] as const

export type ErrorKind = (typeof errorKinds)[number]

/** Whether a value names a kind of error. */
export function isErrorKind(value: unknown): value is ErrorKind {
  return (errorKinds as readonly unknown[]).includes(value)
}
