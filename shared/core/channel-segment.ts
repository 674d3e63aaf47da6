/** A name as one segment of a channel, such as a symbol or a sensor: what a channel may not hold becomes `-`. */
export function channelSegment(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_~-]/g, '-').slice(0, 64)
}
