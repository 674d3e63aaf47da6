/**
 * Returns the parameters of a path for a template such as `/events/{id}`, percent-decoded, or null if it does not match.
 * A parameter is one segment that is not empty.
 */
export function matchPath(template: string, path: string): Record<string, string> | null {
  const wanted = template.split('/')
  const segments = path.split('/')
  if (wanted.length !== segments.length) return null
  const parameters: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index] ?? ''
    const [, name] = /^\{(\w+)\}$/.exec(part) ?? []
    if (name === undefined) {
      if (part !== segment) return null
      continue
    }
    const value = decode(segment)
    if (!value) return null
    parameters[name] = value
  }
  return parameters
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null // malformed, such as "%zz"
  }
}
