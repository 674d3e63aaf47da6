/** The source of the moves of events. Only the server writes with it, so nobody can take the id of a move that is to come. */
export const MOVE_SOURCE = 'urn:tidewire:moves'
