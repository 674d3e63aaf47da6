import { SingleBar } from 'cli-progress'
import type { Terminal } from './cli-context.ts'
import { countOf, formatCount } from './printable.ts'

/** The share that is done, from 0 to 1 (null if the end is unknown), and how many. */
export type Progress = { readonly share: number | null; readonly done: number }

export type ProgressOptions = {
  readonly stderr: Terminal
  readonly read: () => Progress
  /** Time between two lines where there is no terminal. */
  readonly everyMs: number
  /** What is counted and what is done with it. The default is `event` and `published`. */
  readonly words?: { readonly noun: string; readonly verb: string }
}

const WORDS = { noun: 'event', verb: 'published' }

/** `note` prints a line without breaking the bar. */
export type ProgressView = { readonly note: (line: string) => void; readonly stop: () => void }

const BAR_MS = 100
const BAR_STEPS = 1000

/** Shows progress: a bar on a terminal if the end is known, otherwise a line every few seconds. */
export function showProgress(options: ProgressOptions): ProgressView {
  const { stderr, read } = options
  return stderr.isTTY && read().share !== null ? showBar(options) : showLines(options)
}

function showLines({ stderr, read, everyMs, words = WORDS }: ProgressOptions): ProgressView {
  const startedAt = performance.now()
  const timer = setInterval(() => {
    const { share, done } = read()
    const percent = share === null ? '' : ` (${Math.floor(share * 100)} % of the input)`
    stderr.write(`${countOf(done, words.noun)} ${words.verb}${percent}, ${perSecond(done, startedAt)}\n`)
  }, everyMs)
  return { note: (line) => stderr.write(`${line}\n`), stop: () => clearInterval(timer) }
}

function showBar({ stderr, read, words = WORDS }: ProgressOptions): ProgressView {
  const startedAt = performance.now()
  const bar = new SingleBar({
    format: `{bar} {percentage} % | {count} ${words.verb} | {rate}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    stream: stderr,
    hideCursor: true,
    // Its own handler would take Ctrl-C away from the command.
    gracefulExit: false,
  })
  const payload = (done: number) => ({ count: formatCount(done), rate: perSecond(done, startedAt) })
  const update = (): void => {
    const { share, done } = read()
    bar.update(Math.round((share ?? 0) * BAR_STEPS), payload(done))
  }
  bar.start(BAR_STEPS, 0, payload(0))
  const timer = setInterval(update, BAR_MS)
  return {
    note: (line) => {
      stderr.write(`\r\u001b[K${line}\n`)
      update()
    },
    stop: () => {
      clearInterval(timer)
      update()
      bar.stop()
    },
  }
}

function perSecond(done: number, startedAt: number): string {
  const seconds = Math.max(0.001, (performance.now() - startedAt) / 1000)
  return `${formatCount(Math.round(done / seconds))}/s`
}
