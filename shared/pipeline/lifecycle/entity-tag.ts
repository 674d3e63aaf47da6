// Entity tags and their conditions: RFC 9110 §8.8.3, §13.1.1, §13.1.2
const TAG = /(W\/)?"([^"]*)"/g

/** Returns the entity tag of a state: the epoch and the offset of its last change, and whether its event is erased. */
export function entityTag(
  { epoch, offset }: { readonly epoch: string; readonly offset: number },
  isErased = false,
): string {
  return `"${epoch}-${offset}${isErased ? '-erased' : ''}"`
}

/** Whether `If-Match` allows the request: it is absent, `*`, or a list with this tag. */
export function passesIfMatch(header: string | undefined, tag: string): boolean {
  return header === undefined || header.trim() === '*' || listTags(header).some((one) => one === tag)
}

/** Whether `If-None-Match` names this tag, so that the client already has the current state. */
export function hasAlready(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || listTags(header).some((one) => one.replace('W/', '') === tag)
}

function listTags(header: string): string[] {
  return header.match(TAG) ?? []
}
