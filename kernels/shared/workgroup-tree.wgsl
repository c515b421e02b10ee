// Reductions over the threads of a workgroup by a tree, always in the same order. The kernel declares THREADS, a power of
// two. A barrier has to stand between two of them.

var<workgroup> numbers: array<f32, THREADS>;

fn maximum_of_threads(number: f32, thread: u32) -> f32 {
  numbers[thread] = number;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      numbers[thread] = max(numbers[thread], numbers[thread + half]);
    }
    workgroupBarrier();
  }
  return numbers[0];
}

fn sum_of_threads(number: f32, thread: u32) -> f32 {
  numbers[thread] = number;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      numbers[thread] += numbers[thread + half];
    }
    workgroupBarrier();
  }
  return numbers[0];
}
