import { canonicalLogin } from '../../src/members/login'
import { localPath } from '../../src/members/next-path'

describe('where one may be sent after signing in', () => {
  test.each([
    '/',
    '/account',
    '/account?before=12',
    '/pay/01890000-0000-7000-8000-000000000000',
    '/pay/a?from=a%2Fb',
    '/a/b/',
    '/.well-known',
    "/account?a=(1;2)&b[]='*'&c=https://x@y/?",
  ])('%s is a path of ours', (path) => {
    expect(localPath(path)).toBe(path)
  })

  test.each([
    undefined,
    null,
    7,
    [],
    ['/account'],
    {},
    '',
    'account',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/account\\..\\x',
    '/a//evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/./account',
    '/a/../b',
    '/%2e%2e//evil.example',
    '/%2e/x',
    '/.%2E/x',
    '/account#@evil.example',
    '/@evil.example',
    '/account@evil.example',
    'https://evil.example',
    'https:/evil.example',
    'https:evil.example',
    'HTTP://evil.example',
    'javascript:alert(1)',
    '/javascript:alert(1)',
    'data:text/html,x',
    '?next=//evil.example',
    '/a b',
    ' /account',
    '/account ',
    '\t//evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/account\r\nSet-Cookie: a=b',
    '/account\u0000',
    '/\u2028/evil.example',
    '/\uff0f/evil.example',
    '/ünïcode',
    '/%zz',
    '/%',
    '/account?a=<script>',
    '/account?a="x',
    `/${'a'.repeat(1_000)}`,
    '/sign-in',
    '/sign-in?next=/sign-in',
    '/sign-out',
  ])('%p is not (case %#)', (payload) => {
    expect(localPath(payload)).toBeUndefined()
  })

  test('whatever passes stays on our own host, as a browser reads it', () => {
    const alphabet = ['/', '\\', '.', ':', '@', '%2f', '%5c', '%09', 'evil.example', '?', '#', '\t', 'a']
    const grow = (texts: string[]): string[] => texts.flatMap((text) => alphabet.map((part) => text + part))
    const payloads = grow(grow(grow(alphabet)))
    const passed = payloads.filter((payload) => localPath(payload) !== undefined)
    expect(passed.length).toBeGreaterThan(100)
    for (const path of passed) {
      const seen = new URL(path, 'https://gateway.example/sign-in')
      expect(seen.origin).toBe('https://gateway.example')
      expect(new URL(seen.pathname, 'https://gateway.example').origin).toBe('https://gateway.example')
    }
  })
})

test('a login has one spelling, and look-alike mixtures of alphabets are none', () => {
  expect(canonicalLogin('  Anna.K@Example.org ')).toBe('anna.k@example.org')
  expect(canonicalLogin('ＡＮＮＡ')).toBe('anna')
  expect(canonicalLogin('Ёлка-7')).toBe('ёлка-7')
  for (const odd of ['', ' ', 'anna k', 'аnna', '.anna', 'a\u0000', 'a\u200bb', '<b>', "o'neil", 'x'.repeat(65), 'İstanbul'])
    expect(canonicalLogin(odd)).toBeUndefined()
})
