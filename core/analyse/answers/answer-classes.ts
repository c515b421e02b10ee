/**
 * Classes of equivalent answers to one problem: for each answer the number of its class, from 0 in the order of first
 * occurrence. Answers of one text, but for white space and case of letters, are one class without a comparison; others
 * join the first class whose first answer they equal. Samples without an answer form one class of their own, "no answer".
 */
export async function answerClasses(
  answers: readonly (string | null)[],
  equal: (first: string, second: string) => boolean | Promise<boolean>,
): Promise<Int32Array> {
  const classes = new Int32Array(answers.length)
  const classOfText = new Map<string | null, number>()
  const representatives: { answer: string; id: number }[] = []
  let count = 0
  for (const [index, answer] of answers.entries()) {
    const text = answer === null ? null : answer.replace(/\s+/g, ' ').trim().toLowerCase()
    let id = classOfText.get(text)
    if (id === undefined && answer !== null) {
      for (const representative of representatives) {
        if (!(await equal(representative.answer, answer))) continue
        id = representative.id
        break
      }
    }
    if (id === undefined) {
      id = count++
      if (answer !== null) representatives.push({ answer, id })
    }
    classOfText.set(text, id)
    classes[index] = id
  }
  return classes
}
