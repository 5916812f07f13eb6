// Keys for lists, lists that say that they are loading, and menus that close by themselves. The pages work without any of this.
'use strict'
;(() => {
  const isTyping = (element) => element.matches('input, select, textarea, [contenteditable]')
  const rows = () => [...document.querySelectorAll('[data-list] [data-row]')]

  const step = (by) => {
    const links = rows()
    const at = links.indexOf(document.activeElement)
    const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by]
    if (next) next.focus()
  }

  const toggleKeys = () => {
    const dialog = document.getElementById('keys')
    if (dialog.open) dialog.close()
    else dialog.showModal()
  }

  const ACTIONS = { '/': () => document.getElementById('q').focus(), j: () => step(1), k: () => step(-1), '?': toggleKeys }

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    const action = Object.hasOwn(ACTIONS, event.key) ? ACTIONS[event.key] : undefined
    if (!action) return
    event.preventDefault()
    action()
  })

  const main = document.querySelector('main')
  const status = document.getElementById('loading')
  const PATIENCE_MS = 300
  let late

  // A list that takes a while says so: what stands there is not what was asked for.
  const beginLoading = () => {
    late = setTimeout(() => {
      main.setAttribute('aria-busy', 'true')
      status.textContent = status.dataset.text
    }, PATIENCE_MS)
  }

  const endLoading = () => {
    clearTimeout(late)
    main.removeAttribute('aria-busy')
    status.textContent = ''
  }

  document.addEventListener('submit', (event) => {
    if (event.target.matches('main form.filters[method=get]')) beginLoading()
  })
  document.addEventListener('click', (event) => {
    const opensHere = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey
    if (opensHere && event.target.closest('main .paging a, main .chips a')) beginLoading()
  })
  // Back shows a page as it was left; Escape stops the loading.
  window.addEventListener('pageshow', endLoading)
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') endLoading()
  })

  const menus = [...document.querySelectorAll('.sections details')]

  // A click elsewhere, or Tab to somewhere else.
  const closeOthers = (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false
  }
  document.addEventListener('click', closeOthers)
  document.addEventListener('focusin', closeOthers)

  document.addEventListener('keydown', (event) => {
    const open = event.key === 'Escape' ? menus.find((menu) => menu.open) : undefined
    if (!open) return
    open.open = false
    open.querySelector('summary').focus()
  })
})()
