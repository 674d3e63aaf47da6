/** The pair that identifies an event. */
type Pair = { readonly id: string; readonly source: string }

/**
 * Returns the name of an event, by which cases are kept and addresses name it: `<id>@<source>`. `%`, `@` and `/` of both
 * are percent-encoded: `arrival-7781@%2Fcranes%2F4`. So no two events have the same name, and it is one segment of a path.
 */
export function nameEvent({ id, source }: Pair): string {
  return `${escapePart(id)}@${escapePart(source)}`
}

/** Returns the pair that a name stands for; a text without `@` is an id alone. */
export function readEventName(name: string): { readonly id: string; readonly source?: string } {
  const end = name.indexOf('@')
  if (end === -1) return { id: name }
  return { id: readPart(name.slice(0, end)), source: readPart(name.slice(end + 1)) }
}

function escapePart(text: string): string {
  return text.replaceAll(/[%@/]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function readPart(text: string): string {
  return text.replaceAll(/%(?:25|40|2F)/gi, decodeURIComponent)
}
