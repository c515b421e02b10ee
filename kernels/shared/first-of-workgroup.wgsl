// The first of the candidates of a workgroup's threads. The kernel declares THREADS, a power of two.

var<workgroup> best: array<Candidate, THREADS>;

fn first_of_workgroup(mine: Candidate, thread: u32) -> Candidate {
  best[thread] = mine;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half && before(best[thread + half], best[thread])) {
      best[thread] = best[thread + half];
    }
    workgroupBarrier();
  }
  return best[0];
}
