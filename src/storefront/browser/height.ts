/** Reports the height of the content whenever it changes; the window's own height does not come into it, or the two would push each other up. */
export function watchHeight(report: (pixels: number) => void): void {
  let last = 0
  const look = (): void => {
    const height = Math.ceil(document.body.getBoundingClientRect().height)
    if (height === last) return
    last = height
    report(height)
  }
  new ResizeObserver(look).observe(document.body)
  look()
}
