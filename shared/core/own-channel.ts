/** Whether a channel, or what a pattern asks for by name, is of what Tidewire tells of itself. */
export function isOwnChannel(channel: string | undefined): boolean {
  return channel?.startsWith('tidewire.') ?? false
}
