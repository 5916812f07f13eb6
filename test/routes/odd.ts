/** Odd values as they stand in an address or a form: encoded where they must be, and broken where they can be. */
export const ODD_VALUES: readonly string[] = [
  '',
  '%20',
  '%00',
  'a%00b',
  '%FF%FE',
  '%C0%AF',
  '%ED%A0%80',
  '%E0%A4%A',
  '%',
  '%zz',
  '%u0041',
  '.',
  '..',
  '%2e%2e',
  '..%2f..%2fetc%2fpasswd',
  '..%5c..%5cboot.ini',
  "%27%20or%20%271%27%3D%271'--",
  '%22%3B--',
  '%25%27%60%24%7B',
  '%3Cscript%3Ealert(1)%3C/script%3E',
  '%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E',
  '%3C%25%3D%207*7%20%25%3E',
  '%7B%7B7*7%7D%7D',
  '%24%7B7*7%7D',
  '-1',
  '0',
  '00',
  '1.5',
  '1e400',
  '9'.repeat(400),
  '999999999999999999',
  '18446744073709551616',
  'NaN',
  'null',
  'undefined',
  'true',
  '[]',
  '{}',
  '%7B%22a%22%3A1%7D',
  '[object%20Object]',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '%0d%0aSet-Cookie:%20x=1',
  '%0aX-Odd:%201',
  '%E2%80%AE',
  '%F0%9F%92%B8',
  '%EF%BF%BF',
  '%D1%8F'.repeat(500),
  'x'.repeat(6_000),
  '2026-13-45T99:99:99Z',
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
]

/** Those that two databases may take differently: zero characters, halves of letters, numbers beyond every column, ids and moments of nothing. */
export const DATABASE_VALUES: readonly string[] = ODD_VALUES.filter((value) =>
  /%00|%ED|%EF|%F0|%E2|%D1|^\d|^-1|^NaN|^F{8}|%27|%25/.test(value),
)

/** Odd ways to give a parameter at all. */
export const oddShapes = (name: string): readonly string[] => [
  '',
  name,
  `${name}=`,
  `${name}=a&${name}=b`,
  `${name}[]=a`,
  `${name}[]=a&${name}[]=b`,
  `${name}[a]=b`,
  `${name}[a][b][c]=d`,
  `${name}${'[a]'.repeat(300)}=b`,
  `${name}[__proto__][polluted]=1`,
  `${name}[constructor][prototype][polluted]=1`,
  `${name}.__proto__.polluted=1`,
  `${name}=a&__proto__=1&__proto__[polluted]=1&constructor[prototype][polluted]=1`,
  `${name}%00=a`,
  `${name}=a;${name}=b`,
  `&&&${name}=a&&=&=b`,
  Array.from({ length: 2_000 }, (_, index) => `p${index}=1`).join('&'),
  `${name}=1&`.repeat(2_000).slice(0, 14_000),
]

/** Bodies that are no form, or not quite, with the headers that they come with. @param tooLong bytes beyond every limit */
export function oddBodies(
  token: string,
  tooLong: number,
): readonly [what: string, headers: Readonly<Record<string, string>>, body: string | Buffer | undefined][] {
  const asForm = { 'content-type': 'application/x-www-form-urlencoded' }
  const asJson = { 'content-type': 'application/json' }
  const fields = `_csrf=${token}`
  return [
    ['no body', {}, undefined],
    ['an empty form', asForm, ''],
    ['JSON', asJson, JSON.stringify({ _csrf: token, login: { $ne: '' }, consent: ['x'] })],
    ['JSON with a prototype', asJson, `{"_csrf":"${token}","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`],
    ['half of a JSON', asJson, '{"_csrf":'],
    ['very deep JSON', asJson, '['.repeat(100_000)],
    ['JSON said to be a form', asForm, JSON.stringify({ _csrf: token })],
    ['plain text', { 'content-type': 'text/plain' }, fields],
    ['XML', { 'content-type': 'application/xml' }, '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'],
    [
      'many parts',
      { 'content-type': 'multipart/form-data; boundary=b' },
      `--b\r\ncontent-disposition: form-data; name="_csrf"\r\n\r\n${token}\r\n--b--\r\n`,
    ],
    ['many parts without a boundary', { 'content-type': 'multipart/form-data' }, fields],
    ['no content type', {}, fields],
    ['an odd content type', { 'content-type': 'a/b/c;;;=' }, fields],
    ['an odd character set', { 'content-type': 'application/x-www-form-urlencoded; charset=utf-7' }, fields],
    ['a character set of two bytes', { 'content-type': 'application/x-www-form-urlencoded; charset=utf-16' }, fields],
    ['something packed that is not', { ...asForm, 'content-encoding': 'gzip' }, fields],
    ['an unknown packing', { ...asForm, 'content-encoding': 'zip' }, fields],
    ['bytes', asForm, Buffer.from([0, 255, 254, 38, 61, 0])],
    ['two thousand fields', asForm, `${fields}&${Array.from({ length: 2_000 }, (_, index) => `p${index}=1`).join('&')}`],
    ['ninety-nine fields', asForm, `${fields}&${Array.from({ length: 98 }, (_, index) => `p${index}=1`).join('&')}`],
    ['a huge field', asForm, `${fields}&x=${'x'.repeat(100_000)}`],
    ['a body beyond all limits', asForm, `${fields}&x=${'x'.repeat(tooLong)}`],
    ['JSON beyond all limits', asJson, `"${'x'.repeat(tooLong)}"`],
    ['a body in pieces', { ...asForm, 'transfer-encoding': 'chunked' }, `${fields}&x=${'x'.repeat(100_000)}`],
  ]
}

