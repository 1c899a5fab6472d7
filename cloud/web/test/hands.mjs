// What a person does in the console: opens pages from the menu, types, chooses, saves, and reads what is said at a field.
import assert from 'node:assert/strict'

export function hands(page, base) {
  const at = (path) => page.locator(`[data-field="${path}"]`)
  const option = (text) => page.locator('.el-select-dropdown__item:visible', { hasText: text }).first()

  const self = {
    async signIn({ login, password }) {
      await page.goto(`${base}/console/login`)
      await page.waitForSelector('#login')
      await page.fill('#login', login)
      await page.fill('#password', password)
      await page.keyboard.press('Enter')
      await page.waitForSelector('.side')
    },
    /** Leaves as whoever is signed in, and comes back as somebody else. */
    async become(person) {
      await page.context().clearCookies()
      await page.goto(`${base}/healthz`)
      await page.evaluate(() => localStorage.clear())
      await self.signIn(person)
    },
    async menu(title) {
      await page.locator('.side .item', { hasText: new RegExp(`^${title}$`) }).click()
      await page.waitForSelector(`h1:has-text("${title}")`)
    },
    async begin() {
      await page.click('[data-test=new]')
      await page.waitForSelector('.form')
    },
    async type(path, text) {
      await at(path).locator('input, textarea').first().fill(text)
      await page.keyboard.press('Tab')
    },
    /** Chooses from a list by what it is called; several one after another. */
    async pick(path, ...texts) {
      await at(path).locator('.el-select__wrapper').click()
      for (const text of texts) {
        const input = at(path).locator('input').first()
        if (await input.isEditable()) await input.fill(text)
        await option(text).click()
      }
      // Several can be chosen from a list that stays open: a click beside it closes it.
      await page.click('.el-drawer__header')
      await page.waitForFunction(() => ![...document.querySelectorAll('.el-select__popper')].some((one) => one.checkVisibility()))
    },
    /** Presses one of the words that stand side by side. */
    choose: (path, text) => at(path).locator('.el-radio-button', { hasText: text }).click(),
    flip: (path) => at(path).locator('.el-switch').click(),
    addRow: (path) => at(path).locator('[data-test=add-row]').last().click(),
    save: () => page.click('[data-test=save]'),
    /** Saves, and the form closes because nothing was wrong with it. */
    async saved() {
      await self.save()
      const wrong = page.locator('.form .field-fault, .form .note').first()
      const closed = page.waitForSelector('.form', { state: 'detached' })
      await Promise.race([closed, wrong.waitFor()])
      if (await wrong.isVisible()) assert.fail(`the form was not saved: ${(await page.locator('.form .field-fault, .form .note').allInnerTexts()).join(' · ')}`)
      await closed
    },
    async fault(path, expected) {
      const said = at(path).locator('> .field-fault')
      await said.waitFor()
      assert.match(await said.innerText(), expected, `at ${path}`)
    },
    async close() {
      await page.click('.form-foot > .el-button:not([data-test=save])')
      // Nothing was typed, and it closes; or it asks first.
      await page.waitForFunction(() => !document.querySelector('.form') || document.querySelector('.el-message-box')?.checkVisibility())
      const discard = page.locator('.el-message-box .el-button--danger')
      if (await discard.isVisible()) await discard.click()
      await page.waitForSelector('.form', { state: 'detached' })
    },
    /** Presses what can be done to what the page shows, and agrees when asked. */
    async act(action, { asked = false } = {}) {
      await page.click(`.page-actions [data-act=${action}]`)
      if (asked) await self.agree()
    },
    async agree() {
      const question = page.locator('.el-message-box:visible')
      await question.waitFor()
      await question.locator('.el-message-box__btns .el-button--primary, .el-message-box__btns .el-button--danger').last().click()
      await question.waitFor({ state: 'hidden' })
    },
    row: (text) => page.locator('.el-table__body-wrapper .el-table__row', { hasText: text }),
  }
  return self
}
