// Runs in a page of another origin. Returns what it could read or open: that must be nothing.
globalThis.attempt = async ({ ports, host, key }) => {
  const gained = []
  const http = Object.values(ports).map((port) => `http://${host}:${port}`)
  const event = '{"type":"note.forged"}'
  const read = async (name, path, init = {}) => {
    try {
      const response = await fetch(path, init)
      if (response.ok) gained.push(`${name} ${path}: ${(await response.text()).slice(0, 80)}`)
    } catch {
      // The browser keeps the response from the page.
    }
  }
  const seen = (name, element, url) =>
    new Promise((resolve) => {
      element.addEventListener('load', () => {
        gained.push(`${name} ${url}`)
        resolve()
      })
      element.addEventListener('error', () => resolve())
      element.setAttribute('src', url)
      document.body.append(element)
    })
  for (const base of http)
    for (const path of ['/', '/events', '/config.json', '/@connections/a%3D', '/webhooks/github']) {
      const url = base + path
      const text = { method: 'POST', body: event, headers: { 'content-type': 'text/plain' } }
      await read('get', url)
      await read('get with a key', url, { headers: { 'x-api-key': key } })
      await read('post with a key', url, { ...text, headers: { 'x-api-key': key } })
      await read('simple post', url, text)
      await read('opaque post', url, { ...text, mode: 'no-cors' })
      await read('delete', url, { method: 'DELETE' })
      navigator.sendBeacon(url, event)
      await seen('image', document.createElement('img'), url)
      await seen('script', document.createElement('script'), url)
    }
  await read('tables', `http://${host}:${ports.DYNAMODB_PORT}/`, {
    method: 'POST',
    body: '{}',
    headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
  })
  await read('sign-in', `http://${host}:${ports.IDENTITY_PORT}/`, {
    method: 'POST',
    body: '{}',
    headers: { 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' },
  })
  for (const port of Object.values(ports))
    await new Promise((resolve) => {
      const socket = new WebSocket(`ws://${host}:${port}/?key=${key}`)
      socket.onopen = () => gained.push(`socket ${port}`)
      socket.onclose = () => resolve()
      setTimeout(() => socket.close(), 5000)
    })
  const frame = document.createElement('iframe')
  frame.name = 'answer'
  document.body.append(frame)
  for (const path of ['/events', '/webhooks/github']) {
    const form = document.createElement('form')
    form.action = `http://${host}:${ports.HTTP_PORT}${path}`
    form.method = 'post'
    form.enctype = 'text/plain'
    form.target = 'answer'
    document.body.append(form)
    const answered = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
    form.submit()
    await answered
  }
  return gained
}
