/** `https://*.example.org` is every name below example.org, with the scheme and the port as they stand. */
export function isAllowed(origin: string, parents: readonly string[]): boolean {
  return parents.some((parent) => {
    const [before = '', after] = parent.split('*')
    if (after === undefined) return origin === parent
    return origin.startsWith(before) && origin.endsWith(after) && /^[\w-]+(\.[\w-]+)*$/.test(origin.slice(before.length, -after.length))
  })
}
