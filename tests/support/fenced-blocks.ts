/** A fenced block of a Markdown document, and the response that is printed right below it. */
export type FencedBlock = {
  readonly language: string
  readonly code: string
  readonly line: number
  readonly answer?: unknown
}

const FENCE = /^```(\w+)\n([\s\S]*?)^```$/gm

/** Returns the blocks of a document. A `json` block that follows another without a blank line is its response. */
export function fencedBlocks(markdown: string): FencedBlock[] {
  const blocks: FencedBlock[] = []
  let end = -1
  for (const { 0: text, 1: language = '', 2: code = '', index } of markdown.matchAll(FENCE)) {
    const last = blocks.at(-1)
    if (language === 'json' && last && markdown.slice(end, index).trim() === '' && index - end === 1)
      blocks[blocks.length - 1] = { ...last, answer: JSON.parse(code) as unknown }
    else blocks.push({ language, code, line: markdown.slice(0, index).split('\n').length })
    end = index + text.length
  }
  return blocks
}
