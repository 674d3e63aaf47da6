import type { SocketGateway } from '#shared/pipeline/ports.ts'

type Post = { readonly connection: string; readonly frame: string; readonly deadline: number }

type RecordingGateway = {
  readonly gateway: SocketGateway
  readonly posts: readonly Post[]
  readonly closed: readonly string[]
}

/** A gateway that sends every frame, with what was posted and closed so far. */
export function recordingGateway(): RecordingGateway {
  const posts: Post[] = []
  const closed: string[] = []
  return {
    posts,
    closed,
    gateway: {
      async post(connection, frame, deadline) {
        posts.push({ connection, frame, deadline })
        return 'sent'
      },
      async close(connection) {
        closed.push(connection)
      },
    },
  }
}
