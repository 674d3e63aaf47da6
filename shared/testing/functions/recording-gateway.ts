import type { SocketGateway } from '#shared/pipeline/ports.ts'

type Post = { readonly connection: string; readonly frame: string; readonly deadline: number }

/** A gateway that sends every frame, with what was posted so far. */
export function recordingGateway(): { readonly gateway: SocketGateway; readonly posts: readonly Post[] } {
  const posts: Post[] = []
  return {
    posts,
    gateway: {
      async post(connection, frame, deadline) {
        posts.push({ connection, frame, deadline })
        return 'sent'
      },
      async close() {},
    },
  }
}
