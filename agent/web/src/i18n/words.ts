// Fills parameters into a sentence. Pure: `[optional {x}]` vanishes when one of its parameters has no value.

export type Fill = (name: string) => string | null

export function fill(sentence: string, value: Fill): string {
  const optional = sentence.replace(/\[([^\]]*)\]/g, (_, part: string) => {
    let complete = true
    const filled = part.replace(/\{(\w+)\}/g, (__, name: string) => {
      const word = value(name)
      if (word === null) complete = false
      return word === null ? '' : word.replace(/[{}[\]]/g, ' ')
    })
    return complete ? filled : ''
  })
  return optional.replace(/\{(\w+)\}/g, (_, name: string) => {
    const word = value(name)
    return word === null ? '–' : word
  })
}
