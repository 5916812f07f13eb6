import { filedReason, readReason } from '../../src/shared/reasons'
import { createTexts } from '../../src/shared/texts'

const texts = createTexts()
const [ru, en] = [texts.translator('ru'), texts.translator('en')]

test('a reason is read in the language of its reader, and the words of a person stay as they are', () => {
  const stored = filedReason('complaint', 'Звонил: списали дважды')
  expect(stored).toBe('complaint: Звонил: списали дважды')
  expect([readReason(stored, ru), readReason(stored, en)]).toEqual([
    'Обращение участника: Звонил: списали дважды',
    'Request of the member: Звонил: списали дважды',
  ])
  expect(readReason(filedReason('other', 'Так надо'), en)).toBe('Так надо')
  expect(readReason(filedReason(undefined, 'check the till'), ru)).toBe('check the till')
})

test('a word before a colon that is no kind of ours is left alone', () => {
  expect(readReason('constructor: x', ru)).toBe('constructor: x')
})
