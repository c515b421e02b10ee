/**
 * Stands in for onnxruntime-node, onnxruntime-web, onnxruntime-common and sharp, which @huggingface/transformers
 * imports to run models and read images. This project uses its tokenizer only. The names are those it reads while it loads.
 */
export const InferenceSession = {}
/** Never constructed: no tensor is made here. */
export class Tensor {}
/** Settings that are written and never read. */
export const env = { wasm: {}, webgpu: {} }

export default { InferenceSession, Tensor, env }
