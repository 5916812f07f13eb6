/** Ids need not be RFC 4122 UUIDs; this is what fits into a path and the documented 36 characters. */
const PATH_ID = /^[\w-]{1,36}$/

/** The id, fit to stand in a path. @throws RangeError, since an id that no URL can carry is a mistake of the caller */
export function pathId(id: string): string {
  if (!PATH_ID.test(id)) throw new RangeError('An id has 1 to 36 letters, digits, hyphens or underscores.')
  return id
}
