/**
 * What must not be in the log of a stack, whatever a test does to it: tokens, keys, the known secrets of webhooks, and
 * events. The table of addresses, which a stack prints when it is up, shows its known key and password on purpose.
 */
const LEAKS: readonly RegExp[] = [
  /eyJ[\w-]{8,}\.eyJ[\w-]{8,}/, // a JWT
  /\btw_[\w-]{16,}/,
  /local-(?:dev|viewer|publisher|operator|admin|simulator)-key/,
  /local-secret-/,
  /Tidewire-local-1/,
  /\bBearer\s+\S{16,}/i,
  /[?&](?:key|ticket|token)=/,
  /x-api-key/i,
  /specversion/,
  /"data"\s*:/,
]

/** Returns the lines of a stack's output with something that must not be there. `marks` are further texts. */
export function logLeaks(output: string, marks: readonly string[] = []): string[] {
  return withoutTables(output)
    .split('\n')
    .filter((line) => LEAKS.some((leak) => leak.test(line)) || marks.some((mark) => line.includes(mark)))
}

/** Each start prints a table: its rows are indented and follow the line that says that the stack is up. */
function withoutTables(output: string): string {
  return output.replaceAll(/^Tidewire is up .*\n\n(?: {2}\w.*\n)+/gm, '')
}
