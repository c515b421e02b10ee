import { parquetWriteBuffer } from 'hyparquet-writer'
import { readDataSet } from '../../core/evaluate/read-data-set.ts'
import { readJson, settingsJson } from '../../core/files/read-json.ts'
import { openSafetensors } from '../../core/files/safetensors.ts'
import { readStatedDecoding } from '../../core/generate/decoding.ts'
import { defaultGradingRules } from '../../core/grade/grading-rules.ts'
import { parseConfig } from '../../core/model/config.ts'
import { parseGenerationConfig } from '../../core/model/generation-config.ts'
import { openGgufModel } from '../../core/model/gguf-model.ts'
import { createTraceWriter, openTraces } from '../../core/record/traces.ts'
import { columnsOf } from '../../core/study/columns.ts'
import { encodeSummary, openSummary } from '../../core/study/summary.ts'
import { openGgufTokenizer } from '../../core/tokenizer/gguf-tokenizer.ts'
import { type EncodedTensor, type EncodedValue, encodeGguf } from './encode-gguf.ts'
import { encodeSafetensors } from './encode-safetensors.ts'
import type { FuzzedFile } from './fuzz.ts'
import { traceSample } from './trace-sample.ts'

const encode = (text: string) => new TextEncoder().encode(text)

const rows = [
  { id: 1, problem: 'What is 2 + 0.9?', answer: '2.9', level: 'Level 1' },
  { id: 2, problem: 'How many\nare "left"?', answer: '7', level: null },
  { id: 3, problem: 'x, y; é𝄞', answer: '\\frac{1}{2}', level: 'Level 1' },
]
const options = rows.map(({ id, problem }) => ({ id, problem, choices: ['one', 'two'], answer: id % 2 }))
const csv = `id,problem,answer\n${rows.map(({ id, problem, answer }) => `${id},"${problem.replaceAll('"', '""')}",${answer}\n`).join('')}`

