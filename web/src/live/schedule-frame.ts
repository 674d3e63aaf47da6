/** Runs once, with the next frame or after 250 ms at the latest: a hidden page gets no frames. Returns the cancel. */
export function scheduleFrame(run: () => void): () => void {
  const cancel = () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
  const once = () => {
    cancel()
    run()
  }
  const frame = requestAnimationFrame(once)
  const timer = setTimeout(once, 250)
  return cancel
}
