// A brand from nothing, by clicking and typing: master data, an order with codes and a task, three documents approved.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { openBrowser, shoot } from './browser.mjs'
import { ADMIN, signedIn, startCloud } from './cloud.mjs'
import { hands } from './hands.mjs'

let cloud
let browser
let page
let person
let api

before(async () => {
  cloud = await startCloud()
  api = await signedIn(cloud.base, ADMIN)
  browser = await openBrowser({ width: 1440, height: 900 })
  page = browser.page
  person = hands(page, cloud.base)
  await person.signIn(ADMIN)
})
after(async () => {
  await browser?.close()
  await cloud?.stop()
})
beforeEach(() => {
  browser.complaints.length = 0
  browser.refusals.length = 0
})
const calm = () => {
  assert.deepEqual(browser.complaints, [])
  assert.deepEqual(browser.refusals, [])
}
const only = async (path) => {
  const { rows } = await api.get(path)
  assert.equal(rows.length, 1, `${path} has ${rows.length} rows`)
  return rows[0]
}
const named = async (resource, name) => {
  const { rows } = await api.get(`/${resource}?q=${encodeURIComponent(name)}`)
  const row = rows.find((one) => one.name === name)
  assert.ok(row, `${resource} has no ${name}`)
  return row
}

describe('master data', () => {
  async function make(title, fill) {
    await person.menu(title)
    await person.begin()
    await fill()
    await person.saved()
  }

  test('a brand, a category below another', async () => {
    await make('品牌', () => person.type('name', '晨泉'))
    await person.row('晨泉').waitFor()
    await make('品类', () => person.type('name', '酒类'))
    await make('品类', async () => {
      await person.type('name', '啤酒')
      await person.pick('parent', '酒类')
    })
    await page.waitForSelector('.el-table__row--level-1:has-text("啤酒")')
    assert.equal((await only('/brands')).name, '晨泉')
    assert.equal((await named('categories', '啤酒')).parent.name, '酒类')
    calm()
  })

  test('a product with its packaging plan', async () => {
    await make('产品', async () => {
      await person.type('name', '晨泉啤酒 500ml')
      await person.type('gtin', '6901234567892')
      await person.pick('brand', '晨泉')
      await person.pick('category', '啤酒')
      await page.click('[data-test=add-step]')
      await person.pick('plan.0.level', '箱')
      await person.type('plan.0.holds', '24')
      await page.click('[data-test=add-step]')
      await person.pick('plan.1.level', '托')
      await person.type('plan.1.holds', '10')
      assert.equal(await page.innerText('[data-test=plan-text]'), '1 托 : 10 箱 : 24 瓶')
      await shoot(page, 'setup-product')
    })
    await person.row('晨泉啤酒 500ml').getByText('1 托 : 10 箱 : 24 瓶').waitFor()
    const product = await only('/products')
    assert.equal(product.gtin, '06901234567892')
    assert.deepEqual([product.brand.name, product.category.name, product.revision], ['晨泉', '啤酒', 1])
    assert.deepEqual(product.plan.map(({ level, holds }) => [level, holds]), [['case', 24], ['pallet', 10]])
    calm()
  })

  test('a factory with its line, two warehouses', async () => {
    for (const [name, kind, parent] of [['合肥工厂', '工厂'], ['一号线', '产线', '合肥工厂'], ['成品库', '仓库'], ['南京分仓', '仓库']]) {
      await make('部署点', async () => {
        await person.type('name', name)
        await person.choose('kind', kind)
        if (parent) await person.pick('parent', parent)
      })
    }
    await page.waitForSelector('.el-table__row--level-1:has-text("一号线")')
    const line = await named('sites', '一号线')
    assert.deepEqual([line.kind, line.parent.name], ['line', '合肥工厂'])
    calm()
  })

  test('a dealer with a territory, a store below it', async () => {
    await make('经销商', async () => {
      await person.type('name', '金陵商贸')
      await person.addRow('territories')
      await person.pick('territories.0.product', '晨泉啤酒')
      await person.pick('territories.0.regions', '南京市', '镇江市')
      await person.type('territories.0.valid_from', '2026-01-01 00:00')
      await shoot(page, 'setup-dealer')
    })
    await make('门店', async () => {
      await person.type('name', '新街口店')
      await person.pick('dealer', '金陵商贸')
      await person.pick('region', '南京市')
      await person.type('address', '中山路 1 号')
    })
    const dealer = await only('/dealers')
    assert.equal(dealer.territories.length, 1)
    assert.deepEqual(dealer.territories[0].regions, ['320100', '321100'])
    assert.equal(new Date(dealer.territories[0].valid_from).getFullYear(), 2026)
    assert.equal(dealer.territories[0].valid_to, null)
    const store = await only('/stores')
    assert.equal(store.dealer.name, '金陵商贸')
    assert.deepEqual([store.region].flat(), ['320100'])
    calm()
  })

  test('an operator with a PIN and sites, a lot that quality control released', async () => {
    await make('操作员', async () => {
      await person.type('login', 'li')
      await person.type('name', '李师傅')
      await person.choose('role', '班组长')
      await person.type('pin', '246810')
      await person.pick('sites', '一号线', '成品库')
    })
    await make('批次质检', async () => {
      await person.pick('product', '晨泉啤酒')
      await person.type('lot', 'L20261120')
      await person.choose('status', '已放行')
      await person.type('produced_on', '2026-11-20')
    })
    const operator = await only('/operators')
    assert.deepEqual([operator.role, operator.sites.map(({ name }) => name).sort()], ['supervisor', ['一号线', '成品库']])
    assert.equal(JSON.stringify(operator).includes('246810'), false)
    const lot = await only('/lots')
    assert.deepEqual([lot.product.name, lot.lot, lot.status, lot.produced_on], ['晨泉啤酒 500ml', 'L20261120', 'released', '2026-11-20'])
    calm()
  })
})

