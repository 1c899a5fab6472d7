// Words of the console in English. The type makes a missing word a build error.
import trade from '@shared/words/en'
import type zh from './zh-CN'

const words: typeof zh = {
  ...trade,
  app: { name: 'Sealtrace', title: 'Traceability', skip: 'Skip to content', language: '中文', languageLabel: 'Switch to Chinese', menu: 'Main menu', account: 'Account menu', logout: 'Sign out' },
  menu: { orders: 'Production orders', documents: 'Documents', trace: 'Trace', diversion: 'Suspected diversion', devices: 'Devices', production: 'Production', audit: 'Audit', system: 'System' },
  act: { search: 'Search', reset: 'Reset', reload: 'Try again', back: 'Back', copy: 'Copy', copied: 'Copied', close: 'Close', download: 'Download raw bytes', all: 'All' },
  list: { total: '{n} in total', loading: 'Reading…', failed: 'The data could not be read', emptyFiltered: 'Nothing matches', emptyFilteredHint: 'Change the conditions, or reset the search.' },
  login: {
    title: 'Sign in', lead: 'Where every bottle came from and went, signed at each step.', login: 'Account', password: 'Password', submit: 'Sign in', busy: 'Signing in…',
    needLogin: 'Enter your account', needPassword: 'Enter your password', ended: 'Your login has ended. Sign in again to go on.',
  },
  notFound: { title: 'No such page', text: 'The console has nothing at {path}; the link may be wrong.', home: 'Go to production orders' },
  order: {
    query: 'Order, lot or product', number: 'Order', product: 'Product', lot: 'Lot', quantity: 'Quantity', plan: 'Packaging plan', state: 'State', progress: 'Progress',
    created: 'Created', empty: 'No production orders yet', emptyHint: 'Orders appear here once an ERP or an administrator creates and releases them.', gtin: 'GTIN',
    produced: 'Produced', minted: 'Codes minted', tasks: 'Released tasks', level: 'Level', planned: 'Planned', done: 'Done', site: 'Line / PDA', kind: 'By',
    taskEmpty: 'No tasks have been released', unused: 'Unused', ofMinted: 'of the codes minted', units: 'bottles', codes: 'Codes',
  },
  document: {
    query: 'Document or dealer', number: 'Document', kind: 'Kind', site: 'From site', dealer: 'Dealer', units: 'Quantity (bottles)', moved: 'Scanned out', state: 'State',
    created: 'Created', empty: 'No documents yet', emptyHint: 'Shipment documents appear here and on the warehouse PDAs once they are created.', lines: 'Lines', product: 'Product', progress: 'Progress',
    short: '{n} bottles missing', full: 'Complete', suspects: 'Suspected diversion of this dealer',
  },
  trace: {
    label: 'Scan or type any code', hint: 'A bottle, case or pallet code, a GS1 link or an 18-digit SSCC. A scanner can type straight into it.', submit: 'Trace',
    start: 'Start from a code', startHint: 'Scan or type a code of any level to see what it is packed in, every step of its life, and the signed batch behind each step.',
    unknown: 'No record of this code', unreadable: 'This is not a readable code', printed: 'Label text', product: 'Product', lot: 'Lot', order: 'Production order', custody: 'Held by',
    at: 'at {site}', shipped: 'from {from} to {dealer}', document: 'Document', none: 'nobody yet', disputed: 'Disputed', disputedHint: 'Two operations contradict each other; no diversion is scored until it is settled on the floor.',
    tree: 'Packaging', ancestors: 'Inside', self: 'This code', children: 'Holds {n}', noChildren: 'Holds nothing', noParent: 'In no package', contents: 'Contents', units: '{n} bottles',
    more: 'Show {n} more', life: 'Life', lifeEmpty: 'Nothing has happened to this code yet', step: 'Version {n}', operator: 'Operator', place: 'Place', device: 'Device',
    line: 'Line, automatic', batch: 'Signed batch {n}', sequence: 'No. {n}', sightings: 'Sightings {n}', outside: 'Outside the territory', inside: 'Inside the territory', nowhere: 'Place unknown', unjudged: 'Not judged', parent: 'Into', with: 'with its {level}',
    uncertain: 'Uncertainty of the device clock', notices: 'Notices',
  },
  batch: {
    title: 'Signed batch', verified: 'Signature verified', verifiedHint: 'The signature matches the key this device enrolled with; nothing was changed.', failed: 'Signature not verified', failedHint: 'The signature does not match the key. This batch is no evidence.',
    device: 'Device', epoch: 'Epoch', number: 'Batch', range: 'Sequence', count: 'Operations', received: 'Received', size: 'Size', software: 'Device software',
    chain: 'Hash chain', previous: 'Previous', hash: 'This batch', payload: 'Payload', signature: 'Signature (Ed25519)', key: 'Signing key', receipt: 'Cloud receipt', stored: 'stored {at}',
    genesis: 'First of the chain', records: 'Operations in the batch', seq: 'No.', kind: 'Operation', at: 'Time', codes: 'Codes', verdict: 'Verdict', here: 'this step', noReceipt: 'No receipt yet', moreCodes: '{n} codes in all',
  },
  diversion: {
    region: 'Seen in', dealer: 'Dealer', product: 'Product', code: 'Code', shipped: 'Shipped', territory: 'Territory', seen: 'Seen in', outside: 'Scans outside', last: 'Last seen',
    empty: 'No suspected diversion', emptyHint: "A code scanned outside its dealer's territory is listed here, one row per code.", map: 'Schematic map', mapHint: 'Points are city centres. A sketch only: it shows no administrative boundaries.',
    here: 'Territory', out: 'Seen outside', other: 'Other cities', times: 'scans: {n}', detail: 'Why it is listed', shipment: 'Shipment', evidence: 'Evidence, not a verdict: travel, gifts, online orders and wrong locations also put scans outside a territory.',
    why: '{level} {code} ({product}, lot {lot}) was shipped at {shipped} with document {document} to dealer {dealer}, whose territory is {territory}. Since then it was scanned in {regions}, outside that territory ({n} in all), the last time at {last}.',
    whyNoTerritory: '(none registered)', allSightings: 'All sightings', trace: 'See its life', where: 'Where', when: 'When', who: 'By', accuracy: 'within {m} m', openDocument: 'Open the document', and: ', ',
    pick: 'Click a red point to filter by city',
  },
  device: {
    query: 'Device', name: 'Device', sites: 'Permitted sites', state: 'State', seen: 'Last seen', batch: 'Last batch', software: 'Software', expires: 'Certificate until', epoch: 'Epoch',
    empty: 'No devices yet', emptyHint: 'Line gateways and PDAs enrolled with a one-time token appear here.', never: 'never', batches: 'Batches received',
  },
}
export default words
