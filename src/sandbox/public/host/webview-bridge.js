/* global window, document */
// Put into a page that stands for a WebView's, before any script of its own: gives it what an app gives, and takes away what a frame has.
;(() => {
  const host = window.parent
  const own = window.location.origin
  const hostOrigin = document.currentScript.dataset.host
  window.ReactNativeWebView = { postMessage: (text) => host.postMessage({ fromWebView: text }, hostOrigin) }
  // In a WebView the page is the topmost one; `window.top` cannot be replaced.
  window.parent = window
  window.addEventListener('message', (event) => {
    if (event.source !== host || event.origin !== hostOrigin || event.data?.toWebView === undefined) return
    event.stopImmediatePropagation()
    window.postMessage(event.data.toWebView, own)
  })
})()