describe('production', () => {
  test('an order gets codes and is released as a task', async () => {
    await person.menu('生产订单')
    await person.begin()
    await person.type('number', 'PO-1')
    await person.pick('product', '晨泉啤酒')
    await person.type('lot', 'L20261120')
    await person.type('quantity', '480')
    await person.save()
    await page.waitForSelector('h1:has-text("PO-1")')
    await person.act('codes')
    await person.type('units', '500')
    await person.type('cases', '22')
    await person.type('pallets', '3')
    await person.saved()
    await page.locator('[data-roll=unit]').waitFor()
    await person.act('release')
    await person.pick('tasks.0.site', '一号线')
    await person.pick('tasks.0.kind', '产线')
    await person.type('tasks.0.quantity', '240')
    await person.type('tasks.0.date', '2026-11-20')
    await person.type('tasks.0.shift', '早班')
    await shoot(page, 'setup-release')
    await person.saved()
    await page.locator('[data-test=tasks] .el-table__row', { hasText: '一号线' }).waitFor()
    const order = await only('/orders')
    assert.deepEqual([order.number, order.product.name, order.state, order.quantity, order.codes.units], ['PO-1', '晨泉啤酒 500ml', 'released', 480, 500])
    const [task] = order.tasks
    assert.deepEqual([task.site.name, task.kind, task.quantity, task.lot, task.date, task.shift, task.state], ['一号线', 'line', 240, 'L20261120', '2026-11-20', '早班', 'open'])
    calm()
  })

  test('a roll is downloaded with one text a line', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-roll=unit]')])
    const chunks = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk)
    assert.equal(Buffer.concat(chunks).toString().split(/\r?\n/).filter(Boolean).length, 500)
  })

  test('labels come as PDF, on sheets and one by one', async () => {
    const pdf = async (link) => {
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
      const chunks = []
      for await (const chunk of await download.createReadStream()) chunks.push(chunk)
      const bytes = Buffer.concat(chunks).toString('latin1')
      assert.match(bytes, /^%PDF-/)
      return bytes
    }
    const sheets = await pdf(page.locator('[data-sheets=unit]'))
    const shown = new Set(sheets.match(/\((?:[0-9A-Z]{17})\) Tj/g))
    assert.equal(shown.size, 500, 'every label of the roll is on a sheet')
    const code = [...shown][0].slice(1, 18)
    const order = page.url()
    await page.goto(`${new URL(order).origin}/console/trace?text=${code}`)
    await page.waitForSelector('[data-test=code]')
    await shoot(page, 'setup-label')
    for (const name of ['QR PDF', 'DataMatrix PDF', 'GS1-128 PDF']) assert.ok((await pdf(page.locator(`[data-test=label][aria-label="${name}"]`))).includes(code), name)
    await page.goto(order)
    await page.waitForSelector('[data-test=tasks]')
    calm()
  })

  test('more is released until the quantity is reached, and a task is closed and voided', async () => {
    await person.act('release')
    await person.pick('tasks.0.site', '成品库')
    await person.pick('tasks.0.kind', 'PDA')
    await person.type('tasks.0.quantity', '241')
    await person.save()
    await page.locator('.form .note.bad, [data-field=tasks] > .field-fault').first().waitFor()
    assert.deepEqual(browser.refusals.map((one) => one.slice(0, 3)), ['422'])
    await person.type('tasks.0.quantity', '240')
    await person.saved()
    const tasks = page.locator('[data-test=tasks]')
    await tasks.locator('.el-table__row', { hasText: '成品库' }).getByText('作废').click()
    await person.agree()
    await tasks.locator('.el-table__row', { hasText: '已作废' }).waitFor()
    assert.deepEqual((await only('/orders')).tasks.map(({ state }) => state).sort(), ['open', 'void'])
  })
})

