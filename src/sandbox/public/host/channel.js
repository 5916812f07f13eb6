/* global window */
// How the host and the mini-app reach each other: as windows, or as an app and its WebView (through the bridge in the proxied page).

/** A frame: objects in both directions, to the frame's own origin and from it alone. */
function frameChannel(frame, origin) {
  return {
    send: (message) => frame.contentWindow.postMessage(message, origin),
    read: (data) => ({ message: data, warnings: [] }),
  }
}

/** A WebView: text comes out, objects go in (the official package reads nothing else). */
function webViewChannel(frame, origin) {
  return {
    send: (message) => frame.contentWindow.postMessage({ toWebView: message }, origin),
    read: (data) => {
      const text = data?.fromWebView
      if (typeof text !== 'string') return { message: data, warnings: ['notText'] }
      try {
        return { message: JSON.parse(text), warnings: [] }
      } catch {
        return { message: text, warnings: ['notJson'] }
      }
    },
  }
}

/**
 * Listens to one frame. `hear` gets what the mini-app said, `stranger` what came from elsewhere.
 * @returns send(message)
 */
export function openChannel({ frame, origin, isWebView }, { hear, stranger }) {
  const channel = isWebView ? webViewChannel(frame, origin) : frameChannel(frame, origin)
  window.addEventListener('message', ({ source, origin: from, data }) => {
    if (source === frame.contentWindow && from === origin) hear(channel.read(data))
    else stranger({ data, from, warning: source === frame.contentWindow ? 'otherOrigin' : 'otherWindow' })
  })
  return channel.send
}
