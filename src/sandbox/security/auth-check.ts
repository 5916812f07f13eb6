import type { ApiRoute } from '../wire/call'

/** `GET …/security/api/auth/auth`: 200 with `userId: null` without a token, 401 with a wrong one. */
export const authCheck: ApiRoute = {
  method: 'GET',
  path: /^\/security\/api\/auth\/auth$/,
  on: 'auth.check',
  isOpen: true,
  answer: (_world, _call, userId) => ({ data: { userId, profile: null, accessToken: null }, extendedData: [] }),
}