/** Files of a model and data sets, which anyone may send. */
export const fuzzedFiles: readonly FuzzedFile[] = [
  {
    name: 'model.safetensors',
    seeds: [
      encodeSafetensors(
        {
          __metadata__: { format: 'pt' },
          'model.norm.weight': { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
          'lm_head.weight': { dtype: 'BF16', shape: [3], data_offsets: [16, 22] },
          'model.other': { dtype: 'F16', shape: [0, 7], data_offsets: [22, 22] },
        },
        new Uint8Array(22),
      ),
    ],
    read: source => openSafetensors(source),
  },
  {
    name: 'config.json',
    seeds: [
      encode(
        '{"architectures":["Qwen2ForCausalLM"],"model_type":"qwen2","hidden_size":896,"intermediate_size":4864,' +
          '"num_hidden_layers":24,"num_attention_heads":14,"num_key_value_heads":2,"vocab_size":151936,"rope_theta":1e6,' +
          '"rms_norm_eps":1e-6,"max_position_embeddings":32768,"eos_token_id":[151645],"torch_dtype":"bfloat16",' +
          '"sliding_window":32768,"max_window_layers":21,"use_sliding_window":false,"tie_word_embeddings":true}',
      ),
    ],
    read: async source => {
      const { layers, hiddenSize, vocabSize } = parseConfig(await readJson(source, settingsJson), source.name)
      if (layers > 1024 || hiddenSize > 2 ** 17 || vocabSize > 2 ** 24) throw new Error('a size beyond any')
    },
  },
  {
    name: 'generation_config.json',
    seeds: [
      encode(
        '{"do_sample":true,"eos_token_id":[151645,151643],"repetition_penalty":1.1,"temperature":0.7,"top_k":20,"top_p":0.8,"num_beams":1}',
      ),
    ],
    read: async source => {
      const { stated } = parseGenerationConfig(await readJson(source, settingsJson), source.name)
      readStatedDecoding(stated, source.name)
    },
  },
  {
    name: 'model.gguf',
    seeds: ggufFiles(),
    read: async source => {
      const { config, entries, metadata } = await openGgufModel(
        { name: 'folder', open: async () => source },
        source.name,
      )
      if (config.layers > 1024 || config.hiddenSize > 2 ** 17) throw new Error('a size beyond any')
      for (const { name, start, byteLength } of entries.values())
        if (start + byteLength > source.byteLength) throw new Error(`${name} is beyond the file`)
      for (const key of metadata.keys()) metadata.get(key)
      openGgufTokenizer(metadata)
    },
  },
  dataSet(
    'set.jsonl',
    [rows, options].map(set => encode(set.map(row => `${JSON.stringify(row)}\n`).join(''))),
  ),
  dataSet(
    'set.json',
    [rows, options].map(set => encode(JSON.stringify({ data: set }, null, 1))),
  ),
  dataSet('set.csv', [encode(csv)]),
  dataSet('set.parquet', dataSetsAsParquet()),
]

/** Small models in GGUF: of a vocabulary in pairs, and of one in pieces with types of several kinds. */
function ggufFiles(): Uint8Array[] {
  const shapes: Record<string, number[]> = {
    'token_embd.weight': [32, 8],
    'output_norm.weight': [32],
    'blk.0.attn_norm.weight': [32],
    'blk.0.attn_q.weight': [32, 32],
    'blk.0.attn_k.weight': [32, 16],
    'blk.0.attn_v.weight': [32, 16],
    'blk.0.attn_output.weight': [32, 32],
    'blk.0.ffn_norm.weight': [32],
    'blk.0.ffn_gate.weight': [32, 64],
    'blk.0.ffn_up.weight': [32, 64],
    'blk.0.ffn_down.weight': [64, 32],
  }
  const tensors = Object.entries(shapes).map(([name, dims]): EncodedTensor => {
    const count = dims.reduce((product, size) => product * size, 1)
    if (dims.length === 1) return { name, dims, type: 0, data: new Uint8Array(4 * count) }
    const [type, blockBytes] = name.includes('ffn') ? [2, 18] : [8, 34]
    return { name, dims, type, data: new Uint8Array((count / 32) * blockBytes) }
  })
  const sizes = (architecture: string): Record<string, EncodedValue> => ({
    'general.architecture': architecture,
    'general.alignment': 32,
    [`${architecture}.block_count`]: 1,
    [`${architecture}.context_length`]: 64,
    [`${architecture}.embedding_length`]: 32,
    [`${architecture}.feed_forward_length`]: 64,
    [`${architecture}.attention.head_count`]: 4,
    [`${architecture}.attention.head_count_kv`]: 2,
    [`${architecture}.attention.layer_norm_rms_epsilon`]: 0.00001,
    [`${architecture}.rope.scaling.type`]: 'yarn',
    [`${architecture}.rope.scaling.factor`]: 1.5,
    'tokenizer.ggml.bos_token_id': 0,
    'tokenizer.ggml.eos_token_id': 1,
  })
  const pairs = {
    ...sizes('llama'),
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'smollm',
    'tokenizer.ggml.tokens': ['<s>', '</s>', 'a', 'b', 'ab', 'c', 'Ġ', 'd'],
    'tokenizer.ggml.token_type': new Int32Array([3, 3, 1, 1, 1, 1, 1, 1]),
    'tokenizer.ggml.merges': ['a b'],
  }
  const pieces = {
    ...sizes('llama'),
    'llama.attention.sliding_window': 16,
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.tokens': ['<s>', '</s>', '<unk>', '▁', 'a', '▁a', '<0x41>', '  '],
    'tokenizer.ggml.scores': new Float32Array([0, 0, 0, -1, -2, -3, 0, 0]),
    'tokenizer.ggml.token_type': new Int32Array([3, 3, 2, 1, 1, 1, 6, 4]),
  }
  return [pairs, pieces].map(metadata => encodeGguf(metadata, tensors))
}

function dataSet(name: string, seeds: Uint8Array[]): FuzzedFile {
  return { name, seeds, read: source => readDataSet(source) }
}

/** Data sets in one codec and the other, with nulls, lists, and codings of their own. */
export function dataSetsAsParquet(): Uint8Array[] {
  const scalars = [
    { name: 'id', data: rows.map(({ id }) => id), encoding: 'DELTA_BINARY_PACKED' as const },
    { name: 'problem', data: rows.map(({ problem }) => problem), encoding: 'DELTA_BYTE_ARRAY' as const },
    { name: 'answer', data: rows.map(({ answer }) => answer), encoding: 'DELTA_LENGTH_BYTE_ARRAY' as const },
    { name: 'level', data: rows.map(({ level }) => level) },
  ]
  const lists = [
    { name: 'problem', data: options.map(({ problem }) => problem) },
    { name: 'choices', data: options.map(({ choices }) => choices) },
    { name: 'answer', data: options.map(({ answer }) => answer) },
  ]
  return [
    parquetWriteBuffer({ columnData: scalars, codec: 'UNCOMPRESSED', statistics: false }),
    parquetWriteBuffer({ columnData: lists }),
  ].map(buffer => new Uint8Array(buffer))
}

/** The two Parquet files of a run of few samples. */
export function fuzzedRunFiles(): FuzzedFile[] {
  const samples = [traceSample(0, 3), traceSample(1, 0), traceSample(2, 2)]
  const pieces: Uint8Array[] = []
  const writer = createTraceWriter(bytes => pieces.push(bytes.slice()))
  for (const sample of samples) writer.add(sample)
  const index = writer.finish()
  const columns = columnsOf(samples)
  return [
    {
      name: 'summary.parquet',
      seeds: [new Uint8Array(Buffer.concat(encodeSummary(columns, index, defaultGradingRules)))],
      read: async source => {
        const summary = await openSummary(source)
        await summary.readColumns()
        await summary.readTraceIndex()
      },
    },
    {
      name: 'traces.parquet',
      seeds: [new Uint8Array(Buffer.concat(pieces))],
      read: async source => {
        for (const traces of [
          await openTraces(source, { ...index, fileBytes: source.byteLength }),
          await openTraces(source),
        ]) {
          for (let row = 0; row < Math.min(traces.count, 3); row++) await traces.read(row)
          for await (const _ of traces.texts());
          for await (const _ of traces.entropies());
        }
      },
    },
  ]
}