describe('documents', () => {
  async function make(kind, fill, lines) {
    await person.menu('单据')
    await page.click('[data-test=new]')
    await page.locator(`.el-dropdown-menu__item[data-kind=${kind}]:visible`).click()
    await page.waitForSelector('.form')
    await fill()
    for (const [at, [product, unit, quantity]] of lines.entries()) {
      await person.addRow('lines')
      await person.pick(`lines.${at}.product`, product)
      await person.pick(`lines.${at}.unit`, unit)
      await person.type(`lines.${at}.quantity`, quantity)
    }
    await shoot(page, `setup-${kind}`)
    await person.save()
    await page.waitForSelector('.form', { state: 'detached' })
  }
  async function submitAndApprove(number) {
    await page.waitForSelector(`h1:has-text("${number}")`)
    await person.act('submit')
    await person.act('approve')
    await page.locator('.page-head .el-tag', { hasText: '已审核' }).waitFor()
  }
  const of = async (number) => api.get(`/documents/${(await api.get(`/documents?q=${number}`)).rows[0].id}`)

  test('an inbound document in cases for the order', async () => {
    await make('inbound', async () => {
      await person.type('number', 'IN-1')
      await person.pick('site', '成品库')
      await person.pick('other', '一号线')
      await person.pick('order', 'PO-1')
    }, [['晨泉啤酒', '箱', '20']])
    await submitAndApprove('IN-1')
    const document = await of('IN-1')
    assert.deepEqual([document.kind, document.state, document.site.name, document.other.name, document.order.number], ['inbound', 'approved', '成品库', '一号线', 'PO-1'])
    assert.deepEqual(document.lines.map(({ unit, quantity, units }) => [unit, quantity, units]), [['case', 20, 480]])
    calm()
  })

  test('an outbound document in pallets and bottles, changed before it is submitted', async () => {
    await make('outbound', async () => {
      await person.type('number', 'OUT-1')
      await person.pick('site', '成品库')
      await person.pick('dealer', '金陵商贸')
    }, [['晨泉啤酒', '托', '1'], ['晨泉啤酒', '瓶', '12']])
    await page.waitForSelector('h1:has-text("OUT-1")')
    await person.act('edit')
    await person.type('lines.1.quantity', '24')
    await person.type('note', '周五前发')
    await person.saved()
    await submitAndApprove('OUT-1')
    const document = await of('OUT-1')
    assert.deepEqual([document.state, document.site.name, document.dealer.name, document.note], ['approved', '成品库', '金陵商贸', '周五前发'])
    assert.deepEqual(document.lines.map(({ unit, quantity, units }) => [unit, quantity, units]), [['pallet', 1, 240], ['unit', 24, 24]])
    assert.deepEqual(document.demand.map(({ units, moved }) => [units, moved]), [[264, 0]])
    assert.ok((await page.innerText('[data-test=history]')).includes('管理员'))
    calm()
  })

  test('a transfer, submitted, rejected, submitted again and approved', async () => {
    await make('transfer', async () => {
      await person.type('number', 'TR-1')
      await person.pick('site', '成品库')
      await person.pick('other', '南京分仓')
    }, [['晨泉啤酒', '箱', '2']])
    await page.waitForSelector('h1:has-text("TR-1")')
    await person.act('submit')
    await person.act('reject')
    await page.locator('.page-head .el-tag', { hasText: '草稿' }).waitFor()
    await submitAndApprove('TR-1')
    const document = await of('TR-1')
    assert.deepEqual([document.kind, document.state, document.other.name], ['transfer', 'approved', '南京分仓'])
    assert.deepEqual(document.history.map(({ action }) => action), ['create', 'submit', 'reject', 'submit', 'approve'])
    calm()
  })

  test('several are submitted and approved together from the list; what cannot be done is not offered', async () => {
    for (const number of ['RT-1', 'RT-2']) {
      await make('return', async () => {
        await person.type('number', number)
        await person.pick('dealer', '金陵商贸')
        await person.pick('site', '成品库')
      }, [['晨泉啤酒', '瓶', '6']])
      await page.waitForSelector(`h1:has-text("${number}")`)
    }
    await person.menu('单据')
    await page.click('.tab[data-kind=return]')
    await page.waitForFunction(() => document.querySelectorAll('.el-table__row').length === 2)
    for (const [action, state] of [['submit', '待审核'], ['approve', '已审核']]) {
      await page.locator('.el-table__header .el-checkbox').click()
      await page.locator(`[data-bulk=${action}]`).click()
      await page.waitForFunction((state) => [...document.querySelectorAll('.el-table__row')].filter((row) => row.textContent.includes(state)).length === 2, state)
    }
    assert.deepEqual(await Promise.all(['RT-1', 'RT-2'].map(async (number) => (await of(number)).state)), ['approved', 'approved'])
    await person.row('RT-1').click()
    await page.waitForSelector('h1:has-text("RT-1")')
    const offered = await page.locator('.page-actions [data-act]').evaluateAll((all) => all.map((one) => one.dataset.act))
    assert.deepEqual(offered, (await of('RT-1')).actions)
    await person.act('void', { asked: true })
    await page.locator('.page-head .el-tag', { hasText: '已作废' }).waitFor()
    calm()
  })

  test('everything that was done is in the log, with what changed', async () => {
    await person.menu('操作日志')
    const { total } = await api.get('/audit')
    assert.ok(total >= 13, `${total} changes`)
    await page.locator('[data-filter=resource]').click()
    await page.locator('.el-select-dropdown__item:visible', { hasText: /^经销商$/ }).click()
    await page.waitForURL(/resource=dealers/)
    await page.locator('.el-table__row', { hasText: '金陵商贸' }).first().locator('.el-table__expand-icon').click()
    const difference = await page.locator('.difference').first().innerText()
    assert.match(difference, /授权区域[\s\S]*南京市、镇江市/)
    await shoot(page, 'setup-audit')
    calm()
  })
})
