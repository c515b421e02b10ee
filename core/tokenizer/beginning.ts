import { z } from 'zod'
import { InputError } from '../input-error.ts'

const id = z.int().nonnegative()
/** `[text, id]` of the tokens that BERT and RoBERTa put around a text. */
const namedId = z.tuple([z.string(), id])

interface Processor {
  type: string
  processors?: Processor[] | undefined
  single?: ({ SpecialToken: { id: string } } | { Sequence: object })[] | undefined
  special_tokens?: Record<string, { ids: number[] }> | undefined
  cls?: [string, number] | undefined
}

const processorSchema: z.ZodType<Processor | null | undefined> = z.lazy(() =>
  z
    .looseObject({
      type: z.string(),
      processors: z.array(processorSchema.pipe(z.custom<Processor>(value => value != null))).optional(),
      single: z
        .array(
          z.union([
            z.object({ SpecialToken: z.looseObject({ id: z.string() }) }),
            z.object({ Sequence: z.looseObject({}) }),
          ]),
        )
        .optional(),
      special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(id) })).optional(),
      cls: namedId.optional(),
    })
    .nullish(),
)

/**
 * Ids that the post-processor of a tokenizer.json puts before a text, as Transformers 5 reads it: where there is that file, what
 * tokenizer_config.json says of `add_bos_token` counts for nothing. What stands behind a text is none of it, since an answer is to
 * follow. Throws InputError, with `where` in its message, for a post-processor that is none.
 */
export function beginningOf(postProcessor: unknown, where: string): number[] {
  const { success, data } = processorSchema.safeParse(postProcessor)
  if (success) return data ? idsBefore(data) : []
  throw new InputError(
    `${where}: post_processor is none that can be read, expected one that states the tokens around a text; download the file again`,
  )
}

function idsBefore({ type, processors = [], single = [], special_tokens = {}, cls }: Processor): number[] {
  if (type === 'Sequence') return processors.flatMap(idsBefore)
  if (type === 'BertProcessing' || type === 'RobertaProcessing') return cls ? [cls[1]] : []
  const textAt = single.findIndex(piece => 'Sequence' in piece)
  return single
    .slice(0, Math.max(0, textAt))
    .flatMap(piece => ('SpecialToken' in piece ? (special_tokens[piece.SpecialToken.id]?.ids ?? []) : []))
}
