import { openAlerts } from '../../src/shared/alerts'
import { DAY, HOUR } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { MailServer } from '../support/mail-server'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

test('staff see what was given up and have it sent once more', async () => {
  const mail = await MailServer.start()
  mail.refusals.set('duty@operator.example', '451 later')
  const world = await World.make({ env: { MAIL_URL: mail.url, ALERT_EMAILS: 'duty@operator.example' } })
  const { notices } = world.parts
  const [olga, ivan] = [await StaffPerson.make(world, 'operator'), await StaffPerson.make(world, 'auditor')]
  await olga.signsIn()
  expect((await olga.browser.open('/admin/notices')).html).toContain('Уведомлений нет')
  await inTransaction(world.db, (tx) => openAlerts(tx, [{ kind: 'clock_off', subject: 'host', detail: 'off', at: world.clock.now() }]))
  await notices.queue()
  for (let passed = 0; passed <= DAY; passed += HOUR) {
    await notices.sendMail()
    world.clock.move(HOUR)
  }
  await olga.signsIn()
  await ivan.signsIn()
  expect((await ivan.browser.open('/admin/notices?state=failed')).html).not.toContain('/retry')
  const page = await olga.browser.open('/admin/notices?state=failed')
  expect(page.html).toContain('EENVELOPE 451')
  expect(page.html).not.toContain('duty@')
  expect((await olga.browser.open('/admin/notices?state=sent')).html).toContain('Уведомлений нет')
  mail.refusals.clear()
  const done = await olga.browser.submit(page, /\/retry$/)
  expect([done.state, done.html.includes('Готово.')]).toEqual(['notices', true])
  await notices.sendMail()
  expect(mail.letters.map(({ to }) => to)).toEqual([['duty@operator.example']])
  expect((await olga.browser.open('/admin')).html).toContain('Письмо или вызов не доставлены')
  await world.close()
  await mail.close()
})