/** Headers that no browser sends so. */
export const ODD_HEADERS: readonly [what: string, headers: Readonly<Record<string, string | string[]>>][] = [
  ['a hundred headers', Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-odd-${index}`, 'x']))],
  ['thousands of headers', Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`x-${index}`, 'x']))],
  ['a huge header', { 'x-odd': 'x'.repeat(15_000) }],
  ['a header beyond all limits', { 'x-odd': 'x'.repeat(60_000) }],
  ...[
    '',
    'gateway=',
    'gateway',
    '=;=;',
    'gateway=s%3A',
    'gateway=s%3Aa.b',
    'gateway=%',
    'gateway=%00',
    'gateway=j:{"a":1}',
    '__proto__=1; constructor=1',
    `gateway=s%3A${'x'.repeat(8_000)}.y`,
    'lang=xx; lang=__proto__',
    'lang=constructor',
  ].map((cookie): [string, Record<string, string>] => [`the cookie ${cookie.slice(0, 30)}`, { cookie }]),
  ...['', '*', 'text/html;q=x', 'application/json;q=0', ','.repeat(500), '__proto__', 'a/b;'.repeat(200)].map(
    (accept): [string, Record<string, string>] => [
      `accepting ${accept.slice(0, 20)}`,
      { accept, 'accept-language': accept, 'accept-encoding': accept, 'accept-charset': accept },
    ],
  ),
  ['odd conditions', { 'if-none-match': '*', 'if-modified-since': 'never', range: 'bytes=9-1,-0', 'if-range': '"' }],
  ['odd addresses', { 'x-forwarded-for': `unknown, ${'1.2.3.4, '.repeat(300)}::1%eth0`, forwarded: 'for="[::"', 'x-real-ip': '%00' }],
  ['an odd referrer', { referer: 'javascript:alert(1)', 'user-agent': '${jndi:ldap://127.0.0.1/a}' }],
  ['an upgrade', { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': '13' }],
  ['an expectation', { expect: 'a-miracle' }],
  ['the same header often', { accept: ['text/html', 'application/json'], cookie: ['gateway=a', 'gateway=b'] }],
]

/** What an answer must never give away: stacks, SQL, paths of the machine, sources of views, names of our parts. */
const GIVEN_AWAY = [
  /\n\s*at .+:\d+:\d+/,
  /node_modules|\/src\/|\.ts:\d|\.ejs\b/,
  /<%|%>/,
  /(?<![</])\b(select|insert|update|delete)\b[^.]{0,200}\b(from|into|set|where)\b/i,
  /SQLITE_|sqlite_master|\bknex\b|\bexpress\b|\bpostgres/i,
  /\b(Type|Reference|Syntax|Range|URI|Zod)Error\b|Cannot (read|GET|POST)|is not a function|ECONN/,
]

/** The parts of an answer that should not be there. Style sheets and metrics are written by us and speak to machines; a PDF is compressed. */
export function givenAway({ headers, text }: { headers: Readonly<Record<string, unknown>>; text: string }): string[] {
  const type = typeof headers['content-type'] === 'string' ? headers['content-type'] : ''
  if (/css|javascript|svg|pdf|text\/plain; version/.test(type)) return []
  return GIVEN_AWAY.map((pattern) => pattern.exec(text)?.[0].slice(0, 200)).filter((found) => found !== undefined)
}
